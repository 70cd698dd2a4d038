#!/usr/bin/env python3
"""Measures live capture on loopback. Root, a release build (cargo build --release), tcpdump; python3 benches/live.py
The environment variable SSETRACE names another binary to measure.

    latency [SECONDS]       from the moment a client has received an event to its row on standard output, at several loads
    drops [SECONDS] [ROUNDS] [BYTES] [tcp|replay] [PROGRAM…]  the highest frame rate at which tcpdump -w and ssetrace live --write
                            drop nothing, with events of so many bytes (benches/drops.py)
    long [MINUTES] [RATE] [VIEW]  ssetrace's memory while so many new connections a second come and go, beside 20 streams that
                            stay open and 200 that open and then say nothing
    many [CONNECTIONS] [OPTION…]  ssetrace's memory while so many connections, 50 a second by their times, come through a pipe
    idle [CONNECTIONS] [OPTION…]  the same where each is a stream that says something once and then stays open

Each ends by itself and stops what it started, by process id. Nothing leaves this machine. The figures depend on what else the machine does.
"""

import calendar
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from drops import drops
from loopback import HEAD, ROOT, SSETRACE, accept, ask, chunk, listen, live

# Events that are sent one after the other, and how often.
LOADS = {"10 a second": (1, 0.1), "100 a second": (1, 0.01), "1,000 a second": (1, 0.001), "200 at once, twice a second": (200, 0.5)}
EVENT_ROW = re.compile(r"events? (\d+)(?:–(\d+))?")


def latency(seconds=10.0):
    """Each program has a process of its own, so that none waits for another; all read the same clock."""
    for form in ("jsonl", "table"):
        for name, (together, pause) in LOADS.items():
            received, rows, frames = one_latency(form, together, pause, seconds)
            waits = sorted((rows[number] - at) / 1e6 for number, at in received.items() if number in rows)
            said = "%-5s %-27s %6d events, %6d rows; from the client's receipt to the row: %s" % (
                form, name, len(received), len(rows), spread(waits))
            if frames:
                said += "; from the frame: " + spread(sorted((rows[number] - at) / 1e6 for number, at in frames.items()))
            print(said, flush=True)


