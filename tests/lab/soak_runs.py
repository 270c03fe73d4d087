"""A migration whose power is cut on the way: one loop looks where it is, cuts the power when that is due, and does
what a person on site would do."""

import re
import time

from machine import READY, CommandFailed, LabError, until
from migration_world import events
from runner import CheckFailed, check_equal
from soak_plan import PLACES, STRETCHES
from system_scenarios import GUEST_LIMIT, GUESTS

# Measured beside nothing else: 9 to 10 minutes.
RUN_LIMIT = 3600
# Nothing of a migration takes that long without a word.
STILL_LIMIT = 1200
ENDS = {"failed_safe", "deferred", "cancelled", "rolled_back", "lost_appliance", "needs_hands", "going_back"}
REFUSED = re.compile(rb"recovery: refused: [^\r\n]*")
BROKEN_OFF = re.compile(rb"recovery: leave the stick")
WORDS = re.compile(rb"recovery: [^\r\n]*")
HEALTHY_AFTER, SOAK = 30, 30


class Journey:
    """From the start of a migration to its end, with these cuts."""

    def __init__(self, world, cuts, boot_id):
        self.world, self.box, self.pending = world, world.box, list(cuts)
        self.done = []
        self.markers = {guest: 2 for guest in GUESTS}
        # Boots that were seen, the running one last; its release once somebody could log in.
        self.boots, self.up = [boot_id], self.box.release()
        self.restarted = None
        self.laid_out = False
        self.armed = None
        self.came_to = {}
        self.broke_off = 0
        # From here on the serial console is read: since the power came, or since somebody restarted it.
        self.mark = (self.box.folder / "serial.log").stat().st_size
        self.now, self.last = None, None

    def go(self):
        began = self.changed = time.monotonic()
        while True:
            self.look()
            if self.phase == "succeeded" and not self.pending:
                return
            if self.phase in ENDS:
                raise LabError(f"it is {self.phase}: {self.now.get('given_up')} {self.now.get('trouble')} "
                               f"{[(vm['name'], vm['progress']) for vm in self.now['vms']]}")
            if self.pending and self.is_due():
                self.cut()
            else:
                self.be_on_site()
            now = time.monotonic()
            if now - self.changed > STILL_LIMIT or now - began > RUN_LIMIT:
                raise LabError(f"nothing goes on in {self.place.name}: {self.last}\n{self.box.serial_tail()}\n{self.world.agent_log()}")
            time.sleep(0.1 if self.pending and self.pending[0].stretch.within < 3 else 0.5)

    # --- where it is ---------------------------------------------------------------------------------

    def look(self):
        if not self.box.running():
            raise LabError(f"QEMU ended: {self.box.qemu_log()}\n{self.box.serial_tail()}")
        self.now = self.world.now()
        self.phase = self.now["phase"]
        whole = (self.box.folder / "serial.log").read_bytes()
        self.said = whole[self.mark:]
        self.laid_out = self.laid_out or b"recovery: done" in self.said
        self.place = self.where()
        self.came_to.setdefault(self.place.name, time.monotonic())
        ready = [one.group(1).decode() for one in READY.finditer(whole, self.mark)]
        if ready and ready[-1] not in self.boots:
            self.boots.append(ready[-1])
            self.up = None
            self.box.drop_ssh()
        if ready and self.up is None:
            self.up = (self.box.ssh("cat /etc/domfleet-release", check=False, limit=30) or "").strip() or None
        seen = (self.phase, len(whole), self.up, *(self.now.get(key) for key in ("waits", "what", "done", "trouble")))
        if seen != self.last:
            self.last, self.changed = seen, time.monotonic()

    def where(self):
        """The stretch that it is in."""
        if self.phase in ("permitted", "resetting", "awaiting_return"):
            told = [(self.said.rfind(one.says), one) for one in STRETCHES if one.says]
            at, last = max(told, key=lambda one: one[0])
            if at >= 0:
                return last
            if self.laid_out:
                return STRETCHES[PLACES["awaiting_return"]]
            return STRETCHES[PLACES["permitted, on the way into the medium" if self.restarted else "permitted, before the stick is in"]]
        # Who is at the end was in the last one before.
        return STRETCHES[PLACES.get(self.phase, len(STRETCHES) - 1)]

    # --- the power -----------------------------------------------------------------------------------

    def is_due(self):
        wanted, here = PLACES[self.pending[0].stretch.name], PLACES[self.place.name]
        if here > wanted or self.phase == "succeeded":
            return True
        if here < wanted:
            return False
        self.armed = self.armed or time.monotonic()
        return time.monotonic() >= self.armed + self.pending[0].after

    def cut(self):
        """QEMU is killed, and started again with what was plugged in."""
        wanted = self.pending.pop(0)
        self.box.kill()
        self.note(wanted)
        self.box.start()
        self.mark = self.box._serial_seen
        self.up = self.armed = None
        self.changed = time.monotonic()

    def note(self, wanted):
        """Where it was, for the checks at the end."""
        spent = time.monotonic() - self.armed if self.armed else None
        words = WORDS.findall(self.said)
        self.done.append({
            "wanted": str(wanted), "stretch": wanted.stretch, "in": self.place, "after": spent, "boots": list(self.boots),
            "medium": words[-1].decode(errors="replace") if words else None,
        })

    # --- the person ----------------------------------------------------------------------------------

    def be_on_site(self):
        refused = REFUSED.search(self.said)
        if refused:
            raise CheckFailed(f"the medium: {refused.group(0).decode(errors='replace')}")
        if BROKEN_OFF.search(self.said) and "broke off" not in self.came_to:
            self.came_to["broke off"] = time.monotonic()
            self.broke_off += 1
        if not self.up:
            return
        stick = self.world.stick("2.x")
        is_awaited = any(cut.stretch.name == "permitted, before the stick is in" for cut in self.pending)
        if self.up.startswith("1.") and self.phase == "permitted" and not is_awaited and self.restarted != self.boots[-1]:
            self.note_markers()
            if stick not in self.box.sticks:
                self.box.plug(stick)
            self.restart()
        elif self.up.startswith("2.") and stick in self.box.sticks:
            self.box.pull(stick)

    def restart(self):
        try:
            self.box.restart()
        except CommandFailed:
            # It goes down sooner than it answers, or could not be reached: then it is tried again.
            return
        self.mark = self.box._serial_seen
        self.restarted, self.up = self.boots[-1], None

    def note_markers(self):
        for guest in GUESTS:
            self.markers[guest] = max([self.markers[guest], *self.world.markers(guest)])

    # --- what came of it -----------------------------------------------------------------------------

    def told(self):
        """What was cut where, in words: by the journal, and in the medium by what it has said."""
        records, line = self.world.records(), self.world.now()["line"]
        said = []
        for cut in self.done:
            before = [one for one in records if one["boot"] in cut["boots"]]
            reached = [step for step in line if step["at"] is not None and before and step["at"] <= before[-1]["at"]]
            cut["phase"] = max(reached, key=lambda step: step["at"])["phase"] if reached else "preflight"
            last = f"after `{before[-1]['event']}`" if before else "before its first record"
            when = "" if cut["after"] is None else f"{cut['after']:.1f} s into "
            said.append(f"{when}{cut['in'].name} ({cut['medium'] or last})")
        return said

    def missed(self):
        """The cuts that did not come where they were to come."""
        return [cut for cut in self.done if cut["in"] != cut["stretch"] or cut["phase"] != cut["stretch"].phase]

    def stretches(self):
        """How long each took, the time without power in it included."""
        names = [name for name in self.came_to if name in PLACES]
        ends = [self.came_to[name] for name in names[1:]] + [time.monotonic()]
        return {name: round(end - self.came_to[name], 1) for name, end in zip(names, ends)}


