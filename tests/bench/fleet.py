"""Domfleet: a server on SQLite, and a swarm of simulated appliances that run the real agent."""

import contextlib
import json
import os
import subprocess
import time

import api as operators
from process import HEARTBEAT, Failure, Process, idle, pause, wait_for


class Server:
    """A server whose folder outlives its process."""

    def __init__(self, binary, folder, port):
        self.binary, self.folder, self.port = binary, folder, port
        self.config = f"{folder}/server.toml"
        with open(self.config, "w") as config:
            config.write(
                f'listen = "127.0.0.1:{port}"\n'
                f'data_dir = "{folder}/data"\n'
                f'public_url = "https://localhost:{port}"\n'
                f"heartbeat_seconds = {HEARTBEAT}\n"
            )

    def start(self):
        """A process of it, and its API, once it serves."""
        command = [self.binary, "serve", "--config", self.config]
        process = Process("the server", command, f"{self.folder}/server.log")
        try:
            admin = f"{self.folder}/data/first-admin.json"
            wait_for("the server's first start", lambda: os.path.exists(admin), 60, [process])
            with open(admin) as file:
                login = json.load(file)
            ca = f"{self.folder}/data/pki/ca.pem"
            api = operators.Api(self.port, ca, login["email"], login["password"])
            wait_for("the server", api.is_ready, 60, [process])
        except BaseException:
            process.end()
            raise
        return process, api

    def token(self, uses):
        """A join token for so many appliances."""
        command = [self.binary, "token", "create", "--config", self.config]
        command += ["--preauthorised", "--uses", str(uses)]
        made = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if made.returncode != 0:
            raise Failure(f"there is no join token: {made.stderr.strip()}")
        return made.stdout.strip()


def measure(options, folder, port, say):
    """Everything that is to be known of Domfleet."""
    count = options.appliances
    found = {}
    with contextlib.ExitStack() as stack:
        server = Server(options.server, folder, port)
        process, api = server.start()
        stack.enter_context(process)
        api.online()
        api.close()
        pause(3, [process])
        base = found["base"] = process.memory()
        token = server.token(count + 10)

        say(f"{count} appliances join")
        cpu, began = process.cpu_seconds(), time.monotonic()
        command = [options.swarm, "--server", f"https://127.0.0.1:{port}", "--token", token]
        command += ["--appliances", str(count), "--seed", "1"]
        swarm = stack.enter_context(Process("the swarm", command, f"{folder}/swarm.log"))
        both = [process, swarm]
        patience = 120 + count * 0.06
        wait_for("all online", lambda: api.online() >= count, patience, both, 0.5)
        found["join"] = {
            "seconds_until_all_are_online": time.monotonic() - began,
            "server_cpu_milliseconds_each": (process.cpu_seconds() - cpu) * 1e3 / count,
        }
        say(f"all are online after {found['join']['seconds_until_all_are_online']:.0f} s; quiet")
        # The connection of the API is no appliance's.
        api.close()
        pause(options.settle, both)
        found["idle"] = idle(process, base, count, options.quiet, both)
        found["swarm"] = swarm.memory()

        say(f"{options.operations} operations, one after the other")
        vms = operators.stopped_vms(api, options.operations)
        seconds, failed = operators.start_vms(api, vms)
        found["operations"] = {"kind": "vm_start", "seconds": sorted(seconds), "failed": failed}

        say("the server starts anew, and all come back")
        process.end()
        process, api = server.start()
        stack.enter_context(process)
        both = [process, swarm]
        began = time.monotonic()
        sessions = "domfleet_sessions_total"
        wait_for("all back", lambda: api.metric(sessions) >= count, patience, both, 0.5)
        found["return"] = {
            "seconds_until_all_are_back": time.monotonic() - began,
            "server_cpu_milliseconds_each": process.cpu_seconds() * 1e3 / count,
        }
        say(f"all are back after {found['return']['seconds_until_all_are_back']:.0f} s; quiet")
        # The connection of the API is no appliance's.
        api.close()
        pause(options.settle, both)
        found["idle_after_return"] = idle(process, base, count, options.quiet, both)
    return found
