"""What healthy boots say: none of it is a sign of a grave fault. What real kernels and a real Xen write is searched
with the client, as an operator would, and the log of the machine that the lab runs on beside it."""

import json
import subprocess

from fleet import binaries_folder, built, target_folder
from machine import PANIC_BOOT_LIMIT
from runner import CheckFailed, check_equal, scenario

BOOTS = 20
GRAVE = ("high", "crit", "fatal")


@scenario("twenty healthy boots, and the log of the machine below, show no sign of a grave fault", core=False, needs="joining")
def healthy(run, world):
    dom0 = world.dom0
    kept = target_folder() / "lab/healthy"
    kept.mkdir(parents=True, exist_ok=True)
    for old in kept.glob("*"):
        old.unlink()
    with run.step(f"{BOOTS} boots, each restarted in order, and what their kernels and Xen said") as seen:
        for number in range(BOOTS):
            (kept / f"dmesg-{number:02}.log").write_text(dom0.ssh("dmesg"))
            (kept / f"xen-{number:02}.log").write_text(dom0.ssh("xl dmesg"))
            dom0.skip_serial()
            dom0.ssh("sync; (sleep 1; reboot) >/dev/null 2>&1 </dev/null &")
            dom0.drop_ssh()
            world.boot_id = dom0.wait_ready(PANIC_BOOT_LIMIT)
        (kept / "serial.log").write_bytes((dom0.folder / "serial.log").read_bytes())
        seen["bytes"] = sum(log.stat().st_size for log in kept.iterdir())
    with run.step("the log of the machine that the lab runs on") as seen:
        host = subprocess.run(["dmesg"], capture_output=True)
        if host.returncode != 0:
            raise CheckFailed(f"dmesg: {host.stderr.decode(errors='replace').strip()}")
        (kept / "host.log").write_bytes(host.stdout)
        seen["bytes"] = len(host.stdout)
    with run.step("domfleet signatures scan finds nothing grave in any of them") as seen:
        logs = sorted(str(log) for log in kept.iterdir())
        check_equal("logs", 2 * BOOTS + 2, len(logs))
        client = built("domfleet", None, binaries_folder(), target_folder() / "release")
        scan = subprocess.run([client, "signatures", "scan", "--json", *logs], capture_output=True, text=True)
        check_equal("exit code", 0, scan.returncode)
        findings = json.loads(scan.stdout)["findings"]
        seen["findings"] = sorted({(found["signature"], found["severity"]) for found in findings})
        grave = [found for found in findings if found["severity"] in GRAVE]
        check_equal("grave findings", [], [(found["file"], found["line"], found["text"]) for found in grave])
