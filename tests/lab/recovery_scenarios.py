"""The program on the stick, seen under a BIOS: it refuses, and it lays out under a permit. No server takes part."""

import re
import subprocess

from disk_machine import LAY_OUT_LIMIT, Stick, make_stick
from drive_image import DriveImage
from fleet import agent_disk
from hand_made import DONE, HandMade, marker
from machine import until
from runner import CheckFailed, check_equal, scenario
from system_scenarios import GUESTS, RECOVERY_LIMIT, device_of_root, guests_are_up

DRIVE_SIZE = "1G"
BACKUP_LIMIT = 900
INTERFACES = "auto eth0\niface eth0 inet static\n  address 192.0.2.17/24\n"
# What the program says when a stage begins, and whether the stage writes to the disk.
STAGES = {
    "checking what is on the stick": False,
    "dividing the disk": True,
    "making the volume group": True,
    "writing the system": True,
    "writing the network configuration": True,
    "writing what starts it": True,
    "reading all of it back": False,
    "finishing": True,
}
AGENT = "/opt/domfleet/domfleet-agent --data /var/lib/domfleet"


@scenario("without a backup drive the program on the stick refuses, and 1.x starts with its disk as it was")
def no_drive(run, world):
    box = world.machine("lab-1x")
    keys = box.folder / "permit-keys"
    keys.write_text("ab" * 32 + "\n")
    box.plug(Stick(make_stick(world.image, box.folder / "stick.img", agent=world.agent, keys=keys)))
    before = box.digest()
    with run.step("it waits, and says what is missing") as seen:
        box.start()
        box.wait_serial(rb"recovery: there is no drive with a migration[^\r\n]*\(waiting", RECOVERY_LIMIT)
        seen["said"] = refusal(box)
        check_equal("why", True, "plug the backup drive in" in seen["said"])
        check_equal("bytes written", 0, box.written())
    with run.step("the disk is, byte for byte, as it was"):
        box.kill()
        check_equal("its hash", before, box.digest())
    with run.step("the next time it hands over to 1.x") as seen:
        box.start()
        seen["boot_id"] = box.wait_ready(RECOVERY_LIMIT + 300)
        check_equal("release", "1.", box.release()[:2])


@scenario("a backup that no permit is beside is not enough, and the disk is as it was")
def no_permit(run, world):
    box = world.machine("lab-1x")
    content = agent_disk(box.folder / "agent", world.agent)
    (content / "start").write_text("#!/bin/busybox sh\n")
    box.set_agent_disk(content)
    image = box.folder / "drive.img"
    subprocess.run(["truncate", "-s", DRIVE_SIZE, image], check=True)
    world.drive = Stick(image, name="drive0", boot_index=None)
    with run.step("1.x starts; its guests write their markers, and are shut down") as seen:
        box.boot()
        seen.update(guests_are_up(box, 1))
        box.ssh("rm /etc/xen/auto/*; hostname pbx-12; echo pbx-12 >/etc/hostname; mkdir -p /etc/network")
        box.ssh("cat >/etc/network/interfaces", input=INTERFACES)
        for guest in GUESTS:
            box.ssh(f"xl shutdown -w {guest}", limit=300)
    with run.step("both are on the drive, and proved") as seen:
        box.plug(world.drive)
        until("the drive", 60, lambda: "DRIVE0" in box.ssh(f"{AGENT} usb list"), every=1)
        box.ssh(f"{AGENT} usb prepare DRIVE0 2>&1", limit=BACKUP_LIMIT)
        configs = " ".join(f"/etc/xen/guests/{guest}.cfg" for guest in GUESTS)
        seen["backup"] = box.ssh(f"{AGENT} backup create --no-pacing --drive DRIVE0 --config {configs} 2>&1", limit=BACKUP_LIMIT)
    box.shutdown()
    world.made = HandMade(box, DriveImage(image))
    world.made.write()
    stick = make_stick(world.image, box.folder / "stick.img", agent=world.agent, keys=world.made.keys())
    world.stick = Stick(stick)
    box.plug(world.stick)
    before = box.digest()
    with run.step("the recovery refuses") as seen:
        box.start()
        seen["said"] = refusal(box)
        check_equal("why", True, "there is no permit on the drive" in seen["said"])
        check_equal("bytes written", 0, box.written())
        box.kill()
    with run.step("the disk is, byte for byte, as it was"):
        check_equal("its hash", before, box.digest())


@scenario("under a permit 2.x is laid out through a power cut in each stage, and has the network of 1.x", needs="no_permit")
def permitted(run, world):
    box, made = world.box, world.made
    made.permit()
    with run.step("1.x starts once more, and its power is cut: neither its journal nor the drive's is closed") as seen:
        box.pull(world.stick)
        seen["boot_id"] = box.boot()
        drive = until("the drive's partition", 60, lambda: box.ssh("blkid /dev/sd* | grep DOMFLEET || true"), every=1).split(":")[0]
        box.ssh(f"mount -t ext4 {drive} /mnt && touch /mnt/since /since && sync")
        box.kill()
        seen["features"] = made.features()
        check_equal("the drive's journal is not closed", True, "needs_recovery" in seen["features"])
    before = made.drive.path.read_bytes()
    box.plug(world.stick)
    for words, writes in STAGES.items():
        with run.step(f"QEMU is killed in the middle of: {words}") as seen:
            seen.update(cut_in(box, words, writes))
    with run.step("begun once more it comes to its end, and 2.x starts with the stick left in") as seen:
        box.start()
        seen["boot_id"] = box.wait_ready(LAY_OUT_LIMIT)
        check_equal("release", "2.", box.release()[:2])
        check_equal("its root is a volume", box.ssh("stat -c %t:%T -L /dev/vg0/root").strip(), device_of_root(box))
    with run.step("it is called as 1.x was, and has its network"):
        check_equal("/etc/hostname", "pbx-12\n", box.ssh("cat /etc/hostname"))
        check_equal("/etc/network/interfaces", INTERFACES, box.ssh("cat /etc/network/interfaces"))
        box.shutdown()
    with run.step("the marker says under which permit, and the backup drive is, byte for byte, as it was"):
        check_equal("the marker", (made.permit_id, DONE), marker(made.disk))
        check_equal("the drive", True, before == made.drive.path.read_bytes())


def refusal(box):
    return box.wait_serial(rb"recovery: refused: [^\r\n]*", RECOVERY_LIMIT + 120).group(0).decode()


def cut_in(box, words, writes):
    """Starts the recovery, and kills QEMU once this stage has written something, or has begun."""
    box.start()
    said = box.wait_serial(rb"recovery: (refused|broken off|%b)[^\r\n]*" % words.encode(), LAY_OUT_LIMIT).group(0).decode()
    if words not in said:
        raise CheckFailed(said)
    before = box.written()
    serial = box.folder / "serial.log"
    later = re.compile("|".join(list(STAGES)[list(STAGES).index(words) + 1:] or ["the new system is whole"]).encode())
    at = box._serial_seen

    def in_the_middle():
        if later.search(serial.read_bytes(), at):
            return "after"
        return "inside" if box.written() > before + (20 << 20 if words == "writing the system" else 0) else None

    where = until(f"{words} to write", LAY_OUT_LIMIT, in_the_middle, every=0.02) if writes else "inside"
    seen = {"killed": where, "written": box.written() - before}
    box.kill()
    return seen