def spread(waits):
    return "median %.2f ms, 99th percentile %.2f ms, longest %.2f ms" % (
        waits[len(waits) // 2], waits[len(waits) * 99 // 100], waits[-1])


def one_latency(form, together, pause, seconds):
    """When the client had each event, when its row came and, where the row says so, the time of its frame; nanoseconds."""
    server, port = listen()
    run = live("-f", "tcp port %d" % port, "--view", "timeline", "--format", form)

    def send():
        connection = accept(server)
        time.sleep(0.5)
        begun, number = time.monotonic(), 0
        for turn in range(int(seconds / pause)):
            time.sleep(max(0, begun + turn * pause - time.monotonic()))
            for _ in range(together):
                number += 1
                connection.sendall(chunk(b"%d" % number))
        connection.close()

    def receive(answers):
        client, seen, stamps = ask(port), b"", []
        while data := client.recv(65536):
            now = time.time_ns()
            seen += data
            *whole, seen = seen.split(b"\n\n")
            stamps += [(event.rsplit(b"data: ", 1)[1], now) for event in whole if b"data: " in event]
        for number, at in stamps:
            answers.write(b"%s %d\n" % (number, at))

    receiver, sender = process(receive), process(lambda _: send())
    server.close()
    rows, frames, begun = {}, {}, b""
    stopper = threading.Thread(target=lambda: (os.waitpid(sender[0], 0), time.sleep(0.5), run.send_signal(signal.SIGINT)))
    stopper.start()
    while data := os.read(run.stdout.fileno(), 1 << 20):
        now = time.time_ns()
        *lines, begun = (begun + data).split(b"\n")
        for line in lines:
            if form == "jsonl":
                if line.startswith(b'{"record":"event"'):
                    record = json.loads(line)
                    rows[record["number"]] = now
                    frames[record["number"]] = nanoseconds(record["time"])
            elif line.startswith(b" S0") and (row := EVENT_ROW.search(line.decode())):
                first = int(row[1])
                for number in range(first, int(row[2] or first) + 1):
                    rows[number] = now
    stopper.join()
    run.wait(10)
    received = {int(number): int(at) for number, at in (line.split() for line in receiver[1].read().splitlines())}
    os.waitpid(receiver[0], 0)
    return received, rows, frames


def process(work):
    """Runs `work` in a process of its own; its number, and what it writes to the file that it is handed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "wb") as answers:
            work(answers)
        os._exit(0)
    os.close(writing)
    return child, os.fdopen(reading, "rb")


def nanoseconds(time_utc):
    """Of a time such as 2026-03-14T09:26:53.589793000Z."""
    whole, fraction = time_utc.rstrip("Z").split(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 1_000_000_000 + int(fraction)


def long(minutes=60.0, rate=50.0, view="sessions"):
    server, port = listen()
    server.listen(512)
    run = live("-v", "-f", "tcp port %d" % port, "--view", view, "--format", "jsonl", "-o", "/dev/null")
    stop = threading.Event()

    def serve():
        while not stop.is_set():
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection):
        request = connection.recv(65536)
        connection.sendall(HEAD)
        if b"/stays" in request:
            while not stop.wait(1):
                connection.sendall(chunk(b"still here"))
        elif b"/idle" in request:
            connection.sendall(chunk(b"that is all"))
            stop.wait()
        else:
            for number in range(3):
                connection.sendall(chunk(b"%d" % number))
            connection.sendall(b"0\r\n\r\n")
        connection.close()

    threading.Thread(target=serve, daemon=True).start()

    def reads(path):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)
        while client.recv(65536):
            pass

    for number in range(220):
        threading.Thread(target=reads, args=(b"/stays" if number < 20 else b"/idle",), daemon=True).start()
    begun, asked, told = time.monotonic(), 0, 0.0
    while (passed := time.monotonic() - begun) < minutes * 60:
        if passed >= told:
            print("%5.1f min: %8d connections, %6.1f MB resident" % (passed / 60, asked, resident(run.pid)), flush=True)
            told += max(minutes * 60 / 20, 5)
        while asked < passed * rate:
            client = ask(port)
            while client.recv(65536):
                pass
            client.close()
            asked += 1
        time.sleep(0.005)
    stop.set()
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=30)
    print(errors.decode().strip())


def many(connections=1e6, *options):
    through_a_pipe(connections, options, ends=True)


def idle(connections=3e5, *options):
    through_a_pipe(connections, options, ends=False)


def through_a_pipe(connections, options, ends):
    """Hours of streams in minutes: the frames of one, with other addresses, ports and times."""
    sys.path.insert(0, os.path.join(ROOT, "fixtures", "make"))
    import wire

    capture = wire.Capture(0)
    one = wire.Conversation(capture, ("10.0.0.1", 1000), ("10.0.0.2", 80))
    one.handshake()
    one.say(wire.TO_SERVER, wire.head("GET /events HTTP/1.1", "Host: localhost"))
    one.say(wire.TO_CLIENT, HEAD)
    for number in range(3):
        one.say(wire.TO_CLIENT, chunk(b"%d" % number))
    if ends:
        one.say(wire.TO_CLIENT, b"0\r\n\r\n")
        one.close(wire.TO_SERVER)
    frames = [(at, packet, direction == wire.TO_SERVER) for at, packet, direction, _ in capture.in_order()]
    run = subprocess.Popen([SSETRACE, "analyze", "-", "--jobs", "1", "--view", "timeline", "--format", "jsonl", "-o", "/dev/null", *options],
                           stdin=subprocess.PIPE)
    run.stdin.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, wire.LINKTYPE_RAW))
    for number in range(int(connections)):
        client, port = struct.pack("!I", 0x0A010000 + number // 60_000), struct.pack("!H", 2_000 + number % 60_000)
        for at, packet, to_server in frames:
            at += number * 20 * wire.MILLISECOND
            run.stdin.write(struct.pack("<IIII", at // wire.SECOND, at % wire.SECOND // 1_000, len(packet), len(packet)))
            # The source address, the destination address, the source port, the destination port; checksums are not looked at.
            run.stdin.write(packet[:12] + client + packet[16:20] + port + packet[22:] if to_server else
                            packet[:16] + client + packet[20:22] + port + packet[24:])
        if (number + 1) % (connections // 10) == 0:
            print("%9d connections: %6.1f MB resident" % (number + 1, resident(run.pid)), flush=True)
    run.stdin.close()
    run.wait()


def resident(pid):
    with open("/proc/%d/status" % pid) as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) / 1000


if __name__ == "__main__":
    commands = {"latency": latency, "drops": drops, "long": long, "many": many, "idle": idle}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        raise SystemExit(__doc__)
    numeric = re.compile(r"[0-9.e]+")
    commands[sys.argv[1]](*(float(word) if numeric.fullmatch(word) else word for word in sys.argv[2:]))
