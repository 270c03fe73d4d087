"""MQTT clients over TLS with a certificate: each subscribes to what it would be told, and says as
much as an idle agent of Domfleet does, as often. Usage: clients.py FOLDER PORT FIRST COUNT SECONDS

Prints how many are connected, until all are; then beats on until SIGTERM.
"""

import heapq
import random
import signal
import socket
import ssl
import sys
import time

# Many clients share an address, as the swarm's do: one has not enough ports for all.
PER_ADDRESS = 100
# As long as an agent's heartbeat.
HEARTBEAT = b'{"seq":123,"message":{"type":"heartbeat","uptime_seconds":12345678}}'


def field(text):
    """A string, as MQTT has it."""
    return len(text).to_bytes(2, "big") + text


def packet(kind, body):
    """A packet, as MQTT 3.1.1 has it; none of ours needs more than one byte of length."""
    assert len(body) < 128
    return bytes([kind, len(body)]) + body


def exactly(connection, count):
    """So many bytes."""
    found = b""
    while len(found) < count:
        more = connection.recv(count - len(found))
        if not more:
            raise ConnectionError("the broker has closed the connection")
        found += more
    return found


def connect(context, port, index, keepalive):
    """A client that is connected and subscribed."""
    source = f"127.0.2.{2 + index // PER_ADDRESS % 250}"
    plain = socket.create_connection(("127.0.0.1", port), 60, (source, 0))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = context.wrap_socket(plain, server_hostname="localhost")
    name = b"appliance-%d" % index
    # Version 4, a clean session.
    hello = field(b"MQTT") + bytes([4, 2]) + keepalive.to_bytes(2, "big") + field(name)
    connection.sendall(packet(0x10, hello))
    if exactly(connection, 4)[3] != 0:
        raise ConnectionError("the broker refuses a client")
    connection.sendall(packet(0x82, b"\x00\x01" + field(b"told/" + name) + b"\x00"))
    exactly(connection, 5)
    return connection, packet(0x30, field(b"heartbeat/" + name) + HEARTBEAT)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder, port, first, count, period = sys.argv[1], *map(int, sys.argv[2:])
    context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
    context.load_cert_chain(f"{folder}/client.pem", f"{folder}/client.key")
    due = []
    for index in range(first, first + count):
        client = connect(context, port, index, period)
        at = time.monotonic() + random.uniform(0.8, 1.2) * period
        heapq.heappush(due, (at, index, client))
        # Those that came first must not fall silent while the rest come.
        beat(due, period)
        if len(due) % 100 == 0 or len(due) == count:
            print(len(due), flush=True)
    while True:
        time.sleep(max(0.0, due[0][0] - time.monotonic()))
        beat(due, period)


def beat(due, period):
    """Says what is due."""
    while due and due[0][0] <= time.monotonic():
        _, index, (connection, heartbeat) = heapq.heappop(due)
        # The ping is answered, as an agent's is.
        connection.sendall(heartbeat + packet(0xC0, b""))
        exactly(connection, 2)
        at = time.monotonic() + random.uniform(0.8, 1.2) * period
        heapq.heappush(due, (at, index, (connection, heartbeat)))


main()
