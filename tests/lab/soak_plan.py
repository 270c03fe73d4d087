"""When a run of the soak has its power cut: the stretches of a migration, and each run's plan from one seed."""

import random
from dataclasses import dataclass

RUNS = 20


@dataclass(frozen=True)
class Stretch:
    """A part of a migration in which the power can be cut."""

    name: str
    # What the journal's phase is in it.
    phase: str
    # The power is cut within so many seconds of its beginning. Each was measured to last longer than that, on a machine
    # that did nothing else; where no cut is due the person plugs the stick in at once.
    within: float
    # What the serial console says when it begins, where the server cannot see it.
    says: bytes | None = None


# In their order.
STRETCHES = (
    Stretch("preflight", "preflight", 1),
    Stretch("backing_up", "backing_up", 100),
    Stretch("verifying", "verifying", 2.5),
    Stretch("sealed", "sealed", 2),
    Stretch("permitted, before the stick is in", "permitted", 15),
    Stretch("permitted, on the way into the medium", "permitted", 14),
    Stretch("resetting, before the medium writes", "permitted", 10, rb"recovery: domfleet recovery"),
    Stretch("resetting, while it lays out", "permitted", 32, rb"recovery: dividing the disk"),
    Stretch("resetting, when all is written", "permitted", 1.5, rb"recovery: finishing"),
    Stretch("awaiting_return", "permitted", 27, rb"recovery: done"),
    Stretch("restoring", "restoring", 65),
    Stretch("validating", "validating", 45),
    Stretch("soaking", "soaking", 25),
)
PLACES = {stretch.name: place for place, stretch in enumerate(STRETCHES)}
# Each of them once. What leads into the medium belongs to the phase before it.
OF_ITS_OWN = tuple(stretch for stretch in STRETCHES if stretch.name != "permitted, on the way into the medium")


@dataclass(frozen=True)
class Cut:
    """So many seconds after that stretch has begun."""

    stretch: Stretch
    after: float

    def __str__(self):
        return f"{self.after:.1f} s into {self.stretch.name}"


def plan(seed, number):
    """The cuts of the run of that number, which counts from 1."""
    dice = random.Random(f"{seed}/{number}")
    if number <= len(OF_ITS_OWN):
        stretch = OF_ITS_OWN[number - 1]
        return [Cut(stretch, dice.uniform(0, stretch.within))]
    # Every second one is cut twice.
    return sorted((anywhere(dice) for _ in range(1 + number % 2)), key=lambda cut: (PLACES[cut.stretch.name], cut.after))


def anywhere(dice):
    """At any instant of all of it."""
    left = dice.uniform(0, sum(stretch.within for stretch in STRETCHES))
    for stretch in STRETCHES:
        if left <= stretch.within:
            return Cut(stretch, left)
        left -= stretch.within
    return Cut(STRETCHES[-1], STRETCHES[-1].within)


def sentence(seed, number):
    cuts = " and ".join(str(cut) for cut in plan(seed, number))
    return f"run {number}: the power is cut {cuts}"
