"""Backups in a real dom0: a qcow2 guest onto a USB stick and back onto a logical volume, whatever is
pulled out or cut meanwhile."""

import json
import re

from fleet import REPORT_LIMIT, ApiError
from machine import LabError, until
from runner import CheckFailed, check_equal, scenario

MIB = 1 << 20
GUEST = "gq"
GUEST_DISK = "/var/lib/guests/gq.qcow2"
# The guest keeps its marker in the second MiB; the rest of its disk is filled, so that a backup takes a
# while: the stick is slowed down to what USB 2.0 gives.
DATA_MIB = 160
STICK_RATE = 6 * MIB
BACKUP_LIMIT = 900
GUEST_LIMIT = 180
# Everything is looked at once a minute anyway; what is told sooner was noticed.
NOTICED_LIMIT = 45


def drive(world):
    return next(iter(world.api.get(f"/api/v1/appliances/{world.id}/usb-drives")["drives"]), None)


def drive_that_is(world, use):
    found = drive(world)
    return found if found and found["use"]["kind"] == use else None


def sets(world):
    return world.api.get(f"/api/v1/backup-sets?appliance={world.id}")["sets"]


def begin(world, kind, confirm=None, **fields):
    body = {"operation": {"kind": kind, **fields}}
    if confirm is not None:
        body["confirm"] = confirm
    return world.api.post(f"/api/v1/appliances/{world.id}/operations", body)


def look(world, operation):
    found = world.api.get(f"/api/v1/operations/{operation['id']}")
    if found["state"] in ("failed", "rejected", "cancelled", "expired", "written_off", "succeeded"):
        raise CheckFailed(f"the operation is {found['state']} already: {json.dumps(found.get('reason') or found)}")
    return found


def half_way(world, operation, step):
    """Waits until it has done between a third and all of that step."""

    def check():
        progress = look(world, operation).get("progress") or {}
        total = progress.get("total_bytes")
        return progress if progress.get("step") == step and total and progress["done_bytes"] * 3 > total else None

    return until(f"a third of `{step}`", BACKUP_LIMIT, check, every=0.3)


def start_guest(world):
    """Starts the guest and gives what it found on its disk, and what it has left there."""
    dom0, vm = world.dom0, world.vm(GUEST)
    before = len(dom0.console_log(GUEST))
    world.operate("vm_start", vm=vm["uuid"])

    def up():
        said = dom0.console_log(GUEST)[before:]
        found = re.search(r"GUEST found marker: \[(.*?)\]", said)
        left = re.search(r"GUEST-UP gq .*marker now: \[(.*?)\]", said)
        return (found.group(1), left.group(1)) if found and left else None

    return until("the guest's words on its console", GUEST_LIMIT, up, every=1)


def stop_guest(world):
    world.operate("vm_shutdown", vm=world.vm(GUEST)["uuid"])
    until("the guest to be off", REPORT_LIMIT, lambda: world.vm(GUEST)["state"] == "off", every=1)


@scenario("a USB stick is found and prepared through the API, only with its serial number typed", core=False, needs="joining")
def stick(run, world):
    dom0, api = world.dom0, world.api
    with run.step("plugged in, it is told of within seconds, because the kernel says so"):
        dom0.plug_usb(STICK_RATE)
        found = until("the stick in the inventory", NOTICED_LIMIT, lambda: drive_that_is(world, "empty"), every=0.2)
    at = {"path": found["path"], "size_bytes": found["size_bytes"], "serial": found["hardware"]["serial"]}
    with run.step("without its serial number it is refused"):
        try:
            begin(world, "usb_prepare", confirm=found["path"], drive=at)
            raise CheckFailed("it was not refused")
        except ApiError as error:
            check_equal("the problem", "confirm_required", error.problem["code"])
    with run.step("usb_prepare") as seen:
        world.operate("usb_prepare", confirm=at["serial"], drive=at)
        ready = until("a drive of ours", REPORT_LIMIT, lambda: drive_that_is(world, "ours"), every=1)
        world.drive = seen["drive"] = ready["identity"]["drive"]
        seen["file system (blkid)"] = dom0.ssh(f"blkid {found['path']}1").strip()
        if 'TYPE="ext4"' not in seen["file system (blkid)"]:
            raise CheckFailed("blkid sees no ext4")
    with run.step("nothing of it stays mounted"):
        check_equal("mounts", "", dom0.ssh(f"grep {found['path']} /proc/mounts || true").strip())


