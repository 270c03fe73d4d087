"""A migration for real: 1.x, the drive, the stick and 2.x, by the server's API alone but for what a person plugs."""

import json

from machine import until
from migration_world import PHASE_LIMIT, events, refusal
from runner import check_equal, scenario
from system_scenarios import RECOVERY_LIMIT, guests_are_up

# What dom0 itself writes while it runs, and the agent's own folder; the guests' disks are theirs while they run.
NOT_OURS = "/var/log /var/lib/xen /var/lib/domfleet /var/lib/guests /etc/xen/auto /opt /run /tmp"


def files(box):
    """Every file of the system disk that neither dom0 nor its guests write, with its hash; and every link."""
    prune = " -o ".join(f"-path .{path}" for path in NOT_OURS.split())
    found = f"cd / && find . ./boot -xdev \\( {prune} \\) -prune -o"
    hashed = box.ssh(f"{found} -type f -print0 | sort -zu | xargs -0 md5sum", limit=900)
    links = box.ssh(f"{found} -type l -printf '%l  %p\\n' | sort -u", limit=300)
    return dict(reversed(line.split("  ", 1)) for line in (hashed + links).splitlines())


def differing(before, after):
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def to_the_permit(run, world):
    """A new appliance on 1.x, its VMs on the drive, and a permit."""
    box = world.begin()
    with run.step("1.x starts from its disk, and both guests write their first markers") as seen:
        seen["boot_id"] = box.boot()
        seen.update(guests_are_up(box, 1))
    with run.step("the agent joins") as seen:
        seen["id"] = world.join()
    with run.step("the drive is plugged in and prepared, by the API") as seen:
        seen["drive"] = world.prepare_drive()
    with run.step("the preflight finds nothing in the way") as seen:
        preflight = world.preflight()
        report = preflight["result"]
        seen["blockers"], seen["time"] = report["blockers"], report["time"]
        check_equal("blockers", [], report["blockers"])
    before = files(box)
    with run.step("the migration is started, and comes to a permit with no further word") as seen:
        seen["migration"] = world.start(preflight)
        permitted = world.phase("permitted")
        seen["line"] = [(one["phase"], one["state"]) for one in permitted["line"]]
        check_equal("guests that run", set(), world.running())
    with run.step("until then no file of the system disk was written but the agent's own") as seen:
        check_equal("files that differ", [], differing(before, files(box)))
        seen["files"] = len(before)
    return box


def reset(run, world, release):
    """The stick of that release is plugged in, and the appliance restarted."""
    box, stick = world.box, world.stick(release)
    with run.step(f"the stick of {release} is plugged in, and the appliance restarted"):
        box.plug(stick)
        box.restart()
    with run.step("the medium lays the system out") as seen:
        seen["said"] = box.wait_serial(rb"recovery: (done; starting the new system|refused: [^\r\n]*|it broke off[^\r\n]*)",
                                       PHASE_LIMIT).group(1).decode()
        check_equal("its last word", "done; starting the new system", seen["said"])
    with run.step("the system starts from the disk") as seen:
        seen["boot_id"] = box.wait_ready(RECOVERY_LIMIT)
        check_equal("release", release[0], box.release()[0])
        box.pull(stick)


@scenario("a 1.x appliance comes to 2.x through the medium, and its guests find on volumes what they left in images")
def moved(run, world):
    box = to_the_permit(run, world)
    reset(run, world, "2.x")
    with run.step("the appliance is taken in again as the same one") as seen:
        world.phase("restoring", "validating", "soaking", "succeeded")
        appliance = until("the appliance to be online", PHASE_LIMIT, lambda: online(world), every=1)
        seen["epoch"] = appliance.get("epoch")
        seen["hypervisor"] = appliance.get("hypervisor_version")
    with run.step("both guests run from logical volumes, and print the markers that they wrote on 1.x") as seen:
        seen.update(world.guests(2))
        seen["volumes"] = box.ssh("lvs --noheadings -o lv_name,lv_size vg0").split()
    with run.step("it is watched, and succeeds") as seen:
        done = world.phase("succeeded")
        check_equal("VMs that are settled", done["vms_total"], done["vms_settled"])
    with run.step("the history is complete, from the plan to the end") as seen:
        seen["events"] = told = events(world.records())
        for event in ("planned", "drive_claimed", "sealed", "verified", "armed", "permitted", "adopted", "vm_healthy", "soaking", "ended"):
            check_equal(f"{event} is told of", True, event in told)


def online(world):
    appliance = world.api.appliance(world.id)
    return appliance if appliance["presence"] == "online" else None


@scenario("drive and stick kept in a healthy 2.x do no harm, and a permit that was used is refused", needs="moved")
def kept(run, world):
    box, stick = world.box, world.stick("2.x")
    with run.step("restarted with both plugged in, 2.x starts; the recovery never does") as seen:
        box.plug(stick)
        box.restart()
        seen["boot_id"] = box.wait_ready()
        check_equal("release", "2.", box.release()[:2])
        seen.update(world.guests(3))
    with run.step("where the loader does not know the disk for a finished 2.x, the medium refuses, and starts it") as seen:
        disk = box.ssh("vgs --noheadings -o pv_name vg0").strip().rstrip("0123456789")
        name_disk(box, disk, r"\x78\x56\x34\x12")
        box.restart()
        seen["said"] = refusal(box)
        check_equal("it says that the permit was used", True, "this permit was used" in seen["said"])
        box.wait_ready()
        check_equal("release", "2.", box.release()[:2])
    with run.step("both guests are as they were") as seen:
        seen.update(world.guests(4))
        name_disk(box, disk, r"\x32\x4d\x4f\x44")
        box.pull(stick)


def name_disk(box, disk, id):
    """Writes another id into the MBR, the lowest byte first."""
    box.ssh(f"printf '{id}' | dd of={disk} bs=1 seek=440 conv=notrunc,fsync 2>/dev/null")


@scenario("rolled back, 1.x is there again with what its guests had when they left it", needs="moved")
def back(run, world):
    with run.step("an operator wants to go back"):
        world.api.post(f"/api/v1/migrations/{world.migration}/rollback", {"reason": "the telephones are silent"})
    with run.step("the permit for the way back is on the drive") as seen:
        seen["waits"] = until("the wait for the other stick", PHASE_LIMIT, lambda: waits_for(world, "reset_back"), every=1)
    reset(run, world, "1.x")
    with run.step("it is rolled back, and both guests run from images as they left them") as seen:
        world.phase("rolled_back")
        # The marker that the first start on 1.x has left, and the one of now.
        seen.update(world.guests(2))
        seen["images"] = world.box.ssh("grep -h target /var/lib/domfleet/vms/*.cfg").split("\n")


def waits_for(world, what):
    now = world.now()
    return now if now["waits"] == what else None


@scenario("with the server away from the permit to the end the appliance finishes, and the history is complete when it is back")
def alone(run, world):
    box = to_the_permit(run, world)
    with run.step("the server goes away"):
        world.server.stop()
    reset(run, world, "2.x")
    with run.step("both guests run from logical volumes") as seen:
        seen.update(world.guests(2))
    with run.step("the appliance says on its console that it has succeeded"):
        def succeeded():
            said = box.ssh("/opt/domfleet/domfleet-agent migration status --json", check=False, limit=60)
            return said and json.loads(said)["phase"] == "succeeded"

        until("succeeded", PHASE_LIMIT, succeeded, every=2)
    with run.step("the server comes back, and knows everything") as seen:
        world.api = world.server.start()
        world.phase("succeeded")
        seen["events"] = told = events(world.records())
        check_equal("the end is told of", "ended", told[-1])
