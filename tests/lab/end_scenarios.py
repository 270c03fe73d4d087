"""How boots end in a real dom0, beside a panic and an orderly reboot: one that stands still until somebody resets
it, and one whose disk does not answer, so that its watchdog does."""

from fleet import REPORT_LIMIT
from machine import PANIC_BOOT_LIMIT, until
from reports import bundles_for, check_end, new_bundle, served_boot
from runner import CheckFailed, scenario

# By the design an appliance is stale after 90 s and offline after 300 s of silence.
STALE_LIMIT, OFFLINE_LIMIT = 200, 480
# The agent asks for 60 s; the lab's watchdog has two stages, each of half of that.
STARVED_LIMIT = 240
AGENT_CONFIG = "/etc/domfleet/agent.toml"
KEEPER_LIMIT = 60


def running_boot(world):
    return world.dom0.ssh("cat /proc/sys/kernel/random/boot_id").strip()


def back(world, old):
    """Waits until dom0 has restarted and the server knows it."""
    world.boot_id = world.dom0.wait_ready(PANIC_BOOT_LIMIT)
    if world.boot_id == old:
        raise CheckFailed("dom0 has not restarted")
    until("presence online", REPORT_LIMIT, lambda: world.presence() == "online", every=1)
    until("the new boot id", REPORT_LIMIT, lambda: served_boot(world) == world.boot_id, every=1)
    return world.boot_id


@scenario("a dom0 that stands still goes stale, then offline, and after a reset it is told that it hung", core=False, needs="joining")
def frozen(run, world):
    dom0 = world.dom0
    old, before = running_boot(world), bundles_for(world, "unclean_boot")
    with run.step("a sign of life of this boot is on disk"):
        until("alive.0.json or alive.1.json", REPORT_LIMIT,
              lambda: old in dom0.ssh("cat /var/lib/domfleet/alive.?.json 2>/dev/null || true"), every=2)
        dom0.drop_ssh()
    with run.step("QMP stop: sockets stay open, nothing answers"):
        dom0.freeze()
    with run.step("the server says stale"):
        until("presence stale", STALE_LIMIT, lambda: world.presence() in ("stale", "offline"), every=1)
    with run.step("the server says offline"):
        until("presence offline", OFFLINE_LIMIT, lambda: world.presence() == "offline", every=1)
    with run.step("the reset button, and it comes back in another boot") as seen:
        dom0.skip_serial()
        dom0.reset()
        seen["boot_id"] = back(world, old)
    with run.step("that boot hung, or lost its power, and it is told why") as seen:
        seen.update(check_end(world, old, ("hang", "power_loss"), ("after its last sign of life", "power", "blocked")))
    with run.step("its bundle comes by itself") as seen:
        seen["files"] = len(new_bundle(world, "unclean_boot", before))


def restart_agent(dom0):
    """As the appliance's service manager would; the keeper starts it again."""
    dom0.ssh("read old </run/domfleet-agent.pid; kill -TERM $old; "
             "while [ \"$(cat /run/domfleet-agent.pid)\" = $old ]; do sleep 1; done", limit=KEEPER_LIMIT)


def feeds(dom0):
    """Whether the agent holds the watchdog."""
    return "watchdog" in dom0.ssh("ls -l /proc/$(cat /run/domfleet-agent.pid)/fd 2>/dev/null || true")


@scenario("a dom0 whose disk takes no more writes is reset by the watchdog that the agent feeds, and that is told", core=False, needs="joining")
def starved(run, world):
    dom0 = world.dom0
    old, before = running_boot(world), bundles_for(world, "unclean_boot")
    with run.step("watchdog = true, and the agent is started anew") as seen:
        dom0.ssh(f"sed -i '1i watchdog = true' {AGENT_CONFIG}; sync")
        restart_agent(dom0)
        until("the agent to hold the watchdog", REPORT_LIMIT, lambda: feeds(dom0), every=2)
        seen["watchdog"] = dom0.ssh("grep -H . /sys/class/watchdog/watchdog0/* 2>/dev/null || true")
    with run.step("it is fed: a minute and a half later the same boot runs"):
        dom0.ssh("sleep 90", limit=150)
        if running_boot(world) != old:
            raise CheckFailed("it was reset although it was fed")
    with run.step("fsfreeze: dom0 goes on, but nothing comes to its disk") as seen:
        dom0.skip_serial()
        dom0.ssh("(sleep 1; fsfreeze -f /) >/dev/null 2>&1 </dev/null &")
        dom0.drop_ssh()
        dom0.wait_serial(rb"Xen version", STARVED_LIMIT)
        seen["boot_id"] = back(world, old)
    with run.step("the watchdog ended that boot, by its own word or by the agent's record") as seen:
        seen.update(check_end(world, old, ("watchdog",), ("boot status", "was armed")))
    with run.step("its bundle comes by itself") as seen:
        seen["files"] = len(new_bundle(world, "unclean_boot", before))
    with run.step("without watchdog = true the agent lets it go, and dom0 goes on") as seen:
        dom0.ssh(f"sed -i '/^watchdog/d' {AGENT_CONFIG}; sync")
        restart_agent(dom0)
        dom0.ssh("sleep 90", limit=150)
        if feeds(dom0) or running_boot(world) != world.boot_id:
            raise CheckFailed("it is fed, or it has bitten")
