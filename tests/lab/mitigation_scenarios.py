"""Mitigations in a real dom0: in force in its kernel once applied, refused where memory is too tight,
and taken back to the byte. The lab's kernel has many queues for each disk, so the scheduler is `none`."""

import json

from fleet import REPORT_LIMIT, ApiError
from machine import LabError, until
from runner import CheckFailed, check_equal, scenario

FSTAB = "# of the lab\nproc /proc proc defaults 0 0\n/var/lab-swap none swap sw 0 0\n//nas/x /mnt/x cifs user=a,password=lab-s3cret-9 0 0\n"
COMMENTED = FSTAB.replace("/var/lab-swap", "#/var/lab-swap")
SYSCTL = "/etc/sysctl.d/01-overcommit.conf"
SCRIPT = "/etc/local.d/domfleet-scheduler.start"
SWAP_MIB = 32


@scenario("mitigations are in force in dom0's kernel once applied, seen to, and reverted to the byte", core=False, needs="joining")
def mitigations(run, world):
    dom0 = world.dom0
    old = {path: dom0.ssh(f"cat {path} 2>/dev/null || true") for path in ("/etc/fstab", "/etc/domfleet-release")}
    try:
        with run.step("a dom0 of release 1.02 with a swap file, and disks whose I/O the kernel orders") as seen:
            dom0.ssh("cat > /etc/fstab", input=FSTAB)
            dom0.ssh("echo 1.02 > /etc/domfleet-release")
            dom0.ssh(f"dd if=/dev/zero of=/var/lab-swap bs=1M count={SWAP_MIB} status=none; chmod 600 /var/lab-swap; "
                     "mkswap /var/lab-swap >/dev/null; swapon /var/lab-swap")
            dom0.ssh("for s in /sys/block/vd*/queue/scheduler; do echo mq-deadline >$s; done")
            seen["swaps"], seen["schedulers"] = swaps(dom0), schedulers(dom0)
            check_equal("swap (/proc/swaps)", ["/var/lab-swap"], seen["swaps"])
            check_equal("schedulers", {"mq-deadline"}, set(seen["schedulers"].values()))
        swap_off(run, world)
        scheduler_none(run, world)
        overcommit_off(run, world)
        drift(run, world)
        all_reverted(run, world)
    finally:
        release(dom0)
        dom0.ssh("swapoff /var/lab-swap 2>/dev/null; rm -f /var/lab-swap", check=False)
        for path, text in old.items():
            dom0.ssh(f"cat > {path}", input=text, check=False)


def swap_off(run, world):
    dom0 = world.dom0
    with run.step("swap: a dry run shows the line and changes nothing; no password is in it") as seen:
        answer = seen["answer"] = ask(world, "mitigation_apply", "swap", dry_run=True)
        check_equal("status", "not_applied", answer["status"])
        diff = answer["files"][0]["diff"]
        check_equal("the line in the diff", True, "+#/var/lab-swap none swap sw 0 0" in diff)
        check_equal("the password in the diff", False, "lab-s3cret-9" in diff)
        check_equal("/etc/fstab", FSTAB, dom0.ssh("cat /etc/fstab"))
    with run.step("swap: applied, /proc/swaps has only its header") as seen:
        seen["answer"] = ask(world, "mitigation_apply", "swap")
        check_equal("status", "applied", seen["answer"]["status"])
        check_equal("swap (/proc/swaps)", [], swaps(dom0))
        check_equal("/etc/fstab", COMMENTED, dom0.ssh("cat /etc/fstab"))
        check_equal("again", [], ask(world, "mitigation_apply", "swap")["files"])


def scheduler_none(run, world):
    dom0 = world.dom0
    with run.step("scheduler: applied, every disk has none, and a script for the next boot is there") as seen:
        answer = seen["answer"] = ask(world, "mitigation_apply", "scheduler")
        check_equal("status", "applied", answer["status"])
        check_equal("it is said that elevator= has no effect", True, any("elevator=" in why for why in answer["reasons"]))
        seen["schedulers"] = schedulers(dom0)
        check_equal("schedulers", {"none"}, set(seen["schedulers"].values()))
    with run.step("scheduler: the script does the same as the agent did") as seen:
        dom0.ssh("for s in /sys/block/vd*/queue/scheduler; do echo mq-deadline >$s; done")
        dom0.ssh(f"test -x {SCRIPT} && {SCRIPT}")
        seen["schedulers"] = schedulers(dom0)
        check_equal("schedulers", {"none"}, set(seen["schedulers"].values()))


