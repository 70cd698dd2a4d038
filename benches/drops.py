"""The highest rate of frames at which tcpdump -w and ssetrace live --write drop nothing, each in turn at each rate.

Two kinds of senders. `tcp`: servers and clients on loopback, an event a segment, acknowledged by the kernel; they share the cores with
the program under test and reach what these leave them. `replay`: the frames of eight such streams, made beforehand and put on the
loopback interface of a network namespace of its own; they wait for nobody, so that the rate asked is the rate there is.
"""

import ctypes
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from loopback import HEAD, ROOT, accept, ask, chunk, listen, live, wait_for

# tcpdump's options, and what is asked of ssetrace beside the capture. 32 MiB is the size of ssetrace's own buffer.
PROGRAMS = {
    "tcpdump -w": (),
    "tcpdump -w -B 32768": ("-B", "32768"),
    "ssetrace --view sessions": ("--view", "sessions", "--format", "jsonl"),
    "ssetrace, table": (),
    "ssetrace, jsonl": ("--format", "jsonl"),
}
# Events or frames a second.
RATES = {
    "tcp": (10_000, 20_000, 40_000, 80_000, 1_000_000),
    "replay": (50_000, 100_000, 150_000, 200_000, 300_000, 400_000, 1_000_000),
}


def drops(seconds=4.0, rounds=3.0, size=30.0, senders="tcp", *programs):
    """What else the machine does meets all programs alike. Of several rounds the worst counts for drops, the median for the rate.

    A dropped frame counts twice on loopback, for tcpdump too: as it goes out, which libpcap passes over later, and as it comes in.
    """
    if senders == "replay" and "IN_A_NAMESPACE" not in os.environ:
        os.environ["IN_A_NAMESPACE"] = "yes"
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])
    piece = chunk(b"x" * int(size))
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        sender = Replay(piece) if senders == "replay" else Servers(piece)
        held, dropped_at = {}, {}
        for rate in RATES[senders]:
            for program in programs or PROGRAMS:
                if program not in dropped_at:
                    runs = [one(program, sender, rate, seconds, folder) for _ in range(int(rounds))]
                    frames, dropped, saved, cpu = sorted(runs)[len(runs) // 2][0], sum(run[1] for run in runs), *map(sum, list(zip(*runs))[2:])
                    print("%9d/s asked: %-24s %9d frames/s; dropped %5.2f %%; %4.2f µs CPU a frame" % (
                        rate, program, frames, 100 * dropped / (saved + dropped), cpu / max(saved, 1) * 1e6), flush=True)
                    if dropped:
                        dropped_at[program] = frames
                    else:
                        held[program] = max(frames, held.get(program, 0))
        for program in programs or PROGRAMS:
            print("%-24s held %d frames/s; %s" % (program, held.get(program, 0), "dropped at %d" % dropped_at[program]
                                                  if program in dropped_at else "never dropped"))


def one(program, sender, rate, seconds, folder):
    """Frames a second that there were, frames dropped, frames saved, the program's CPU seconds."""
    bpf = sender.ready()
    file = os.path.join(folder, "capture.pcapng")
    if program.startswith("tcpdump"):
        run = subprocess.Popen(["tcpdump", "-Z", "root", "-i", "lo", *PROGRAMS[program], "-w", file, bpf], stderr=subprocess.PIPE)
        wait_for(run.stderr, b"listening on")
    else:
        run = live("-f", bpf, "--write", file, "-o", "/dev/null", *PROGRAMS[program])
    took = sender.send(rate, seconds)
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    errors = run.stderr.read()
    cpu = os.times()
    run.wait()
    after = os.times()
    cpu = after.children_user + after.children_system - cpu.children_user - cpu.children_system
    if program.startswith("tcpdump"):
        saved = int(re.search(rb"(\d+) packets? captured", errors)[1])
        dropped = int(re.search(rb"(\d+) packets? dropped by kernel", errors)[1])
    else:
        saved, dropped = statistics(file)
    os.unlink(file)
    return (saved + dropped) / took, dropped, saved, cpu


def statistics(file):
    """Frames saved, and dropped because the buffer was full, as the Interface Statistics Block at the file's end has them."""
    with open(file, "rb") as capture:
        capture.seek(-4, os.SEEK_END)
        length, = struct.unpack("<I", capture.read(4))
        capture.seek(-length, os.SEEK_END)
        kind, _, _, _, _ = struct.unpack("<IIIII", capture.read(20))
        assert kind == 5
        options = {}
        while (option := struct.unpack("<HH", capture.read(4)))[0]:
            options[option[0]], = struct.unpack("<Q", capture.read(8))
    # isb_usrdeliv, isb_osdrop. What the interface dropped (isb_ifdrop) came to no program's buffer.
    return options[8], options[7]


class Servers:
    """Two servers with four clients each, every one a process of its own."""

    def __init__(self, piece):
        self.piece = piece

    def ready(self):
        self.server, port = listen()
        self.server.listen(16)
        return "tcp port %d" % port

    def send(self, rate, seconds):
        """`rate` events a second together. How long it took."""
        begun, processes = time.monotonic(), []
        for _ in range(2):
            process = os.fork()
            if process == 0:
                self.serve(rate / 2, seconds)
                os._exit(0)
            processes.append(process)
        for process in processes:
            os.waitpid(process, 0)
        self.server.close()
        return time.monotonic() - begun

    def serve(self, rate, seconds):
        port, readers = self.server.getsockname()[1], []
        for _ in range(4):
            client = ask(port)
            reader = os.fork()
            if reader == 0:
                while client.recv(1 << 20):
                    pass
                os._exit(0)
            readers.append(reader)
            client.close()
        connections = [accept(self.server) for _ in range(4)]
        begun, sent = time.monotonic(), 0
        while (passed := time.monotonic() - begun) < seconds:
            due = min(int(passed * rate), sent + 1_000)
            while sent < due:
                connections[sent % 4].sendall(self.piece)
                sent += 1
            time.sleep(0.0005)
        for connection in connections:
            connection.close()
        for reader in readers:
            os.waitpid(reader, 0)


class iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class msghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("iov", ctypes.c_void_p), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int)]


