"""One lab machine: a Xen dom0 in QEMU without hardware virtualisation, driven from Python.

    with Machine.create(image()) as dom0:
        dom0.boot()
        print(dom0.ssh("xl info"))

The machine writes to an overlay in its run folder, so the image is never changed. Every wait has a
limit. The limits are for a host that is much too busy: they cost nothing where all goes well.
"""

import ctypes
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent

BOOT_LIMIT = 300  # measured: 11 to 25 s, and 52 s at a load of 11 on two cores
PANIC_BOOT_LIMIT = 360  # measured: 31 s, of which Xen waits 5
COMMAND_LIMIT = 120
DATA_DISK = "8G"
AGENT_DISK_SLACK = 16 << 20

XEN_OPTIONS = (
    "dom0_mem=512M,max:512M dom0_max_vcpus=1 console=com1 com1=115200,8n1 "
    "loglvl=all guest_loglvl=all spec-ctrl=no xpti=0 ucode=no watchdog=0"
)
KERNEL_OPTIONS = (
    "console=hvc0 root=/dev/vda init=/linuxrc panic=0 mitigations=off audit=0 "
    "quiet loglevel=4 cryptomgr.notests"
)
# What dom0's commands are found by; the wrapper scripts of Debian cost a second each here.
DOM0_PATH = "/usr/lib/xen-4.17/bin:/usr/sbin:/usr/bin:/sbin:/bin"

READY = re.compile(rb"LAB-READY boot_id=([0-9a-f-]{36})")


class LabError(Exception):
    """The lab itself failed: no QEMU, no boot, no login, a limit passed."""


class CommandFailed(LabError):
    def __init__(self, command, status, output, errors):
        super().__init__(f"dom0: {command!r} ended with {status}: {errors.strip() or output.strip()}")
        self.status, self.output, self.errors = status, output, errors


def image():
    """The folder of the lab's image, built first if there is none for this state of the scripts."""
    built = subprocess.run([HERE / "build-image"], stdout=subprocess.PIPE, text=True)
    if built.returncode != 0:
        raise LabError("the lab's image could not be built (see above)")
    return Path(built.stdout.strip().splitlines()[-1])