@scenario("a backup goes on where the stick was pulled out half way, once it is back", core=False, needs="stick")
def unplugged(run, world):
    dom0, api = world.dom0, world.api
    with run.step(f"the guest's disk is qcow2 and holds {DATA_MIB} MiB that cannot be compressed"):
        until("the guest in the inventory", REPORT_LIMIT, lambda: world.vm(GUEST), every=1)
        if not world.vm(GUEST)["managed"]:
            world.operate("vm_adopt", vm=world.vm(GUEST)["uuid"])
        raw = "/var/lib/guests/filled.raw"
        dom0.ssh(
            f"qemu-img convert -O raw {GUEST_DISK} {raw} && truncate -s {DATA_MIB + 32}M {raw} && "
            f"dd if=/dev/urandom of={raw} bs=1M seek=2 count={DATA_MIB} conv=notrunc 2>/dev/null && "
            f"qemu-img convert -O qcow2 {raw} {GUEST_DISK} && rm {raw} && sync",
            limit=400,
        )
    with run.step("the guest writes a marker and is shut down") as seen:
        _, world.marker = start_guest(world)
        stop_guest(world)
        seen["marker"] = world.marker
        if "MARKER gq" not in world.marker:
            raise CheckFailed("there is no marker")
    with run.step("backup_create is half way") as seen:
        operation = begin(world, "backup_create", drive=world.drive, vms=[world.vm(GUEST)["uuid"]])
        seen["progress"] = half_way(world, operation, "copying")
    with run.step("device_del: the stick is gone, and the operation waits for it") as seen:
        dom0.unplug_usb()
        waits = lambda: (look(world, operation).get("progress") or {}).get("step", "").startswith("waiting")  # noqa: E731
        until("it to wait for the drive", 120, waits, every=0.5)
        check_equal("sets that are verified", [], [one for one in sets(world) if one.get("verified_at")])
        seen["progress"] = look(world, operation)["progress"]
    with run.step("device_add: it goes on by itself and ends well") as seen:
        dom0.plug_usb(STICK_RATE)
        done = seen["operation"] = api.finish(operation, limit=BACKUP_LIMIT)
        world.first_set = done["result"]["sets"][0]["set"]
    with run.step("there is one set, and it is verified") as seen:
        found = seen["sets"] = sets(world)
        check_equal("sets", [world.first_set], [one["set"] for one in found])
        if not found[0].get("verified_at"):
            raise CheckFailed("it is not verified")


@scenario("a backup goes on where the power was cut half way", core=False, needs="unplugged")
def cut(run, world):
    dom0, api = world.dom0, world.api
    with run.step("the guest leaves another marker") as seen:
        before, world.marker = start_guest(world)
        stop_guest(world)
        seen["markers"] = before, world.marker
    with run.step("backup_create is half way"):
        operation = begin(world, "backup_create", drive=world.drive, vms=[world.vm(GUEST)["uuid"]])
        half_way(world, operation, "copying")
    with run.step("QEMU is killed, and the machine started again") as seen:
        dom0.kill()
        seen["boot_id"] = world.boot_id = dom0.boot()
        # Whoever pulls the plug leaves the stick where it is.
        dom0.plug_usb(STICK_RATE)
    with run.step("the operation goes on and ends well") as seen:
        done = seen["operation"] = api.finish(operation, limit=BACKUP_LIMIT)
        world.second_set = done["result"]["sets"][0]["set"]
        if world.second_set == world.first_set:
            raise CheckFailed("it is the set of before, which was finished")
    with run.step("backup_verify finds both sets whole") as seen:
        done = seen["operation"] = world.operate("backup_verify", drive=world.drive, limit=BACKUP_LIMIT)
        found = done["result"]["sets"]
        check_equal("sets", sorted([world.first_set, world.second_set]), sorted(one["set"] for one in found))
        check_equal("not verified", [], [one for one in found if not one.get("verified_at")])


