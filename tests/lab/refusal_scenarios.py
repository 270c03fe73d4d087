"""What the medium does not do: everything that a permit is not good for, and the disk is as it was."""

import json
import shutil
import subprocess

from drive_image import DriveImage
from migration_scenarios import to_the_permit
from migration_world import refusal
from runner import check_equal, scenario

OTHER_MACHINE = "0b4f1f5e-5a0e-4ce6-9d27-3c1c5f5d9a77"


def permit_name(world):
    return f"/DOMFLEET/m/{world.migration}/permit.json"


def without_permit(world, drive):
    drive.remove(permit_name(world))


def of_another_appliance(world, drive):
    # The drive and the stick of one box in another.
    (world.box.folder / "uuid").write_text(OTHER_MACHINE)


def self_signed(world, drive):
    """As a person would who has the text and no key of ours."""
    signed = json.loads(drive.read(permit_name(world)))
    folder = world.box.folder
    key, text, signature = folder / "stranger.pem", folder / "signed.bin", folder / "signature.bin"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    text.write_bytes(b"domfleet permit 1\n" + signed["permit"].encode())
    subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", text, "-out", signature], check=True)
    signed["signature"] = signature.read_bytes().hex()
    drive.write(permit_name(world), json.dumps(signed).encode())


def expired(world, drive):
    world.box.clock = "2031-01-01T00:00:00"


def flipped(world, drive):
    """One bit of one chunk of the set."""
    name = next(name for name in drive.find("/DOMFLEET", "/00000000") if "/c/" in name)
    chunk = bytearray(drive.read(name))
    chunk[len(chunk) // 2] ^= 1
    drive.write(name, bytes(chunk))


CASES = {
    "without a permit": (without_permit, "there is no permit on the drive"),
    "with a permit of another appliance": (of_another_appliance, "the permit is for another appliance"),
    "with a permit that a stranger has signed": (self_signed, "the signature of the permit is wrong"),
    "with a permit that has run out": (expired, "the permit has run out"),
    "with a flipped bit in the set": (flipped, "the backup set is damaged"),
}


@scenario("the medium refuses each permit that is not good, and the disk is as it was, byte for byte")
def refused(run, world):
    box = to_the_permit(run, world)
    box.shutdown()
    image, machine = world.drive.image, (box.folder / "uuid").read_text()
    kept = box.folder / "kept.img"
    shutil.copy(image, kept)
    box.plug(world.stick("2.x"))
    before = box.digest()
    for what, (change, words) in CASES.items():
        with run.step(what) as seen:
            shutil.copy(kept, image)
            change(world, DriveImage(image))
            box.start()
            seen["said"] = refusal(box)
            check_equal("why", True, words in seen["said"])
            check_equal("bytes written to the system disk", 0, box.written())
            box.kill()
            (box.folder / "uuid").write_text(machine)
            box.clock = None
    with run.step("the system disk is, byte for byte, as it was") as seen:
        check_equal("its hash", before, box.digest())
    shutil.copy(kept, image)


@scenario("the medium refuses where a VM was started since, and 1.x takes its permit back by itself", needs="refused")
def started(run, world):
    box, stick = world.box, world.sticks["stick2"]
    box.pull(stick)
    with run.step("1.x starts, its agent is kept from running, and a VM is started by hand"):
        box.boot()
        box.ssh("kill $(cat /run/domfleet-keeper.pid) $(cat /run/domfleet-agent.pid); true")
        box.ssh("xl create -q /etc/xen/guests/mill.cfg", limit=300)
        world.guests_of("mill", 2)
        box.ssh("xl destroy mill; sync")
        box.shutdown()
    with run.step("the medium refuses") as seen:
        box.plug(stick)
        box.start()
        seen["said"] = refusal(box)
        check_equal("why", True, "has changed since it was copied" in seen["said"])
        box.kill()
    with run.step("1.x, started without the stick, takes the permit back and goes on to a new one") as seen:
        box.pull(stick)
        box.boot()
        seen["events"] = world.until_told("disarmed")
        world.phase("permitted")