def until(what, limit, check, every=0.2):
    """Waits for `check` to return something true and returns that; LabError after `limit` seconds."""
    deadline = time.monotonic() + limit
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > deadline:
            raise LabError(f"waited {limit:.0f} s in vain for {what}")
        time.sleep(every)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _die_with_parent():
    """Between fork and exec: no QEMU may outlive the process that started it (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Machine:
    def __init__(self, image, folder, port):
        self.image, self.folder, self.port = Path(image), Path(folder), port
        self.pid = None
        self._process = None
        self._serial_seen = 0
        self._own_folder = False

    @classmethod
    def create(cls, image, folder=None):
        """A new machine with blank overlay and data disks. Socket paths must stay short, hence /tmp."""
        machine = cls._bare(image, folder)
        folder = machine.folder
        _run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", machine.image / "root.qcow2", folder / "root.qcow2")
        _run("qemu-img", "create", "-q", "-f", "qcow2", folder / "data.qcow2", DATA_DISK)
        _run("qemu-img", "create", "-q", "-f", "qcow2", folder / "usb.qcow2", "1G")
        return machine

    @classmethod
    def _bare(cls, image, folder=None):
        """One without disks."""
        own = folder is None
        folder = Path(folder or tempfile.mkdtemp(prefix="domlab-", dir="/tmp"))
        machine = cls(image, folder, free_port())
        machine._own_folder = own
        (folder / "erst.bin").write_bytes(bytes(65536))
        (folder / "uuid").write_text(str(uuid.uuid4()))
        shutil.copy(machine.image / "id_ed25519", folder / "id_ed25519")
        (folder / "id_ed25519").chmod(0o600)
        return machine

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- the machine -----------------------------------------------------------------------------

    def set_agent_disk(self, content):
        """Puts a folder's content on the disk that dom0 mounts at /opt/domfleet at its next power-on."""
        disk = self.folder / "agent.raw"
        disk.unlink(missing_ok=True)
        size = sum(path.stat().st_size for path in Path(content).rglob("*") if path.is_file())
        _run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", content, disk, f"{(size * 5 // 4 + AGENT_DISK_SLACK) >> 10}k")

    def start(self, detached=False):
        """Power on. `detached` leaves QEMU running when this process ends (for `lab up` only)."""
        self.skip_serial()
        with open(self.folder / "qemu.log", "ab") as log:
            self._process = subprocess.Popen(
                self._qemu(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=None if detached else _die_with_parent,
            )
        self.pid = self._process.pid

    def boot(self, limit=BOOT_LIMIT):
        """Power on and wait until dom0 can be worked with; returns its boot id."""
        self.start()
        return self.wait_ready(limit)

    def wait_ready(self, limit=BOOT_LIMIT):
        """Waits for the next LAB-READY on the serial console and a login; returns the boot id."""
        boot_id = self.wait_serial(READY, limit).group(1).decode()
        self.drop_ssh()
        until("a login", limit, lambda: self.ssh("true", limit=30, check=False) == "")
        return boot_id

    def skip_serial(self):
        """What the serial console has said so far is not waited for any more."""
        serial = self.folder / "serial.log"
        self._serial_seen = serial.stat().st_size if serial.exists() else 0

    def wait_serial(self, pattern, limit):
        """Waits for a pattern on the serial console after the last one waited for."""

        def found():
            if not self.running():
                raise LabError(f"QEMU ended: {self.qemu_log()}\n{self.serial_tail()}")
            text = (self.folder / "serial.log").read_bytes() if (self.folder / "serial.log").exists() else b""
            match = re.compile(pattern).search(text, self._serial_seen)
            if match:
                self._serial_seen = match.end()
            return match

        try:
            return until(f"{pattern!r} on the serial console", limit, found)
        except LabError as error:
            raise LabError(f"{error}\n{self.serial_tail()}") from None

    def serial_tail(self, lines=25):
        try:
            return "\n".join((self.folder / "serial.log").read_text(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""

    def qemu_log(self):
        return (self.folder / "qemu.log").read_text(errors="replace")[-2000:]

    def running(self):
        if self._process is not None:
            return self._process.poll() is None
        return self.pid is not None and _is_our_qemu(self.pid, self.folder)

    def kill(self):
        """A power cut: whatever dom0 did not get onto its disks is lost."""
        self.drop_ssh()
        if self.running():
            os.kill(self.pid, signal.SIGKILL)
            until("QEMU to end", 20, lambda: not self.running(), every=0.05)
        self._process = self.pid = None

    def shutdown(self, limit=COMMAND_LIMIT):
        """A clean power-off of dom0; QEMU ends with it."""
        self.ssh("poweroff", check=False, limit=20)
        until("dom0 to power off", limit, lambda: not self.running())
        self.kill()

    def reset(self):
        """The reset button."""
        self.qmp("stop")
        self.qmp("system_reset")
        self.qmp("cont")
        self.drop_ssh()

    def freeze(self):
        """The appliance stops dead: sockets stay open, nothing answers."""
        self.qmp("stop")

    def thaw(self):
        self.qmp("cont")

    def panic(self):
        """Makes dom0's kernel panic. The login dies with it, so nothing is waited for here."""
        self.ssh("sync; (sleep 1; echo c > /proc/sysrq-trigger) >/dev/null 2>&1 </dev/null &", check=False, limit=60)
        self.drop_ssh()

    def qmp(self, command, limit=30, **arguments):
        """One command to QEMU's monitor; returns its answer."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(limit)
            link.connect(str(self.folder / "qmp.sock"))
            with link.makefile("rw", encoding="utf-8", newline="\n") as lines:
                lines.readline()  # the greeting
                for request in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                    lines.write(json.dumps(request) + "\n")
                    lines.flush()
                    answer = json.loads(lines.readline())
                    while "event" in answer:
                        answer = json.loads(lines.readline())
                    if "error" in answer:
                        raise LabError(f"qmp {command}: {answer['error']['desc']}")
                return answer["return"]

    def plug_usb(self, bytes_per_second=0):
        """Plugs the lab's USB stick in; dom0 sees it as /dev/sdX. 0 is as fast as it can be."""
        nodes = {node.get("node-name") for node in self.qmp("query-named-block-nodes")}
        if "stick" not in nodes:
            self.qmp("object-add", **{"qom-type": "throttle-group", "id": "stick-rate",
                                      "limits": {"bps-total": bytes_per_second}})
            self.qmp("blockdev-add", **{"node-name": "stick", "driver": "throttle", "throttle-group": "stick-rate",
                                        "file": {"driver": "qcow2",
                                                 "file": {"driver": "file", "filename": str(self.folder / "usb.qcow2")}}})
        self.qmp("device_add", driver="usb-storage", id="usbstick", bus="xhci.0", drive="stick", removable=True, serial="USB0001")

    def unplug_usb(self):
        """Pulls it out, without a word to dom0."""
        self.qmp("device_del", id="usbstick")
        # Until it is gone it cannot be plugged in again.
        until("the stick to be gone", 30, lambda: not any(
            device.get("qdev", "").endswith("usbstick") for device in self.qmp("query-block")))

    # --- dom0 ------------------------------------------------------------------------------------

    def ssh(self, command, limit=COMMAND_LIMIT, check=True, input=None):
        """Runs a shell command in dom0 and returns what it printed (None where it could not be run)."""
        line = f"export PATH={DOM0_PATH} HOME=/root LVM_SUPPRESS_FD_WARNINGS=1; {command}"
        try:
            done = subprocess.run(
                self.ssh_command() + [line],
                input=input, stdin=subprocess.DEVNULL if input is None else None,
                capture_output=True, text=True, errors="replace", timeout=limit,
            )
        except subprocess.TimeoutExpired:
            self.drop_ssh()
            if check:
                raise LabError(f"dom0: {command!r} did not end within {limit} s") from None
            return None
        if done.returncode == 255 and not check:
            return None
        if done.returncode != 0 and check:
            raise CommandFailed(command, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def ssh_json(self, command, **options):
        return json.loads(self.ssh(command, **options))

    def ssh_command(self):
        known = f"UserKnownHostsFile={self.image / 'known_hosts'}"
        options = ["HostKeyAlias=domfleet-lab", known, "GlobalKnownHostsFile=/dev/null", "BatchMode=yes", "LogLevel=ERROR",
                   "IdentitiesOnly=yes", "ConnectTimeout=20", "ServerAliveInterval=5", "ServerAliveCountMax=12",
                   "ControlMaster=auto", f"ControlPath={self.folder / 'ssh.sock'}", "ControlPersist=60"]
        command = ["ssh", "-F", "/dev/null", "-i", str(self.folder / "id_ed25519"), "-p", str(self.port)]
        for option in options:
            command += ["-o", option]
        return command + ["root@127.0.0.1"]

    def drop_ssh(self):
        """Forgets the shared login; none lives through a reset, and a dead one would hang its users."""
        if (self.folder / "ssh.sock").exists():
            try:
                subprocess.run(self.ssh_command()[:-1] + ["-O", "exit", "root@127.0.0.1"], capture_output=True, timeout=10)
            except subprocess.TimeoutExpired:
                pass
            (self.folder / "ssh.sock").unlink(missing_ok=True)

    def make_volume_group(self):
        """The volume group `vg0` over the whole data disk, once per machine."""
        self.ssh("vgs vg0 >/dev/null 2>&1 || { pvcreate -q -y /dev/vdb >/dev/null && vgcreate -q vg0 /dev/vdb >/dev/null; }")

    def console_log(self, guest):
        return self.ssh(f"cat /var/log/xen/console/guest-{shlex.quote(guest)}.log 2>/dev/null || true")

    def _kernel(self):
        """What QEMU itself starts; nothing where the BIOS starts a disk."""
        escaped = KERNEL_OPTIONS.replace(",", ",,")
        return ["-kernel", str(self.image / "xen"), "-append", XEN_OPTIONS,
                "-initrd", f"{self.image / 'vmlinux'} {escaped},{self.image / 'initrd.gz'}"]

    def _disks(self):
        disks = []
        for name in ("root", "data"):
            disks += ["-drive", f"file={self.folder / name}.qcow2,if=none,id={name},format=qcow2,discard=unmap",
                      "-device", f"virtio-blk-pci,drive={name},serial={name}"]
        return disks

    def _sticks(self):
        """USB sticks that are plugged in when it is turned on."""
        return []

    def _agent_disk(self):
        if not (self.folder / "agent.raw").exists():
            return []
        return ["-drive", f"file={self.folder}/agent.raw,if=none,id=agent,format=raw,readonly=on",
                "-device", "virtio-blk-pci,drive=agent,serial=agent"]

    def _qemu(self):
        here = self.folder
        # Hardware that differs from any other lab's, as far as an appliance's fingerprint looks.
        system = (here / "uuid").read_text()
        serial = system[:8].upper()
        mac = f"52:54:00:{system[0:2]}:{system[2:4]}:{system[4:6]}"
        return [
            "qemu-system-x86_64", "-name", "domfleet-lab", "-machine", "pc",
            "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "Nehalem", "-smp", "1", "-m", "1024",
            "-display", "none", "-no-user-config",
            "-uuid", system, "-smbios", f"type=2,manufacturer=Domfleet,product=Lab,serial={serial}",
            *self._kernel(),
            *self._disks(),
            *self._agent_disk(),
            "-device", "qemu-xhci,id=xhci",
            *self._sticks(),
            "-netdev", f"user,id=n0,hostfwd=tcp:127.0.0.1:{self.port}-:22", "-device", f"virtio-net-pci,netdev=n0,mac={mac}",
            "-chardev", f"socket,id=ser,path={here}/serial.sock,server=on,wait=off,logfile={here}/serial.log,logappend=on",
            "-serial", "chardev:ser",
            "-qmp", f"unix:{here}/qmp.sock,server=on,wait=off",
            "-device", "i6300esb", "-watchdog-action", "reset",
            "-object", f"memory-backend-file,id=erst0,mem-path={here}/erst.bin,size=65536,share=on",
            "-device", "acpi-erst,memdev=erst0",
        ]


def _run(*command):
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    except FileNotFoundError:
        raise LabError(f"{command[0]} is not installed: run tests/lab/setup") from None
    if done.returncode != 0:
        raise LabError(f"{command[0]}: {done.stderr.strip()}")


def _is_our_qemu(pid, folder):
    """Whether this process id is (still) the QEMU of that run folder, and not another program's."""
    try:
        return str(folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