class mmsghdr(ctypes.Structure):
    """See sendmmsg(2)."""
    _fields_ = [("header", msghdr), ("sent", ctypes.c_uint)]


class Replay:
    """Eight streams side by side from handshake to teardown, over and over; two processes send four each."""

    EVENTS = 5_000
    SENDERS = 2
    STREAMS = 4

    def __init__(self, piece):
        sys.path.insert(0, os.path.join(ROOT, "fixtures", "make"))
        import wire

        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        capture = wire.Capture(0)
        stream = wire.Conversation(capture, ("10.0.0.1", 2_000), ("10.0.0.2", 80), mss=65_000)
        stream.handshake()
        stream.say(wire.TO_SERVER, wire.head("GET /events HTTP/1.1", "Host: localhost"))
        stream.say(wire.TO_CLIENT, HEAD)
        for _ in range(self.EVENTS):
            stream.say(wire.TO_CLIENT, piece)
        stream.say(wire.TO_CLIENT, b"0\r\n\r\n")
        stream.close(wire.TO_SERVER)
        packets = [(packet, direction == wire.TO_SERVER) for _, packet, direction, _ in capture.in_order()]
        self.messages = [Messages(packets, range(2_000 + sender, 2_000 + sender + self.STREAMS))
                         for sender in range(0, self.SENDERS * self.STREAMS, self.STREAMS)]

    def ready(self):
        return "tcp port 80"

    def send(self, rate, seconds):
        """`rate` frames a second together, if as many can be sent. How long it took."""
        begun, processes = time.monotonic(), []
        for messages in self.messages:
            process = os.fork()
            if process == 0:
                messages.send(rate / self.SENDERS, seconds)
                os._exit(0)
            processes.append(process)
        for process in processes:
            os.waitpid(process, 0)
        return time.monotonic() - begun


class Messages:
    """The packets of a stream for each of `ports`, in turn, as sendmmsg(2) wants them."""

    def __init__(self, packets, ports):
        # To a station that is not this one: the kernel hands the frames to the capture and then drops them.
        ethernet = b"\x02" + bytes(11) + b"\x08\x00"
        ports = [struct.pack("!H", port) for port in ports]
        frames = [ethernet + (packet[:20] + port + packet[22:] if to_server else packet[:22] + port + packet[24:])
                  for packet, to_server in packets for port in ports]
        self.count = len(frames)
        self.bytes = ctypes.create_string_buffer(b"".join(frames))
        self.vectors, self.messages = (iovec * self.count)(), (mmsghdr * self.count)()
        at, vectors = ctypes.addressof(self.bytes), ctypes.addressof(self.vectors)
        for number, frame in enumerate(frames):
            self.vectors[number] = iovec(at, len(frame))
            header = self.messages[number].header
            header.iov, header.iovlen = vectors + number * ctypes.sizeof(iovec), 1
            at += len(frame)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind(("lo", 0))
        self.sendmmsg = ctypes.CDLL(None).sendmmsg

    def send(self, rate, seconds):
        begun, sent, messages = time.monotonic(), 0, ctypes.addressof(self.messages)
        while (passed := time.monotonic() - begun) < seconds:
            at = sent % self.count
            due = min(int(passed * rate) - sent, self.count - at, 256)
            if due <= 0:
                time.sleep(0.0002)
                continue
            first = ctypes.c_void_p(messages + at * ctypes.sizeof(mmsghdr))
            sent += max(self.sendmmsg(self.socket.fileno(), first, due, 0), 0)