@scenario("a VM out of the set boots from a logical volume and finds its marker", core=False, needs="cut")
def restored(run, world):
    dom0 = world.dom0
    uuid = world.vm(GUEST)["uuid"]
    with run.step("the VM and its disk are removed"):
        world.operate("vm_remove", vm=uuid, disks="keep", confirm=GUEST)
        dom0.ssh(f"rm -f {GUEST_DISK} /etc/xen/guests/{GUEST}.cfg")
        until("the VM to be gone", REPORT_LIMIT, lambda: world.vm(GUEST) is None, every=1)
    with run.step("backup_restore onto the volume group vg0") as seen:
        dom0.make_volume_group()
        done = world.operate(
            "backup_restore", drive=world.drive, vm=uuid, to={"volume_group": "vg0"}, limit=BACKUP_LIMIT
        )
        seen["result"] = done["result"]
        disk, = done["result"]["disks"]
        seen["lvs"] = dom0.ssh(f"lvs --noheadings -o lv_name,lv_size,lv_tags {disk}").strip()
        seen["configuration"] = dom0.ssh(f"cat {done['result']['config']}")
        if disk not in seen["configuration"]:
            raise CheckFailed("the configuration does not name the volume")
    with run.step("it boots from the volume and prints the marker") as seen:
        back = until("the VM in the inventory", REPORT_LIMIT, lambda: world.vm(GUEST), every=1)
        check_equal("its UUID", uuid, back["uuid"])
        if not back["managed"]:
            world.operate("vm_adopt", vm=uuid)
        found, _ = start_guest(world)
        seen["found"] = found
        check_equal("the marker", world.marker, found)
        stop_guest(world)
    with run.step("nobody has said that a drive cannot be unmounted"):
        try:
            said = dom0.ssh("grep -c 'cannot be unmounted' /var/log/domfleet-agent.log || true").strip()
        except LabError as error:
            raise CheckFailed(str(error)) from None
        check_equal("such lines in the agent's log", "0", said)


@scenario("a VM that runs is backed up from a snapshot, goes on running, and nothing is left", core=False, needs="restored")
def running(run, world):
    dom0, api = world.dom0, world.api
    uuid = world.vm(GUEST)["uuid"]
    left = "lvs --noheadings -o lv_name @domfleet.backup 2>/dev/null | tr -d ' '"
    paused = f"xl list {GUEST} | awk 'NR == 2 {{ print $5 }}'"
    with run.step("the guest runs from its volume") as seen:
        _, world.marker = start_guest(world)
        seen["marker"] = world.marker
    with run.step("backup_create with snapshot is half way, and the guest runs") as seen:
        operation = begin(world, "backup_create", drive=world.drive, vms=[uuid], snapshot=True)
        half_way(world, operation, "copying")
        seen["snapshots"] = dom0.ssh(left).split()
        seen["attributes"] = dom0.ssh("lvs --noheadings -o lv_name,lv_attr,lv_size,origin,data_percent @domfleet.backup")
        check_equal("snapshots", 1, len(seen["snapshots"]))
        check_equal("state", "running", world.vm(GUEST)["state"])
    with run.step("it ends well; the guest was never shut down") as seen:
        done = seen["operation"] = api.finish(operation, limit=BACKUP_LIMIT)
        world.live_set = done["result"]["sets"][0]["set"]
        check_equal("snapshots that are left", [], dom0.ssh(left).split())
        if "p" in dom0.ssh(paused):
            raise CheckFailed("the guest is paused")
    with run.step("killed as soon as it begins, the agent leaves no guest paused and no snapshot behind") as seen:
        operation = begin(world, "backup_create", drive=world.drive, vms=[uuid], snapshot=True)
        until("it to begin", 60, lambda: look(world, operation).get("progress"), every=0.05)
        dom0.ssh("kill -9 $(cat /run/domfleet-agent.pid)")
        done = seen["operation"] = api.finish(operation, limit=BACKUP_LIMIT)
        check_equal("snapshots that are left", [], dom0.ssh(left).split())
        if "p" in dom0.ssh(paused):
            raise CheckFailed("the guest is paused")
    with run.step("the guest finds its marker, and the set is still whole") as seen:
        stop_guest(world)
        found, _ = start_guest(world)
        check_equal("the marker on the disk itself", world.marker, found)
        done = world.operate("backup_verify", drive=world.drive, set=world.live_set, limit=BACKUP_LIMIT)
        seen["sets"] = done["result"]["sets"]
        if not done["result"]["sets"][0].get("verified_at"):
            raise CheckFailed("it is not verified")
        stop_guest(world)