def one_run(run, world, cuts):
    """A new appliance from 1.x to 2.x; gives the way that it went."""
    box = world.begin()
    with run.step("1.x starts, and both guests have the markers of two starts") as seen:
        seen["boot_id"] = box.boot()
        for guest in GUESTS:
            check_equal(f"markers of {guest}", [2], until(f"{guest} to be up", GUEST_LIMIT, lambda: world.markers(guest), every=2))
    with run.step("the agent joins, the drive is prepared, and the preflight finds nothing in the way") as seen:
        seen["id"] = world.join()
        seen["drive"] = world.prepare_drive()
        preflight = world.preflight()
        check_equal("blockers", [], preflight["result"]["blockers"])
        world.stick("2.x")
    journey = Journey(world, cuts, boot_id=box.ssh("cat /proc/sys/kernel/random/boot_id").strip())
    with run.step("it is migrated, and succeeds though its power is cut") as seen:
        seen["migration"] = world.start(preflight, healthy_after_seconds=HEALTHY_AFTER, soak_seconds=SOAK)
        try:
            journey.go()
        finally:
            seen["stretches"], seen["broke_off"] = journey.stretches(), journey.broke_off
            seen["cuts"] = journey.told()
            seen["events"] = events(world.records())
    with run.step("both guests are up on 2.x, with their markers, and their disks as they were") as seen:
        check_equal("VMs that are settled", journey.now["vms_total"], journey.now["vms_settled"])
        for guest in GUESTS:
            seen[guest] = world.check_guest(guest, journey.markers[guest])
    return journey
