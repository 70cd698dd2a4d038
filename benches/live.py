#!/usr/bin/env python3
"""Measures live capture on loopback. Root, a release build (cargo build --release), tcpdump; python3 benches/live.py

    latency [SECONDS]       from the moment a client has received an event to its row on standard output, at several loads
    drops [SECONDS]         the highest frame rate at which tcpdump -w and ssetrace live --write drop nothing
    long [MINUTES] [RATE]   ssetrace's memory while so many new connections a second come and go, beside streams that stay open

Each ends by itself and stops what it started, by process id. Nothing leaves this machine. The figures depend on what else the machine does.
"""

import calendar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SSETRACE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "target", "release", "ssetrace")
HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n")


def chunk(data):
    event = b"data: %s\n\n" % data
    return b"%x\r\n%s\r\n" % (len(event), event)


def listen():
    server = socket.create_server(("127.0.0.1", 0))
    return server, server.getsockname()[1]


def accept(server):
    connection, _ = server.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.recv(65536)
    connection.sendall(HEAD)
    return connection


def ask(port):
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
    return client


def wait_for(stream, words):
    while words not in (line := stream.readline()):
        if not line:
            raise SystemExit("a program ended before it said %r" % words)


def live(*arguments):
    run = subprocess.Popen([SSETRACE, "live", "-i", "lo", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(run.stderr, b"listening on")
    return run


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


def stream(rate, seconds, port_ready):
    """A process that sends small events at `rate` frames a second, half of them acknowledgments, over four connections."""
    server, port = listen()
    port_ready(port)
    clients = []
    for _ in range(4):
        client = ask(port)
        reader = os.fork()
        if reader == 0:
            while client.recv(1 << 20):
                pass
            os._exit(0)
        clients.append(reader)
        client.close()
    connections = [accept(server) for _ in range(4)]
    piece = chunk(b'{"delta":"word "}')
    begun, sent = time.monotonic(), 0
    while (passed := time.monotonic() - begun) < seconds:
        due = int(passed * rate / 2)
        while sent < due:
            connections[sent % 4].send(piece)
            sent += 1
        time.sleep(0.0005)
    took = time.monotonic() - begun
    for connection in connections:
        connection.close()
    for reader in clients:
        os.waitpid(reader, 0)
    return sent * 2 / took


def at_rate(program, rate, seconds, folder):
    """The rate that was reached, frames saved, frames dropped."""
    reading, writing = os.pipe()
    go_reading, go_writing = os.pipe()
    sender = os.fork()
    if sender == 0:
        def ready(port):
            os.write(writing, b"%d\n" % port)
            os.read(go_reading, 1)
        reached = stream(rate, seconds, ready)
        os.write(writing, b"%d\n" % reached)
        os._exit(0)
    answers = os.fdopen(os.dup(reading))
    port = int(answers.readline())
    file = os.path.join(folder, "capture.pcap")
    bpf = "tcp port %d" % port
    if program == "tcpdump":
        run = subprocess.Popen(["tcpdump", "-Z", "root", "-i", "lo", "-w", file, bpf], stderr=subprocess.PIPE)
        wait_for(run.stderr, b"listening on")
    else:
        run = live("-f", bpf, "--write", file, "--format", "jsonl", "--view", "sessions")
    os.write(go_writing, b"g")
    reached = int(answers.readline())
    os.waitpid(sender, 0)
    time.sleep(1.5)
    run.send_signal(signal.SIGINT)
    out, errors = run.communicate(timeout=60)
    for end in (reading, writing, go_reading, go_writing):
        os.close(end)
    if program == "tcpdump":
        saved = int(re.search(rb"(\d+) packets? captured", errors)[1])
        dropped = sum(int(n) for n in re.findall(rb"(\d+) packets? dropped", errors))
    else:
        saved = json.loads(out.splitlines()[-1])["frames"]
        lost = re.search(rb"([\d,]+) frames? dropped by the kernel and (\d+)", errors)
        dropped = int(lost[1].replace(b",", b"")) + int(lost[2]) if lost else 0
    return reached, saved, dropped


def drops(seconds=5.0):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        for program in ("tcpdump", "ssetrace"):
            best = 0
            for rate in (10_000, 20_000, 40_000, 60_000, 80_000, 100_000, 120_000, 150_000, 200_000, 300_000):
                reached, saved, dropped = at_rate(program, rate, seconds, folder)
                print("%-8s %7d frames/s asked, %7d reached: %8d saved, %6d dropped" % (program, rate, reached, saved, dropped),
                      flush=True)
                if dropped == 0:
                    best = max(best, reached)
                if reached < rate * 0.8:
                    break
            print("%-8s drops nothing up to %d frames/s" % (program, best), flush=True)


def long(minutes=60.0, rate=100.0):
    server, port = listen()
    server.listen(512)
    run = live("-f", "tcp port %d" % port, "--view", "sessions", "--format", "jsonl", "-o", "/dev/null")
    stop = threading.Event()

    def serve():
        while not stop.is_set():
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection):
        request = connection.recv(65536)
        connection.sendall(HEAD)
        if b"Stays: yes" in request:
            while not stop.wait(1):
                connection.sendall(chunk(b"still here"))
        else:
            for number in range(3):
                connection.sendall(chunk(b"%d" % number))
            connection.sendall(b"0\r\n\r\n")
        connection.close()

    threading.Thread(target=serve, daemon=True).start()

    def stays():
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"GET /stays HTTP/1.1\r\nHost: localhost\r\nStays: yes\r\n\r\n")
        while client.recv(65536):
            pass

    for _ in range(20):
        threading.Thread(target=stays, daemon=True).start()
    begun, asked, told = time.monotonic(), 0, 0.0
    while (passed := time.monotonic() - begun) < minutes * 60:
        if passed >= told:
            with open("/proc/%d/status" % run.pid) as status:
                memory = re.search(r"VmRSS:\s+(\d+)", status.read())[1]
            print("%5.1f min: %8d connections, %6.1f MB resident" % (passed / 60, asked, int(memory) / 1000), flush=True)
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
    print(errors.decode().strip() or "nothing dropped")


if __name__ == "__main__":
    commands = {"latency": latency, "drops": drops, "long": long}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        raise SystemExit(__doc__)
    commands[sys.argv[1]](*map(float, sys.argv[2:]))