def overcommit_off(run, world):
    dom0 = world.dom0
    with run.step("overcommit: refused with its numbers where too much is promised") as seen:
        total = meminfo(dom0)["MemTotal"]
        # More than 80 % of what the kernel would promise with the highest ratio, 95.
        promise(dom0, total * 95 * 80 // 10_000 + 20 * 1024)
        seen["meminfo"] = meminfo(dom0)
        try:
            ask(world, "mitigation_apply", "overcommit")
        except (LabError, ApiError) as refused:
            seen["refusal"] = str(refused)
            check_equal("its numbers", True, "MiB" in str(refused) and "overcommit_ratio=95" in str(refused))
        else:
            raise CheckFailed(f"it was applied: {meminfo(dom0)}")
        check_equal("overcommit_memory", "0", setting(dom0, "overcommit_memory"))
        check_equal(SYSCTL, "", dom0.ssh(f"cat {SYSCTL} 2>/dev/null || true"))
        release(dom0)
    with run.step("overcommit: with a ratio where that is enough") as seen:
        promise(dom0, total * 70 * 80 // 10_000)
        seen["meminfo"] = meminfo(dom0)
        answer = seen["answer"] = ask(world, "mitigation_apply", "overcommit")
        check_equal("status", "applied", answer["status"])
        ratio = seen["ratio"] = int(setting(dom0, "overcommit_ratio"))
        check_equal("overcommit_memory", "2", setting(dom0, "overcommit_memory"))
        check_equal("the ratio is one of 60 to 95", True, 60 <= ratio <= 95)
        check_equal("the ratio in the file", True, f"vm.overcommit_ratio={ratio}\n" in dom0.ssh(f"cat {SYSCTL}"))
        now = meminfo(dom0)
        check_equal("the limit is the kernel's", True, abs(now["CommitLimit"] - now["MemTotal"] * ratio // 100) < 1024)
        release(dom0)


def drift(run, world):
    dom0 = world.dom0
    with run.step("the server says that all three are applied"):
        until("all three applied", REPORT_LIMIT, lambda: set(standings(world).values()) == {"applied"}, every=1)
    with run.step("what is not in force any more raises an alarm, which ends when it is applied again") as seen:
        dom0.ssh("echo mq-deadline > /sys/block/vda/queue/scheduler")
        ask(world, "mitigation_check", "scheduler")
        until("a drift", REPORT_LIMIT, lambda: standings(world)["scheduler"] == "drifted", every=1)
        seen["alarm"] = until("an alarm", 30, lambda: alarm(world), every=1)
        check_equal("status", "applied", ask(world, "mitigation_apply", "scheduler")["status"])
        until("no alarm", REPORT_LIMIT, lambda: not alarm(world), every=1)


def all_reverted(run, world):
    dom0 = world.dom0
    with run.step("reverted: files to the byte, and the kernel as it was") as seen:
        for which in ("overcommit", "scheduler", "swap"):
            answer = seen[which] = ask(world, "mitigation_revert", which)
            check_equal(f"status of {which}", "not_applied", answer["status"])
        check_equal("/etc/fstab", FSTAB, dom0.ssh("cat /etc/fstab"))
        check_equal("files of ours", "", dom0.ssh(f"ls {SYSCTL} {SCRIPT} 2>/dev/null || true").strip())
        check_equal("swap (/proc/swaps)", ["/var/lab-swap"], swaps(dom0))
        check_equal("schedulers", {"mq-deadline"}, set(schedulers(dom0).values()))
        check_equal("overcommit_memory", "0", setting(dom0, "overcommit_memory"))
        check_equal("overcommit_ratio", "50", setting(dom0, "overcommit_ratio"))


# --- what dom0 and the server say -------------------------------------------------------------------


def ask(world, kind, which, **fields):
    """What an operation says of that mitigation."""
    done = world.operate(kind, which=which, **fields)
    found = [one for one in done["result"]["mitigations"] if one["which"] == which]
    if not found:
        raise CheckFailed(f"nothing is said of {which}: {json.dumps(done['result'])}")
    return found[0]


def standings(world):
    found = world.api.get(f"/api/v1/appliances/{world.id}/mitigations")["mitigations"]
    return {one["which"]: one["status"] for one in found}


def alarm(world):
    found = world.api.get("/api/v1/alarms")["alarms"]
    return next((one for one in found if one["kind"] == "mitigation_drifted" and not one["cleared_at"]), None)


def swaps(dom0):
    return [line.split()[0] for line in dom0.ssh("cat /proc/swaps").splitlines()[1:]]


def schedulers(dom0):
    lines = dom0.ssh("grep . /sys/block/vd*/queue/scheduler").splitlines()
    chosen = (line.partition(":") for line in lines)
    return {path.split("/")[3]: text.split("[")[1].split("]")[0] for path, _, text in chosen}


def setting(dom0, name):
    return dom0.ssh(f"cat /proc/sys/vm/{name}").strip()


def meminfo(dom0):
    """Numbers of /proc/meminfo, in KiB."""
    lines = (line.split() for line in dom0.ssh("cat /proc/meminfo").splitlines())
    return {words[0].rstrip(":"): int(words[1]) for words in lines}


def promise(dom0, kib):
    """Has so much memory promised in all: dd takes its buffer and waits, and touches none of it."""
    more = kib - meminfo(dom0)["Committed_AS"]
    if more <= 0:
        raise CheckFailed(f"{-more} KiB more than {kib} are promised already")
    quiet = ">/dev/null 2>&1 </dev/null"
    dom0.ssh(
        "rm -f /run/tight; mkfifo /run/tight; "
        "{ sleep 900 >/run/tight 2>/dev/null </dev/null & echo $! >/run/tight.pids; }; "
        f"dd if=/run/tight of=/dev/null bs={more}K count=1 {quiet} & echo $! >>/run/tight.pids"
    )
    until("that much to be promised", 30, lambda: meminfo(dom0)["Committed_AS"] >= kib - 4096, every=0.5)


def release(dom0):
    """Ends that, and waits until the kernel has it back."""
    dom0.ssh(
        "[ -e /run/tight.pids ] || exit 0; for pid in $(cat /run/tight.pids); do kill $pid 2>/dev/null; "
        "while [ -d /proc/$pid ]; do sleep 0.1; done; done; rm -f /run/tight /run/tight.pids",
        check=False,
    )
