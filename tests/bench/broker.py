"""Mosquitto, as Debian has it, with TLS and a certificate from each client: the peer."""

import contextlib
import os
import shutil
import subprocess
import sys
import time

from process import HEARTBEAT, Failure, Process, idle, pause, wait_for

# Each process of clients holds so many.
CLIENTS_PER_PROCESS = 2500


def find():
    """Where it is: Debian has it in sbin, which is on root's path only."""
    place = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if place is None:
        raise Failure("mosquitto is missing: deploy/dev/setup bench installs it")
    return place


def openssl(*arguments):
    """Runs openssl."""
    done = subprocess.run(
        ["openssl", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode != 0:
        raise Failure(f"openssl {' '.join(arguments)}: {done.stderr.strip()}")


def certify(folder):
    """A CA, a server's certificate and a client's, all on P-256 as Domfleet's are."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(
        "req", "-x509", *curve, "-days", "2", "-subj", "/CN=bench CA",
        "-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.pem",
    )
    for name, subject, usage in [
        ("server", "/CN=localhost", "serverAuth"),
        # As long as an appliance's, which has its id there.
        ("client", "/CN=01900000-0000-7000-8000-000000000000", "clientAuth"),
    ]:
        openssl(
            "req", *curve, "-subj", subject,
            "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.csr",
        )
        with open(f"{folder}/{name}.ext", "w") as extensions:
            extensions.write(f"extendedKeyUsage={usage}\nsubjectAltName=DNS:localhost\n")
        openssl(
            "x509", "-req", "-days", "2", "-in", f"{folder}/{name}.csr",
            "-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key", "-CAcreateserial",
            "-extfile", f"{folder}/{name}.ext", "-out", f"{folder}/{name}.pem",
        )


def configure(folder, port):
    """Debian's settings, but for the listener, and no limit to how many may connect."""
    with open(f"{folder}/mosquitto.conf", "w") as config:
        config.write(
            f"listener {port} 127.0.0.1\n"
            f"cafile {folder}/ca.pem\n"
            f"certfile {folder}/server.pem\n"
            f"keyfile {folder}/server.key\n"
            "require_certificate true\n"
            "tls_version tlsv1.3\n"
            "allow_anonymous true\n"
            "max_connections -1\n"
            "persistence false\n"
            # Else a client that waits for an answer waits for a timer of TCP.
            "set_tcp_nodelay true\n"
            "log_type error\n"
            # Else it becomes a user that may not read the keys.
            + ("user root\n" if os.geteuid() == 0 else "")
        )


def connected(logs):
    """How many clients say that they are connected."""
    total = 0
    for log in logs:
        with open(log) as lines:
            numbers = [int(line) for line in lines if line.strip().isdigit()]
        total += numbers[-1] if numbers else 0
    return total


def measure(options, folder, port, say):
    """The same as of Domfleet, as far as there is the same."""
    count = options.appliances
    certify(folder)
    configure(folder, port)
    found = {}
    with contextlib.ExitStack() as stack:
        command = [find(), "-c", f"{folder}/mosquitto.conf"]
        process = stack.enter_context(Process("mosquitto", command, f"{folder}/mosquitto.log"))
        pause(3, [process])
        base = found["base"] = process.memory()

        say(f"{count} clients connect to Mosquitto")
        cpu, began = process.cpu_seconds(), time.monotonic()
        clients = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients.py")
        everyone, logs = [process], []
        for first in range(0, count, CLIENTS_PER_PROCESS):
            those = min(CLIENTS_PER_PROCESS, count - first)
            log = f"{folder}/clients-{first}.log"
            command = [sys.executable, clients, folder, str(port), str(first), str(those)]
            command.append(str(HEARTBEAT))
            everyone.append(stack.enter_context(Process("the clients", command, log)))
            logs.append(log)
        wait_for("all clients", lambda: connected(logs) >= count, 120 + count * 0.03, everyone)
        found["connect"] = {
            "seconds_until_all_are_connected": time.monotonic() - began,
            "server_cpu_milliseconds_each": (process.cpu_seconds() - cpu) * 1e3 / count,
        }
        say("all are connected; quiet")
        pause(options.settle, everyone)
        found["idle"] = idle(process, base, count, options.quiet, everyone)
    return found
