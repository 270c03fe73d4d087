"""A lab machine that starts as an appliance does: the BIOS, the loader on its disk or on a stick, Xen.

    with DiskMachine.create(systems(), "lab-1x") as box:
        box.boot()
        box.plug(Stick(box.image / "recovery.img"))
        box.restart()

The system disk is an overlay of a system of deploy/image, on AHCI, with the WWID that a SATA disk has.
"""

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from machine import HERE, LabError, Machine, _run, until

SYSTEM_WWID = "naa.5000c500a1b2c3d4"
OTHER_WWID = "naa.5000c500a1b2c3d5"
DISK_SIZE = "6G"
OTHER_SIZE = "1G"
# Where the nonce and later the reset marker lie, on 1.x and on 2.x: deploy/image/README.md.
RESET_BLOCK_AT, RESET_BLOCK_BYTES = 32 << 10, 4 << 10
# Measured: 35 s on a quiet host, and 8 min on one that leaves it a tenth of a core.
LAY_OUT_LIMIT = 900
# The other way to start it: a kernel and an initrd that lay out without asking (never on a stick).
# A busy host starves QEMU so that a kernel takes its timer for broken: it must not look.
BUILDER_OPTIONS = f"console=ttyS0 no_timer_check mitigations=off audit=0 quiet loglevel=4 cryptomgr.notests disk={SYSTEM_WWID}"


def systems(*arguments):
    """The folder of the three systems, built first if there is none for this state of the scripts."""
    script = HERE.parent.parent / "deploy/image/build"
    built = subprocess.run([script, *arguments], stdout=subprocess.PIPE, text=True)
    if built.returncode != 0:
        raise LabError("the three systems could not be built (see above)")
    return Path(built.stdout.strip().splitlines()[-1])


def make_stick(image, to, artifact=None, **options):
    """A recovery stick's image: options are those of deploy/image/stick (agent=FILE)."""
    artifact = artifact or next(image.glob("domfleet-2x-*.tar.zst"))
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    _run(HERE.parent.parent / "deploy/image/stick", "--parts", image, "--artifact", artifact, "--out", to, *words)
    return to


@dataclass
class Stick:
    """One USB stick; with a boot index of 0 the BIOS takes it before the disk."""

    image: Path
    name: str = "stick0"
    boot_index: int | None = 0


