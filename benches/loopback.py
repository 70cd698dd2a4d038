"""What the measurements of live capture share: the programs under test, and a server and a client on loopback."""

import os
import socket
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SSETRACE = os.environ.get("SSETRACE") or os.path.join(ROOT, "target", "release", "ssetrace")
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
