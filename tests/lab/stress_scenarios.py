"""Stress runs in a real dom0: fio, real load on its disk, and the reset button in the middle of one."""

from fleet import REPORT_LIMIT
from machine import PANIC_BOOT_LIMIT, until
from reports import check_end, served_boot
from runner import CheckFailed, check_equal, scenario

FOLDER = "/var/lib/domfleet/domfleet-stress"
SMALL = {"jobs": 5, "size_bytes": 8 << 20, "waive_backups": True}


def at_work(dom0):
    return int(dom0.ssh("grep -lzx '/.*/[f]io' /proc/[0-9]*/cmdline 2>/dev/null | wc -l"))


def left(dom0):
    return dom0.ssh(f"ls {FOLDER} 2>/dev/null || true").split()


@scenario("a small stress run is survived and says so, and a reset in the middle of one is provoked", core=False, needs="joining")
def stress(run, world):
    dom0, api = world.dom0, world.api
    with run.step("20 s of five processes: it is survived, with its numbers, and nothing is left") as seen:
        done = world.operate("stress_run", confirm=world.name, seconds=20, **SMALL)
        result = seen["result"] = done["result"]
        check_equal("seconds", 20, result["seconds"])
        if not (result["read_bytes"] and result["written_bytes"]):
            raise CheckFailed(f"nothing was read or written: {result}")
        check_equal("files of it", [], left(dom0))
        check_equal("processes of it", 0, at_work(dom0))
    with run.step("without a word on backups it is refused") as seen:
        try:
            api.post(f"/api/v1/appliances/{world.id}/operations", {"operation": {"kind": "stress_run"}, "confirm": world.name})
        except Exception as refused:  # noqa: BLE001
            seen["refusal"] = str(refused)
            check_equal("why", True, "backup" in str(refused))
        else:
            raise CheckFailed("it was taken")
    old = dom0.ssh("cat /proc/sys/kernel/random/boot_id").strip()
    with run.step("ten minutes of it are begun") as seen:
        body = {"operation": {"kind": "stress_run", "seconds": 600, **SMALL}, "confirm": world.name}
        operation = api.post(f"/api/v1/appliances/{world.id}/operations", body)
        seen["processes"] = until("fio at work", REPORT_LIMIT, lambda: at_work(dom0), every=1)
        until("progress at the server", REPORT_LIMIT, lambda: load_is_told(api, operation), every=1)
    with run.step("the reset button, and dom0 comes back"):
        dom0.skip_serial()
        dom0.reset()
        world.boot_id = dom0.wait_ready(PANIC_BOOT_LIMIT)
        until("presence online", REPORT_LIMIT, lambda: world.presence() == "online", every=1)
        until("the new boot id", REPORT_LIMIT, lambda: served_boot(world) == world.boot_id, every=1)
    with run.step("that boot's end was provoked") as seen:
        seen.update(check_end(world, old, ("provoked",), ("a stress run was under way",)))
    with run.step("the operation has failed with the death, and nothing of it is left") as seen:
        ended = until("its end", REPORT_LIMIT, lambda: over(api, operation), every=1)
        seen["reason"] = ended["reason"]
        check_equal("state and code", ("failed", "died"), (ended["state"], ended["reason"]["code"]))
        check_equal("files of it", [], left(dom0))
        check_equal("processes of it", 0, at_work(dom0))


def load_is_told(api, operation):
    progress = api.get(f"/api/v1/operations/{operation['id']}").get("progress") or {}
    return progress.get("step", "").startswith("under load for")


def over(api, operation):
    now = api.get(f"/api/v1/operations/{operation['id']}")
    return now if now["state"] in ("succeeded", "failed", "rejected", "cancelled") else None
