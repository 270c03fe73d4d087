"""The three systems of a migration, each started as on an appliance: 1.x from its disk, the recovery from
a stick, 2.x from a logical volume. No server and no agent takes part; nobody is asked. With the agent: recovery_scenarios.py."""

import re
import shutil
import subprocess

from disk_machine import LAY_OUT_LIMIT, RESET_BLOCK_AT, RESET_BLOCK_BYTES, DiskMachine, Stick, copy_artifact, make_stick
from machine import until
from runner import check_equal, scenario

GUESTS = ("mill", "press")
# Measured on an idle host: recovery's first line 8 to 10 s after power on, a whole laying out 40 s, both
# guests up 25 s after LAB-READY.
RECOVERY_LIMIT, GUEST_LIMIT = 240, 300
STAGES = ("check", "partition", "volumes", "root", "settings", "boot", "verify", "finish")


class Systems:
    """The folder of the systems, and the machine that a scenario has going."""

    def __init__(self, image, agent, logs):
        self.image, self.agent, self.logs = image, agent, logs
        self.box = None

    @property
    def artifact(self):
        return next(self.image.glob("domfleet-2x-*.tar.zst"))

    def machine(self, system=None):
        self.end()
        self.box = DiskMachine.create(self.image, system)
        return self.box

    def end(self):
        if self.box:
            self.logs.mkdir(parents=True, exist_ok=True)
            serial = self.box.folder / "serial.log"
            if serial.exists():
                shutil.copy(serial, self.logs / "serial.log")
            self.box.kill()
            shutil.rmtree(self.box.folder, ignore_errors=True)
            self.box = None


def guests_are_up(box, boot):
    """What each guest found on its disk and what it left there, from its `boot`-th start on this disk."""
    said = {}
    for guest in GUESTS:
        lines = until(f"GUEST-UP {guest}", GUEST_LIMIT, lambda: up(box.console_log(guest), guest, boot), every=2)
        said[guest] = lines
        check_equal(f"starts that the marker of {guest} tells of", boot, lines[-1].count(f"MARKER {guest} boot"))
    return said


def up(console, guest, boot):
    """Its words of that start; the console's log is kept over restarts."""
    lines = [line.strip() for line in console.splitlines() if "marker" in line]
    return lines[-2:] if sum(f"GUEST-UP {guest}" in line for line in lines) == boot else None


@scenario("1.x starts from its own disk, and both guests print the markers that they wrote")
def first(run, world):
    box = world.machine("lab-1x")
    with run.step("BIOS, extlinux, mboot.c32, Xen, dom0") as seen:
        seen["boot_id"] = box.boot()
        seen["release"] = box.release()
        check_equal("release", "1.", seen["release"][:2])
        seen["root"] = box.ssh("grep ' / ' /proc/mounts").split()[:3]
    with run.step("both guests have written their first marker") as seen:
        seen.update(guests_are_up(box, 1))


@scenario("a stick that finds no permit refuses, and 1.x starts again with the stick left in", needs="first")
def refused(run, world):
    box = world.box
    stick = Stick(make_stick(world.image, box.folder / "stick.img"))
    with run.step("the stick is plugged in while 1.x runs, and 1.x is restarted"):
        box.plug(stick)
        until("the stick in dom0", 60, lambda: "DOMRECOVERY" in box.ssh("blkid /dev/sd* || true"), every=1)
        box.restart()
    with run.step("the recovery starts from the stick and says why it does nothing") as seen:
        seen["said"] = box.wait_serial(rb"recovery: refused: [^\r\n]*", RECOVERY_LIMIT).group(0).decode()
        before = box.written()
    with run.step("1.x is back, from its disk; nothing was written before") as seen:
        box.wait_serial(rb"recovery: starting the system that is on the disk", 60)
        check_equal("bytes written by the recovery", before, box.written())
        seen["boot_id"] = box.wait_ready()
        check_equal("release", "1.", box.release()[:2])
    with run.step("both guests find what they had left") as seen:
        seen.update(guests_are_up(box, 2))


@scenario("2.x is laid out through a power cut in the middle of each stage, and starts from a logical volume")
def laid_out(run, world):
    box = world.machine("lab-1x")
    box.write_disk(RESET_BLOCK_AT, 0x5A, RESET_BLOCK_BYTES)
    box.write_disk(0, 0xA5, 1 << 20, disk="other")
    other = box.digest("other")
    stick = Stick(make_stick(world.image, box.folder / "stick.img"), boot_index=None)
    box.plug(stick)
    box.builder = True
    for stage in STAGES:
        with run.step(f"QEMU is killed in the middle of {stage}") as seen:
            seen.update(cut_in(box, stage))
    with run.step("begun once more, all stages come to their end") as seen:
        check_equal("its last word", True, "LAY-OUT done" in box.build())
        seen["stages"] = stage_times(box)
    with run.step("the reset block and the other disk are as they were"):
        check_equal("the reset block is kept", True, box.disk_has(RESET_BLOCK_AT, 0x5A, RESET_BLOCK_BYTES))
        check_equal("the other disk", other, box.digest("other"))
    with run.step("2.x starts from /dev/vg0/root, the stick pulled out") as seen:
        box.builder = False
        box.pull(stick)
        seen["boot_id"] = box.boot()
        check_equal("release", "2.", box.release()[:2])
        seen["root"] = box.ssh("grep ' / ' /proc/mounts").split()[:2]
        seen["lvs"] = box.ssh("lvs --noheadings -o vg_name,lv_name,lv_size").split()
        check_equal("root", "vg0", seen["lvs"][0])
        check_equal("it is the root", box.ssh("stat -c %t:%T -L /dev/vg0/root").strip(), device_of_root(box))


