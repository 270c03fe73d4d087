"""Appliances for the soak: each starts on the 1.x that was made ready once, with guests whose disks are not blank."""

import hashlib
import random
import re
import shutil
import subprocess

from disk_machine import DiskMachine
from fleet import agent_disk
from machine import LabError, until
from migration_world import START, Migrations
from runner import CheckFailed, check_equal
from system_scenarios import GUESTS, guests_are_up

MIB = 1 << 20
GUEST_MIB = 64
# Where a guest's disk has its marker and its beat is not compared: they change while it runs.
MARKER_MIB = 1
CONTENT_FROM, CONTENT_MIB = 2, 16
# The guest cuts what it has found to 80 characters: more markers than that are not told.
MOST_MARKERS = 4


def content(guest):
    """What is on the guest's disk beside its marker: the same in every soak."""
    return random.Random(guest).randbytes(CONTENT_MIB * MIB)


def digest(guest):
    """The MD5 of its disk, without the part that has the marker."""
    rest = GUEST_MIB - CONTENT_FROM - CONTENT_MIB
    return hashlib.md5(bytes(MARKER_MIB * MIB) + content(guest) + bytes(rest * MIB)).hexdigest()


class Soaked(Migrations):
    """One appliance after the other."""

    prepared = None

    def prepare(self, folder):
        """1.x with the guests' first markers, turned off; its disk is what each run starts from."""
        box = DiskMachine.create(self.image, "lab-1x")
        try:
            files = agent_disk(box.folder / "agent", self.agent)
            (files / "start").write_text(START)
            for guest in GUESTS:
                (files / f"{guest}.content").write_bytes(content(guest))
            box.set_agent_disk(files)
            box.boot()
            guests_are_up(box, 1)
            for guest in GUESTS:
                box.ssh(f"xl shutdown -w {guest}", limit=300)
                box.ssh(f"cd /var/lib/guests && qemu-img convert -O raw {guest}.qcow2 {guest}.raw &&"
                        f" dd if=/opt/domfleet/{guest}.content of={guest}.raw bs={MIB} seek={CONTENT_FROM} conv=notrunc 2>/dev/null &&"
                        f" qemu-img convert -O qcow2 {guest}.raw {guest}.qcow2 && rm {guest}.raw", limit=300)
            box.ssh("rm -f /var/log/xen/console/*; sync")
            box.shutdown()
            self.prepared = folder / "sys.qcow2"
            shutil.copy(box.folder / "sys.qcow2", self.prepared)
        finally:
            box.kill()
            shutil.rmtree(box.folder, ignore_errors=True)

    def begin(self, system="lab-1x"):
        box = super().begin(system)
        made = subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", self.prepared, box.folder / "sys.qcow2"],
                              capture_output=True, text=True)
        if made.returncode != 0:
            raise LabError(f"qemu-img: {made.stderr.strip()}")
        return box

    def keep_logs(self, folder):
        """What is left of a run that has failed."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("serial.log", "qemu.log"):
            if (self.box.folder / name).exists():
                shutil.copy(self.box.folder / name, folder / name)
        shutil.copy(self.server.folder / "server.log", folder / "server.log")
        if self.migration:
            (folder / "migration.txt").write_text(f"{self.now()}\n\n" + "\n".join(str(one) for one in self.records()) + "\n")
        said = self.agent_log(lines=100_000)
        if said:
            (folder / "agent.log").write_text(said)
            (folder / "xl-list.txt").write_text(self.box.ssh("xl list; lvs; cat /proc/mounts", check=False) or "")

    # --- guests --------------------------------------------------------------------------------------

    def markers(self, guest):
        """How many markers its starts in this system have told of, from first to last."""
        said = self.box.console_log(guest)
        return [line.count(f"MARKER {guest} boot") for line in said.splitlines() if f"GUEST-UP {guest}" in line]

    def check_guest(self, guest, before):
        """It is up, with the markers that it had before on 1.x, and all else on its disk is as it was."""
        def beats():
            return len(re.findall(r"^beat ", self.box.console_log(guest), re.M))

        up = until(f"{guest} to be up", 600, lambda: guest in self.running() and self.markers(guest), every=2)
        if up[-1] < min(before + 1, MOST_MARKERS) or up[0] < min(before + 1, MOST_MARKERS):
            raise CheckFailed(f"{guest} had {before} markers on 1.x, and tells of {up}")
        seen = beats()
        until(f"{guest} to go on", 300, lambda: beats() > seen, every=2)
        volume = f"/dev/vg0/{guest}-xvda"
        read = self.box.ssh(f"(dd if={volume} bs={MIB} count={MARKER_MIB}; dd if={volume} bs={MIB} skip={CONTENT_FROM} "
                            f"count={GUEST_MIB - CONTENT_FROM}) 2>/dev/null | md5sum", limit=600).split()[0]
        check_equal(f"the content of the disk of {guest}", digest(guest), read)
        return {"markers": up, "content": read}
