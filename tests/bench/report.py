"""What was found, as a table for people and as JSON for what comes after."""

import json
import os
import platform

GOAL_BYTES = 16_000


def machine():
    """What the figures depend on."""
    with open("/proc/cpuinfo") as cpuinfo:
        models = [line.partition(":")[2].strip() for line in cpuinfo if "model name" in line]
    with open("/proc/meminfo") as meminfo:
        memory = int(meminfo.readline().split()[1]) * 1024
    return {
        "cpus": os.cpu_count(),
        "cpu": models[0] if models else platform.machine(),
        "memory_bytes": memory,
        "kernel": platform.release(),
        "load_average": os.getloadavg(),
    }


def percentile(ordered, share):
    """The value below which that share lies; nothing of nothing."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


def judge(fleet, peer):
    """Goals of memory; times are only told."""
    ours = fleet["idle"]["bytes_per_connection"]
    again = fleet["idle_after_return"]["bytes_per_connection"]
    theirs = peer["idle"]["bytes_per_connection"]
    return {
        "at_most_16_kb_per_idle_agent": max(ours, again) <= GOAL_BYTES,
        "no_more_than_mosquitto": max(ours, again) <= theirs,
    }


def table(options, fleet, peer):
    """The lines that a run ends with."""
    joined, back = fleet["join"], fleet["return"]
    idle, again, theirs = fleet["idle"], fleet["idle_after_return"], peer["idle"]
    rows = [
        ("seconds until all are online", "s", joined["seconds_until_all_are_online"],
         back["seconds_until_all_are_back"], peer["connect"]["seconds_until_all_are_connected"]),
        ("server CPU for each that comes", "ms", joined["server_cpu_milliseconds_each"],
         back["server_cpu_milliseconds_each"], peer["connect"]["server_cpu_milliseconds_each"]),
        ("resident for each that is idle", "B", idle["bytes_per_connection"],
         again["bytes_per_connection"], theirs["bytes_per_connection"]),
        ("  of it anonymous", "B", idle["anonymous_bytes_per_connection"],
         again["anonymous_bytes_per_connection"], theirs["anonymous_bytes_per_connection"]),
        ("resident with nobody there", "MB", fleet["base"]["resident"] / 1e6, None,
         peer["base"]["resident"] / 1e6),
        ("resident with all", "MB", idle["resident"] / 1e6, again["resident"] / 1e6,
         theirs["resident"] / 1e6),
        ("CPU for a heartbeat", "us", idle["cpu_microseconds_per_heartbeat"],
         again["cpu_microseconds_per_heartbeat"], theirs["cpu_microseconds_per_heartbeat"]),
        ("share of a core, all beating at 30 s", "%", idle["cpu_share_of_a_core"] * 100,
         again["cpu_share_of_a_core"] * 100, theirs["cpu_share_of_a_core"] * 100),
    ]
    head = ("", "", "Domfleet", "after a restart", "Mosquitto", "ratio")
    lines = [f"{options.appliances} appliances, and as many clients of Mosquitto", layout(head)]
    for name, unit, *values in rows:
        ours, ratio = max(v for v in values[:2] if v is not None), ""
        if values[2]:
            ratio = f"{ours / values[2]:.2f}"
        lines.append(layout((name, unit, *map(number, values), ratio)))
    seconds = fleet["operations"]["seconds"]
    lines.append(
        f"one operation to one appliance meanwhile ({len(seconds)} of vm_start): "
        + ", ".join(
            f"{name} {number(percentile(seconds, share) and percentile(seconds, share) * 1e3)} ms"
            for name, share in [("p50", 0.5), ("p99", 0.99)]
        )
    )
    if fleet["operations"]["failed"]:
        failed = fleet["operations"]["failed"]
        lines.append(f"{len(failed)} operations did not succeed; the first: {failed[0]}")
    for goal, is_met in judge(fleet, peer).items():
        lines.append(f"{'met' if is_met else 'MISSED':>7}: {goal.replace('_', ' ')}")
    return lines


def layout(cells):
    """A line of the table."""
    name, unit, *values = cells
    return f"{name:38}{unit:>4}" + "".join(f"{value:>17}" for value in values)


def number(value):
    """Three digits that matter."""
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def write(path, options, began_with, fleet, peer):
    """The evidence."""
    seconds = fleet["operations"]["seconds"]
    evidence = {
        "appliances": options.appliances,
        "goals": judge(fleet, peer),
        "machine": began_with,
        "load_average_at_the_end": os.getloadavg(),
        "operation_seconds": {
            "p50": percentile(seconds, 0.5), "p99": percentile(seconds, 0.99), "of": len(seconds),
        },
        "domfleet": fleet,
        "mosquitto": peer,
    }
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path + ".new", "w") as file:
        json.dump(evidence, file, indent=2)
        file.write("\n")
    os.rename(path + ".new", path)
