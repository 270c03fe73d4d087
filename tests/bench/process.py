"""Processes: started here, ended by their ids, and measured by what the kernel counts of them."""

import os
import signal
import subprocess
import time

# Seconds between the heartbeats of one agent or client, give or take a fifth.
HEARTBEAT = 30
TICKS = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """What a person is told when the run cannot go on."""


class Process:
    """A child in a process group of its own, so that Ctrl-C reaches it only through us."""

    def __init__(self, name, command, log):
        self.name = name
        self.log = log
        with open(log, "ab") as out:
            self.child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        self.pid = self.child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def check(self):
        """Says so if it has ended by itself."""
        code = self.child.poll()
        if code is not None:
            with open(self.log, errors="replace") as log:
                last = "".join(log.readlines()[-5:])
            raise Failure(f"{self.name} ended by itself ({code}); the last it said:\n{last}")

    def end(self, patience=30):
        """Ends it in order, and if that takes too long, at once."""
        if self.child.poll() is not None:
            return
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(patience)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def cpu_seconds(self):
        """What it has computed so far, for itself and in the kernel."""
        with open(f"/proc/{self.pid}/stat") as stat:
            # The name may hold anything, but a bracket closes it.
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self):
        """Bytes: resident, the part that is its own (anonymous), and the most that ever was; and
        how many sockets there are."""
        found = {}
        with open(f"/proc/{self.pid}/status") as status:
            for line in status:
                key, _, value = line.partition(":")
                if key in ("VmRSS", "RssAnon", "VmHWM"):
                    found[key] = int(value.split()[0]) * 1024
        return {
            "resident": found["VmRSS"],
            "anonymous": found["RssAnon"],
            "most_resident": found["VmHWM"],
            "sockets": self.sockets(),
        }

    def sockets(self):
        """How many sockets it holds."""
        folder, count = f"/proc/{self.pid}/fd", 0
        for name in os.listdir(folder):
            try:
                count += os.readlink(f"{folder}/{name}").startswith("socket:")
            except FileNotFoundError:
                pass
        return count


def wait_for(what, condition, seconds, processes=(), every=0.25):
    """Waits until `condition()` gives something, and gives that; the processes must live on."""
    until = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        for process in processes:
            process.check()
        if time.monotonic() > until:
            raise Failure(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)


def pause(seconds, processes):
    """Lets time pass in which nothing is asked of anyone."""
    time.sleep(seconds)
    for process in processes:
        process.check()


def idle(process, base, count, seconds, processes):
    """What `count` idle connections cost `process`: memory, beyond what it had at `base`, and CPU in
    a window in which nothing comes but heartbeats."""
    cpu, began = process.cpu_seconds(), time.monotonic()
    pause(seconds, processes)
    cpu, window = process.cpu_seconds() - cpu, time.monotonic() - began
    connections = process.sockets() - base["sockets"]
    if connections < count:
        raise Failure(f"{process.name} had only {connections} of {count} connections at the end")
    memory = process.memory()
    return {
        **memory,
        "bytes_per_connection": (memory["resident"] - base["resident"]) / count,
        "anonymous_bytes_per_connection": (memory["anonymous"] - base["anonymous"]) / count,
        "window_seconds": window,
        "cpu_seconds": cpu,
        "cpu_share_of_a_core": cpu / window,
        "cpu_microseconds_per_heartbeat": cpu * 1e6 / (count * window / HEARTBEAT),
    }