class DiskMachine(Machine):
    def __init__(self, image, folder, port):
        super().__init__(image, folder, port)
        self.sticks = []
        self.builder = False
        # What its clock says when it is turned on, as QEMU takes it: 2027-01-01T00:00:00.
        self.clock = None

    @classmethod
    def create(cls, image, system=None, folder=None):
        """`system` is lab-1x or lab-2x; without one the system disk is blank."""
        machine = cls._bare(image, folder)
        disk = machine.folder / "sys.qcow2"
        if system:
            _run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", machine.image / f"{system}.qcow2", disk)
        else:
            _run("qemu-img", "create", "-q", "-f", "qcow2", disk, DISK_SIZE)
        _run("qemu-img", "create", "-q", "-f", "qcow2", machine.folder / "other.qcow2", OTHER_SIZE)
        return machine

    # --- sticks ----------------------------------------------------------------------------------

    def plug(self, stick):
        """Plugs a stick in; where it is on, without turning it off. It stays in over restarts."""
        self.sticks.append(stick)
        if not self.running():
            return
        node = {"node-name": f"node-{stick.name}", "driver": "raw", "file": {"driver": "file", "filename": str(stick.image)}}
        self.qmp("blockdev-add", **node)
        self.qmp("device_add", driver="usb-storage", id=stick.name, bus="xhci.0", drive=node["node-name"], removable=True,
                 serial=stick.name.upper(), **({} if stick.boot_index is None else {"bootindex": stick.boot_index}))

    def pull(self, stick):
        """Pulls it out, without a word to the system."""
        self.sticks.remove(stick)
        if not self.running():
            return
        self.qmp("device_del", id=stick.name)
        until("the stick to be gone", 30, lambda: not any(
            device.get("qdev", "").endswith(stick.name) for device in self.qmp("query-block")))
        until("QEMU to let go of its image", 30, lambda: self._forget(f"node-{stick.name}"))

    def _forget(self, node):
        """A device that is gone may hold its image for a moment longer."""
        try:
            self.qmp("blockdev-del", **{"node-name": node})
        except LabError as error:
            if "in use" not in str(error):
                raise
            return False
        return True

    def build(self):
        """Lays out what is on the stick, without asking, until it turns itself off; returns what it said."""
        self.start()
        start = self._serial_seen
        until("the laying out to end", LAY_OUT_LIMIT, lambda: not self.running(), every=0.5)
        self.kill()
        return (self.folder / "serial.log").read_bytes()[start:].decode(errors="replace").replace("\r", "")

    # --- the disks' content ------------------------------------------------------------------------

    def written(self):
        """Bytes that were written to the system disk since it was turned on."""
        return next(one["stats"]["wr_bytes"] for one in self.qmp("query-blockstats") if one.get("device") == "sys")

    def digest(self, disk="sys"):
        """A hash of all that is on a disk. Only while it is off."""
        raw = self.folder / f"{disk}.raw"
        _run("qemu-img", "convert", "-O", "raw", self.folder / f"{disk}.qcow2", raw)
        try:
            with open(raw, "rb") as content:
                return hashlib.file_digest(content, "blake2b").hexdigest()
        finally:
            raw.unlink()

    def write_disk(self, at, pattern, length, disk="sys"):
        """Fills a range of a disk with one byte's value. Only while it is off."""
        _run("qemu-io", "-f", "qcow2", "-c", f"write -q -P {pattern} {at} {length}", self.folder / f"{disk}.qcow2")

    def disk_has(self, at, pattern, length, disk="sys"):
        read = subprocess.run(["qemu-io", "-f", "qcow2", "-c", f"read -q -P {pattern} {at} {length}", self.folder / f"{disk}.qcow2"],
                              capture_output=True, text=True)
        return read.returncode == 0 and "verification failed" not in read.stdout + read.stderr

    # --- dom0 ------------------------------------------------------------------------------------

    def restart(self):
        """An orderly restart from within; what the BIOS starts next is its affair."""
        self.skip_serial()
        self.ssh("sync; (sleep 1; reboot) >/dev/null 2>&1 </dev/null &")
        self.drop_ssh()

    def release(self):
        return self.ssh("cat /etc/domfleet-release").strip()

    # --- QEMU ------------------------------------------------------------------------------------

    def _qemu(self):
        return super()._qemu() + (["-rtc", f"base={self.clock}"] if self.clock else [])

    def _kernel(self):
        if not self.builder:
            return []
        return ["-kernel", str(self.image / "vmlinuz"), "-initrd", str(self.image / "builder.initrd"),
                "-append", BUILDER_OPTIONS, "-no-reboot"]

    def _disks(self):
        disks = ["-device", "ahci,id=ahci"]
        for port, (name, wwid) in enumerate((("sys", SYSTEM_WWID), ("other", OTHER_WWID))):
            disks += ["-drive", f"file={self.folder / name}.qcow2,if=none,id={name},format=qcow2,discard=unmap",
                      "-device", f"ide-hd,bus=ahci.{port},drive={name},serial={name.upper()}0001,wwn=0x{wwid.removeprefix('naa.')}"
                      + (",bootindex=1" if name == "sys" else "")]
        return disks

    def _sticks(self):
        plugged = []
        for stick in self.sticks:
            node = f"node-{stick.name}"
            index = "" if stick.boot_index is None else f",bootindex={stick.boot_index}"
            plugged += ["-blockdev", f"driver=raw,node-name={node},file.driver=file,file.filename={stick.image}",
                        "-device", f"usb-storage,bus=xhci.0,drive={node},removable=on,serial={stick.name.upper()},id={stick.name}{index}"]
        return plugged


def copy_artifact(artifact, folder):
    """An artifact with manifest and signature in a folder of its own, to be tampered with; returns its path there."""
    folder.mkdir()
    name = artifact.name.removesuffix(".tar.zst")
    for end in (".tar.zst", ".manifest.json", ".manifest.json.sig"):
        shutil.copy(artifact.with_name(name + end), folder)
    return folder / artifact.name
