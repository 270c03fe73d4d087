"""One appliance that is taken from 1.x to 2.x: its machine, the server, the backup drive and the sticks."""

import shutil
import subprocess

from disk_machine import DiskMachine, Stick, make_stick
from fleet import OPERATION_LIMIT, REPORT_LIMIT, agent_disk
from machine import LabError, until
from runner import check_equal
from system_scenarios import GUESTS

DRIVE_SIZE = "2G"
# Measured beside nothing else: to the permit 60 to 90 s, the medium 60 s, restore 60 s.
PHASE_LIMIT = 1200
# How long a guest of the lab has to be up, and a box to be watched: the design's are minutes and days.
HEALTHY_AFTER, SOAK = 20, 20
ONE_COPY = "one drive holds the only copy"

# A system that the medium has laid out comes out of the artifact without settings, and the agent that a vendor would have
# put there has them. It runs at once; the first of all waits until it has been joined.
START = """#!/bin/busybox sh
export PATH=/usr/lib/xen-4.17/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mkdir -p /etc/domfleet
# Durable before it has its name: a power cut right after the first start would leave an empty one.
if ! [ -s /etc/domfleet/agent.toml ]; then
    cp /opt/domfleet/agent.toml /etc/domfleet/agent.toml.new && sync && mv /etc/domfleet/agent.toml.new /etc/domfleet/agent.toml
fi
echo $$ >/run/domfleet-keeper.pid
while :; do
    if [ -e /etc/domfleet/permit-keys ] || [ -e /etc/domfleet/joined ]; then
        /opt/domfleet/domfleet-agent run >>/var/log/domfleet-agent.log 2>&1 &
        echo $! >/run/domfleet-agent.pid
        wait $!
    fi
    /bin/busybox sleep 2
done
"""
AGENT_CONFIG = """vm_config_dir = "/etc/xen/guests"
release_file = "/etc/domfleet-release"
"""


