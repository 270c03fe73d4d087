"""Boots of a fleet as a table: what made them freeze is known, because it is made up here."""

import random

MINUTES_A_DAY = 1440
APPLIANCES = 10_000
# How many days a boot lasts until somebody restarts it, and until it freezes where nothing makes it likelier.
RESTARTED, FROZEN = 30, 1600
SCHEDULERS = {"bfq": 0.0, "mq-deadline": 0.3, "none": -0.2}
COLUMNS = ["old_qemu", "qcow2", "swap", "overcommit", "scheduler", "load"]
EFFECTS = {"old_qemu": 0.9, "qcow2": 0.0, "swap": -0.3, "overcommit": 0.2, "load": 0.25}


def write(path, count):
    """A row for each boot; with ties, because times are whole minutes, and mostly seen late."""
    dice = random.Random(4)
    with open(path, "w", encoding="ascii") as table:
        table.write("appliance,entry,exit,froze," + ",".join(COLUMNS) + "\n")
        for _ in range(count):
            table.write(boot(dice))


def boot(dice):
    """A line of the table."""
    old = dice.random() < 0.4
    values = {
        "old_qemu": int(old),
        # Almost always changed together with QEMU, and innocent.
        "qcow2": int(old if dice.random() < 0.9 else not old),
        "swap": int(dice.random() < 0.5),
        "overcommit": int(dice.random() < 0.2),
        "load": round(dice.gauss(1.0, 0.6), 3),
    }
    scheduler = dice.choice(list(SCHEDULERS))
    hazard = SCHEDULERS[scheduler] + sum(EFFECTS[name] * value for name, value in values.items())
    freezes = dice.expovariate(2.718281828459045**hazard / FROZEN)
    restarts = dice.expovariate(1 / RESTARTED)
    seen = 0 if dice.random() < 0.3 else int(dice.expovariate(1 / 20) * MINUTES_A_DAY)
    # What froze before it was seen is not in the table; a boot has no memory, so that it begins there.
    exit = seen + 1 + int(min(freezes, restarts) * MINUTES_A_DAY)
    cells = [
        dice.randrange(APPLIANCES),
        f"{seen / MINUTES_A_DAY:.6f}",
        f"{exit / MINUTES_A_DAY:.6f}",
        int(freezes < restarts),
        *(scheduler if name == "scheduler" else values[name] for name in COLUMNS),
    ]
    return ",".join(map(str, cells)) + "\n"
