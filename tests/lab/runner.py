"""Scenarios: named promises, run one after the other against one world, with evidence kept.

A scenario is a function marked with its sentence; inside it, `run.step("…")` times and prints one
thing done or seen. A step that raises fails its scenario; the ones after it still run, except those
that need it.
"""

import contextlib
import json
import os
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable


class CheckFailed(Exception):
    """What was seen is not what was promised."""


@dataclass
class Scenario:
    sentence: str
    play: Callable
    core: bool
    needs: str | None


@dataclass
class Outcome:
    sentence: str
    steps: list = field(default_factory=list)
    seconds: float = 0.0
    error: str | None = None


SCENARIOS: list[Scenario] = []


def scenario(sentence, core=True, needs=None):
    """Marks a function as a scenario. `core` ones make up the short run; `needs` names a function."""

    def mark(play):
        SCENARIOS.append(Scenario(sentence, play, core, needs))
        return play

    return mark


def chosen(scenarios, words):
    """Those with the words in their sentence, and those that they need; all where there are no words."""
    if not words:
        return scenarios
    wanted = [one for one in scenarios if words.lower() in one.sentence.lower()]
    needed = {one.play.__name__ for one in wanted}
    for one in reversed(scenarios):  # whoever is needed comes before who needs it
        if one.play.__name__ in needed and one.needs:
            needed.add(one.needs)
    return [one for one in scenarios if one.play.__name__ in needed]


def check_equal(what, expected, seen):
    if expected != seen:
        raise CheckFailed(f"{what}: expected {expected!r}, got {seen!r}")


class Run:
    def __init__(self):
        self.outcomes: list[Outcome] = []
        self._broken = set()
        self._began = time.monotonic()

    @contextlib.contextmanager
    def step(self, what):
        """One line of output and of evidence; put what was seen into the dictionary that it yields."""
        began, seen = time.monotonic(), {}
        entry = {"step": what, "seen": seen}
        self.outcomes[-1].steps.append(entry)
        try:
            yield seen
        except BaseException as error:
            entry["error"] = str(error) or type(error).__name__
            raise
        finally:
            entry["seconds"] = round(time.monotonic() - began, 1)
            print(f"  {entry['seconds']:7.1f} s  {'FAILED: ' if 'error' in entry else ''}{what}", flush=True)

    def play(self, scenario, world):
        outcome = Outcome(scenario.sentence)
        self.outcomes.append(outcome)
        print(scenario.sentence, flush=True)
        began = time.monotonic()
        try:
            if scenario.needs in self._broken:
                raise CheckFailed(f"not tried: it needs `{scenario.needs}`, which failed")
            scenario.play(self, world)
        except Exception as error:  # any failure of one promise leaves the others to be seen
            outcome.error = str(error) or type(error).__name__
            if not isinstance(error, CheckFailed):
                outcome.error = "".join(traceback.format_exception_only(error)).strip()
            self._broken.add(scenario.play.__name__)
            print("    " + outcome.error.replace("\n", "\n    "), flush=True)
        outcome.seconds = round(time.monotonic() - began, 1)

    @property
    def failed(self):
        return sum(outcome.error is not None for outcome in self.outcomes)

    def report(self, path, **about):
        """Prints the count and writes the evidence; True when nothing failed."""
        seconds = round(time.monotonic() - self._began, 1)
        passed = len(self.outcomes) - self.failed
        evidence = {
            **about,
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "seconds": seconds,
            "cpus": os.cpu_count(),
            "load_average": round(os.getloadavg()[1], 1),
            "passed": passed,
            "failed": self.failed,
            "scenarios": [
                {"name": outcome.sentence, "passed": outcome.error is None, "seconds": outcome.seconds,
                 "error": outcome.error, "steps": outcome.steps}
                for outcome in self.outcomes
            ],
        }
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".json.new")
        draft.write_text(json.dumps(evidence, indent=1) + "\n")
        draft.replace(path)
        print(f"{passed} passed, {self.failed} failed in {seconds:.0f} s; evidence in {path}")
        return self.failed == 0