class Migrations:
    """What the scenarios share; each takes a machine of its own."""

    def __init__(self, image, server, agent, logs):
        self.image, self.server, self.agent, self.logs = image, server, agent, logs
        self.api = self.box = self.id = self.migration = None
        self.keys = None

    def end(self):
        if self.box:
            self.logs.mkdir(parents=True, exist_ok=True)
            for name in ("serial.log", "qemu.log"):
                if (self.box.folder / name).exists():
                    shutil.copy(self.box.folder / name, self.logs / name)
            self.box.kill()
            shutil.rmtree(self.box.folder, ignore_errors=True)
            self.box = None

    # --- the machine, the drive and the sticks -------------------------------------------------------

    def begin(self, system="lab-1x"):
        """A new appliance of its own, turned off."""
        self.end()
        self.box = DiskMachine.create(self.image, system)
        content = agent_disk(self.box.folder / "agent", self.agent)
        (content / "start").write_text(START)
        (content / "agent.toml").write_text(AGENT_CONFIG)
        self.box.set_agent_disk(content)
        drive = self.box.folder / "drive.img"
        subprocess.run(["truncate", "-s", DRIVE_SIZE, drive], check=True)
        self.drive = Stick(drive, name="drive0", boot_index=None)
        self.sticks = {}
        self.id = self.migration = None
        return self.box

    def stick(self, release, keys=None, name=None):
        """The recovery stick that lays out 1.x or 2.x and trusts the server's permit keys, or others."""
        name = name or f"stick{release[0]}"
        if name not in self.sticks:
            artifact = next(self.image.glob(f"domfleet-{release[0]}x-*.tar.zst"))
            file = self.box.folder / f"{name}.keys"
            file.write_text(keys or self.permit_keys())
            to = make_stick(self.image, self.box.folder / f"{name}.img", artifact, agent=self.agent, keys=file)
            self.sticks[name] = Stick(to, name=name)
        return self.sticks[name]

    def permit_keys(self):
        """The public halves of the server's permit keys, as a stick takes them."""
        if self.keys is None:
            done = subprocess.run([self.server.binary, "permit-keys", "--config", self.server.config],
                                  capture_output=True, text=True, timeout=60, cwd=self.server.folder)
            if done.returncode != 0:
                raise LabError(f"domfleet-server permit-keys: {done.stderr.strip()}")
            self.keys = done.stdout
        return self.keys

    # --- the server's view ---------------------------------------------------------------------------

    def join(self):
        """The agent gets in; gives the appliance's id."""
        before = {one["id"] for one in self.api.appliances()}
        token = self.server.join_token()
        self.box.ssh("mkdir -p /etc/domfleet && cat > /etc/domfleet/agent.toml", input=AGENT_CONFIG)
        self.box.ssh(f"/opt/domfleet/domfleet-agent join {token} --server {self.server.url} 2>&1", limit=120)
        self.box.ssh("touch /etc/domfleet/joined; sync")

        def online():
            new = (one for one in self.api.appliances() if one["id"] not in before)
            return next((one for one in new if one["presence"] == "online"), None)

        self.id = until("the appliance to be online", REPORT_LIMIT, online, every=1)["id"]
        return self.id

    def operate(self, kind, confirm=None, **fields):
        return self.api.operate(self.id, kind, confirm, limit=OPERATION_LIMIT, **fields)

    def prepare_drive(self):
        """Plugs the drive in and makes it ours; gives its id."""
        self.box.plug(self.drive)

        def drives():
            return self.api.get(f"/api/v1/appliances/{self.id}/usb-drives")["drives"]

        def that_is(use):
            return next((one for one in drives() if one["use"]["kind"] == use), None)

        found = until("the drive in the inventory", REPORT_LIMIT, lambda: that_is("empty"), every=1)
        at = {"path": found["path"], "size_bytes": found["size_bytes"], "serial": found["hardware"]["serial"]}
        self.operate("usb_prepare", confirm=at["serial"], drive=at)
        ready = until("a drive of ours", REPORT_LIMIT, lambda: that_is("ours"), every=1)
        return ready["identity"]["drive"]

    def preflight(self):
        """The appliance's look at itself: the operation, whose result is the report."""
        return self.operate("migration_preflight")

    def start(self, preflight, **fields):
        body = {"appliance": self.id, "preflight": preflight["id"], "one_copy": ONE_COPY,
                "healthy_after_seconds": HEALTHY_AFTER, "soak_seconds": SOAK, **fields}
        self.migration = self.api.post("/api/v1/migrations", body)["id"]
        return self.migration

    def now(self):
        return self.api.get(f"/api/v1/migrations/{self.migration}")

    def phase(self, *wanted, limit=PHASE_LIMIT):
        """Waits until the server's view of it is in one of these phases."""
        # From none of them does it go on by itself.
        ends = {"succeeded", "failed_safe", "deferred", "cancelled", "rolled_back", "lost_appliance", "needs_hands"}
        last = []

        def there():
            last[:] = [self.now()]
            phase = last[0]["phase"]
            if phase in ends and phase not in wanted:
                vms = [(vm["name"], vm["progress"]) for vm in last[0]["vms"]]
                raise LabError(f"it is {phase}: {last[0].get('given_up')} {last[0].get('trouble')} {vms}")
            return last[0] if phase in wanted else None

        try:
            return until(f"the phase {' or '.join(wanted)}", limit, there, every=1)
        except LabError as error:
            said = {key: last[0].get(key) for key in ("phase", "waits", "what", "trouble")} if last else None
            raise LabError(f"{error}; at last: {said}\n{self.agent_log()}") from None

    def records(self):
        records, after = [], 0
        while True:
            page = self.api.get(f"/api/v1/migrations/{self.migration}/records?limit=200&after={after}")
            records += page["records"]
            if not page.get("next"):
                return records
            after = page["next"]

    def agent_log(self, lines=25):
        if not self.box or not self.box.running():
            return ""
        return self.box.ssh(f"tail -n {lines} /var/log/domfleet-agent.log", check=False, limit=30) or ""

    # --- guests --------------------------------------------------------------------------------------

    def guests(self, starts, limit=600):
        """Waits until both guests are up, and sees that each marker tells of so many starts on its disk."""
        return {guest: self.guests_of(guest, starts, limit) for guest in GUESTS}

    def guests_of(self, guest, starts, limit=600):
        """The same of one."""
        line = until(f"GUEST-UP {guest}", limit, lambda: self._last_up(guest, starts), every=2)
        check_equal(f"starts that the marker of {guest} tells of", starts, line.count(f"MARKER {guest} boot"))
        return line

    def until_told(self, event, limit=PHASE_LIMIT):
        """Waits until the server has a record of such an event; gives all that it has."""

        def told():
            names = events(self.records())
            return names if event in names else None

        return until(f"`{event}` in the history", limit, told, every=1)

    def _last_up(self, guest, starts):
        """The words of its last start; nothing as long as it is an earlier one."""
        lines = [one.strip() for one in self.box.console_log(guest).splitlines() if f"GUEST-UP {guest}" in one]
        return lines[-1] if lines and lines[-1].count(f"MARKER {guest} boot") >= starts else None

    def running(self):
        """The names of the domains beside dom0."""
        rows = [line.split() for line in self.box.ssh("xl list").splitlines()[1:]]
        return {row[0] for row in rows if row[1] != "0"}


def refusal(box, limit=400):
    """What the recovery says when it refuses."""
    return box.wait_serial(rb"recovery: refused: [^\r\n]*", limit).group(0).decode()


def events(records):
    return [one["event"] for one in records]