def device_of_root(box):
    """As `stat` prints a device: major and minor in hexadecimal."""
    major, minor = box.ssh("mountpoint -d /").strip().split(":")
    return f"{int(major):x}:{int(minor):x}"


def cut_in(box, stage):
    """Starts the laying out, and kills QEMU when this stage has written something (or, of those that write
    nothing, when it has begun)."""
    box.start()
    box.wait_serial(rf"LAY-OUT {stage} begins".encode(), LAY_OUT_LIMIT)
    before = box.written()
    ended = re.compile(rf"LAY-OUT {stage} (ends|failed)".encode())
    serial = box.folder / "serial.log"
    start = serial.stat().st_size

    def in_the_middle():
        if ended.search(serial.read_bytes()[max(0, start - 200):]):
            return "after"
        return "inside" if box.written() > before + (20 << 20 if stage == "root" else 0) else None

    where = None
    if stage not in ("check", "settings", "verify"):
        where = until(f"{stage} to write", LAY_OUT_LIMIT, in_the_middle, every=0.02)
    seen = {"killed": where or "inside", "written": box.written() - before}
    box.kill()
    return seen


def stage_times(box):
    text = (box.folder / "serial.log").read_text(errors="replace")
    times = re.findall(r"LAY-OUT (\w+) ends at ([\d.]+) s", text)[-len(STAGES):]
    return {stage: float(up) for stage, up in times}


@scenario("a stick that is left plugged in does no harm: a healthy 2.x starts, and starts again")
def left_in(run, world):
    box = world.machine("lab-2x")
    box.plug(Stick(make_stick(world.image, box.folder / "stick.img")))
    with run.step("turned on with the stick as the BIOS's first") as seen:
        seen["boot_id"] = box.boot()
        check_equal("release", "2.", box.release()[:2])
    with run.step("restarted") as seen:
        box.restart()
        seen["boot_id"] = box.wait_ready()
        check_equal("release", "2.", box.release()[:2])
    with run.step("the loader on the stick was asked each time, and the recovery never started") as seen:
        said = (box.folder / "serial.log").read_bytes()
        seen["loaders"] = [len(re.findall(one, said)) for one in (rb"Booting\.\.\.", rb"Loading xen", rb"recovery: ")]
        check_equal("starts by the stick, of Xen, of the recovery", [2, 2, 0], seen["loaders"])


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def flip_artifact(copy):
    flip(copy, copy.stat().st_size // 2)


def flip_manifest(copy):
    manifest = manifest_of(copy)
    manifest.write_text(manifest.read_text().replace('"vg0"', '"vg1"'))


def sign_by_another(copy):
    key, manifest = copy.with_name("key.pem"), manifest_of(copy)
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", manifest, "-out", f"{manifest}.sig"], check=True)


def flip_signature(copy):
    flip(copy.with_name(manifest_of(copy).name + ".sig"), 10)


def manifest_of(artifact):
    return artifact.with_name(artifact.name.removesuffix(".tar.zst") + ".manifest.json")


TAMPERED = {
    "a flipped byte in the artifact": (flip_artifact, r"its hash is not that of its manifest"),
    "a changed manifest": (flip_manifest, r"the signature of \S+ is by none of the keys"),
    "a flipped byte in the signature": (flip_signature, r"the signature of \S+ is by none of the keys"),
    "a signature by another key": (sign_by_another, r"the signature of \S+ is by none of the keys"),
}


@scenario("an artifact that is not what was signed is refused before anything is written")
def tampered(run, world):
    box = world.machine("lab-1x")
    box.builder = True
    before = box.digest()
    for number, (what, (tamper, words)) in enumerate(TAMPERED.items()):
        with run.step(what) as seen:
            copy = copy_artifact(world.artifact, box.folder / f"tampered{number}")
            tamper(copy)
            stick = Stick(make_stick(world.image, box.folder / f"tampered{number}.img", copy), boot_index=None)
            box.plug(stick)
            said = box.build()
            box.pull(stick)
            seen["said"] = [line for line in said.splitlines() if "lay-out" in line]
            check_equal("words of refusal", 1, len(re.findall(r"^lay-out check: .*" + words, said, re.M)))
            check_equal("stages that were begun", ["check"], re.findall(r"LAY-OUT (\w+) begins", said))
    with run.step("the system disk is, byte for byte, as it was"):
        check_equal("its hash", before, box.digest())
