"""Captures made to hold on to memory, and the highest resident set of ssetrace on each.

    SSETRACE=target/release/ssetrace python3 benches/hostile.py DIRECTORY [NAME…]

The captures (1.6 GB) are written to DIRECTORY, where they are not there yet. For each cap of --memory the highest resident set in MiB is
printed over --jobs 1, 2 and 3, in the view of sessions, in the timeline and as JSON Lines, as rows of the table in docs/performance.md.
"""

import os
import struct
import subprocess
import sys
import zlib

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CAPS = ["64MB", "128MB", "256MB", "64GB"]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n%s\r\n"
REQUEST = b"GET /s HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n"
SEGMENT = 1448


class Pcap:
    """A file of Ethernet frames, a microsecond apart."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        self.frames = 0

    def frame(self, source, destination, sequence, acknowledgment, flags, payload=b""):
        (from_, from_port), (to, to_port) = source, destination
        tcp = struct.pack(">HHIIBBHHH", from_port, to_port, sequence & 0xFFFFFFFF, acknowledgment & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0)
        length = 20 + len(tcp) + len(payload)
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, length, 0, 0x4000, 64, 6, 0, from_, to)
        frame = bytes(12) + b"\x08\x00" + ip + tcp + payload
        seconds, micros = divmod(self.frames, 1_000_000)
        self.frames += 1
        self.file.write(struct.pack("<IIII", 1_700_000_000 + seconds, micros, len(frame), len(frame)) + frame)


class Connection:
    """One client that speaks with one server."""

    SERVER = (0x0A000001, 80)

    def __init__(self, pcap, number):
        self.pcap = pcap
        self.client = (0x0A010000 + number // 50_000, 10_000 + number % 50_000)
        self.sent = {True: 1_000, False: 5_000}

    def send(self, up, flags, payload=b"", lost=False):
        ends = (self.client, self.SERVER) if up else (self.SERVER, self.client)
        if not lost:
            self.pcap.frame(*ends, self.sent[up], self.sent[not up], flags, payload)
        self.sent[up] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    def handshake(self):
        self.send(True, SYN)
        self.send(False, SYN | ACK)
        self.send(True, ACK)

    def stream(self, field=b""):
        self.handshake()
        self.send(True, PSH | ACK, REQUEST)
        self.send(False, PSH | ACK, HEAD % field)


def connections(pcap, count):
    return [Connection(pcap, number) for number in range(count)]


def in_turn(all_, up, payload):
    """Every connection sends a segment of the payload, then every one the next."""
    for at in range(0, len(payload), SEGMENT):
        for one in all_:
            one.send(up, ACK, payload[at : at + SEGMENT])


def half_open(pcap):
    for one in connections(pcap, 100_000):
        one.send(True, SYN)


def holes(pcap):
    all_ = connections(pcap, 4_000)
    for one in all_:
        one.stream()
        one.send(False, ACK, bytes(SEGMENT), lost=True)
    in_turn(all_, False, b"data: x\n\n" * 7_282)


def lines(count, length):
    def write(pcap):
        all_ = connections(pcap, count)
        for one in all_:
            one.stream()
        in_turn(all_, False, b"data: " + b"x" * length)

    return write


def heads(pcap):
    all_ = connections(pcap, 4_000)
    for one in all_:
        one.handshake()
    in_turn(all_, True, b"GET / HTTP/1.1\r\nX: " + b"x" * 65_536)


def gzip(data, times=1):
    for _ in range(times):
        coder = zlib.compressobj(6, zlib.DEFLATED, 31)
        data = coder.compress(data) + coder.flush(zlib.Z_SYNC_FLUSH)
    return data


def zstd(data):
    """A frame with a window of 8 MiB and one raw block that is not the last."""
    return struct.pack("<IBB", 0xFD2FB528, 0, 13 << 3) + struct.pack("<I", len(data) << 3)[:3] + data


def coded(count, coding, code):
    def write(pcap):
        body = code(b"".join(b"data: event number %d\n\n" % number for number in range(100)))
        all_ = connections(pcap, count)
        for one in all_:
            one.stream(b"Content-Encoding: " + coding + b"\r\n")
        in_turn(all_, False, body)

    return write


def at_once(count, event, events):
    """Streams in gzip whose body begins with one frame of so many events."""
    def write(pcap):
        coder = zlib.compressobj(9, zlib.DEFLATED, 31)
        coded = coder.compress(event * events) + coder.flush(zlib.Z_SYNC_FLUSH)
        all_ = connections(pcap, count)
        for one in all_:
            one.stream(b"Content-Encoding: gzip\r\n")
        for one in all_:
            one.send(False, PSH | ACK, coded)

    return write


def unanswered(pcap):
    for one in connections(pcap, 200_000):
        one.handshake()
        one.send(True, PSH | ACK, REQUEST)


def refused(pcap):
    for one in connections(pcap, 200_000):
        one.send(True, SYN)
        one.send(False, RST | ACK)


BOTH, TIMELINE, LINES = ["sessions", "timeline"], ["timeline"], ["JSON Lines"]
LONG_EVENT = b"data: " + b"x" * 1_000_000 + b"abcdefgh\n\n"
CAPTURES = {
    "half-open": ("100,000 half-open connections", BOTH, half_open),
    "holes": ("4,000 streams, 64 KiB behind a hole in each", BOTH, holes),
    "long-lines": ("4,000 streams, each in a line of 64 KiB", BOTH, lines(4_000, 65_536)),
    "longer-lines": ("60 streams, each in a line of 8.5 MiB", BOTH, lines(60, 8_900_000)),
    "heads": ("4,000 unfinished request heads of 64 KiB", BOTH, heads),
    "lines": ("60,000 streams, each in a line of 1,900 bytes", BOTH, lines(60_000, 1_894)),
    "gzip": ("20,000 streams in gzip, a hundred events each", BOTH, coded(20_000, b"gzip", gzip)),
    "zstd": ("the same in zstd", BOTH, coded(20_000, b"zstd", zstd)),
    "unanswered": ("200,000 connections whose requests have no answer", TIMELINE, unanswered),
    "refused": ("200,000 connections that were refused", TIMELINE, refused),
    "events": ("40 streams in gzip, 65,536 events in the first frame", LINES, at_once(40, b"data\n\n", 65_536)),
    "more-events": ("400 of these", LINES, at_once(400, b"data\n\n", 65_536)),
    "long-events": ("40 streams in gzip, 49 MB in 49 events in the first frame", LINES, at_once(40, LONG_EVENT, 49)),
    "gzip5": ("10,000 streams, gzip five times over", ["sessions"], coded(10_000, b"gzip, gzip, gzip, gzip, gzip", lambda data: gzip(data, 5))),
}


def resident(binary, path, view, cap, jobs):
    """The highest resident set of a run, MiB."""
    form = ["--format", "jsonl"] if view == LINES[0] else ["--view", view]
    command = [binary, "analyze", path, *form, "--memory", cap, "--jobs", str(jobs), "-o", "/dev/null"]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(run.pid, 0)
    if status != 0:
        raise SystemExit(f"{' '.join(command)}: status {status}")
    return usage.ru_maxrss // 1024


def main():
    if len(sys.argv) < 2 or "SSETRACE" not in os.environ:
        raise SystemExit(__doc__)
    directory, wanted = sys.argv[1], sys.argv[2:] or list(CAPTURES)
    os.makedirs(directory, exist_ok=True)
    for name in wanted:
        title, views, write = CAPTURES[name]
        path = os.path.join(directory, name + ".pcap")
        if not os.path.exists(path):
            pcap = Pcap(path + ".part")
            write(pcap)
            pcap.file.close()
            os.rename(path + ".part", path)
        for view in views:
            most = (max(resident(os.environ["SSETRACE"], path, view, cap, jobs) for jobs in (1, 2, 3)) for cap in CAPS)
            print(f"| {title if view == views[0] else ''} | {view} | {' | '.join(f'{mib:,}' for mib in most)} |", flush=True)


main()
