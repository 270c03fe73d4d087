"""A permit that no server has signed and that a stick believes all the same, because its key is on it: the story
of a migration on the drive, the number on the system disk, and the permit that is bound to both."""

import json
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

from disk_machine import RESET_BLOCK_AT, RESET_BLOCK_BYTES, SYSTEM_WWID
from machine import _run

BEGUN, DONE = 1, 2


def blake3(content):
    return subprocess.run(["b3sum", "--no-names", "--raw"], input=content, capture_output=True, check=True).stdout


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, check=True).stdout


def first_bytes(disk, count):
    with tempfile.NamedTemporaryFile() as raw:
        _run("qemu-img", "dd", "-f", "qcow2", "-O", "raw", "bs=4096", f"count={-(-count // 4096)}", f"if={disk}", f"of={raw.name}")
        return Path(raw.name).read_bytes()[:count]


def partition_table(disk):
    return blake3(first_bytes(disk, 512)[440:512]).hex()


def write_block(disk, body):
    """The reset block: `domfleet reset 1`, what it is, its content, and the hash of all that."""
    body = b"domfleet reset 1" + body
    block = (body + blake3(body)).ljust(RESET_BLOCK_BYTES, b"\0")
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(block)
        _run("qemu-io", "-f", "qcow2", "-c", f"write -q -s {file.name} {RESET_BLOCK_AT} {RESET_BLOCK_BYTES}", disk)


def marker(disk):
    """The permit and the stage that the reset block tells of; nothing where it is no marker."""
    block = first_bytes(disk, RESET_BLOCK_AT + RESET_BLOCK_BYTES)[RESET_BLOCK_AT:]
    return (str(uuid.UUID(bytes=block[17:33])), block[33]) if block[16] == 2 else None


def when(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))


class HandMade:
    """Of the set that is on a drive, for a machine that is turned off."""

    def __init__(self, box, drive):
        self.box, self.drive = box, drive
        self.disk = box.folder / "sys.qcow2"
        self.migration, self.permit_id = str(uuid.uuid4()), str(uuid.uuid4())
        self.folder = f"/DOMFLEET/m/{self.migration}"
        self.nonce = uuid.uuid4().bytes * 2
        self.key = box.folder / "permit-key.pem"
        openssl("genpkey", "-algorithm", "ed25519", "-out", self.key)
        self.public = openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")[-32:]

    def keys(self):
        """The file of keys that goes on the stick."""
        file = self.box.folder / "permit-keys"
        file.write_text(f"{self.public.hex()} # made by hand\n")
        return file

    def write(self):
        """All of it but the permit."""
        manifest = self.drive.find("/DOMFLEET/sets", "/set.json")
        # The other is its copy, beside the parity.
        manifest = self.drive.read(next(one for one in manifest if "/copy/" not in one))
        sealed = json.loads(manifest)
        fingerprint = {"system_uuid": (self.box.folder / "uuid").read_text(), "board_serial": None, "macs": [], "disks": [SYSTEM_WWID]}
        size = json.loads(subprocess.run(["qemu-img", "info", "--output=json", self.disk], capture_output=True, check=True).stdout)
        disk = {"wwid": SYSTEM_WWID, "bytes": size["virtual-size"], "partition_table": partition_table(self.disk)}
        appliance = str(uuid.uuid4())
        proved = {"set": sealed["set"], "generation": sealed["generation"], "manifest": blake3(manifest).hex()}
        self._make_folder()
        self._put("journal.a", journal := self._journal(sealed, fingerprint, appliance, disk, proved))
        self._put("journal.b", journal)
        self._permit = {"id": self.permit_id, "migration": self.migration, "appliance": appliance, "epoch": 1, "fingerprint": fingerprint,
                        "to": "2.x", **proved, "disk": disk, "proof": {"kind": "nonce", "nonce": self.nonce.hex()},
                        "issued_at": when(-60), "not_after": when(86400)}
        write_block(self.disk, b"\1" + self.nonce)

    def permit(self):
        """The permit beside it."""
        self._put("permit.json", self._signed(json.dumps(self._permit)))

    def features(self):
        """What the drive's file system says of itself."""
        said = self.drive._debugfs("features")
        return said.split()

    def _signed(self, text):
        content, signature = self.box.folder / "signed.bin", self.box.folder / "signature.bin"
        content.write_bytes(b"domfleet permit 1\n" + text.encode())
        openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.key, "-in", content, "-out", signature)
        return json.dumps({"permit": text, "key": blake3(self.public).hex()[:16], "signature": signature.read_bytes().hex()}).encode()

    def _journal(self, sealed, fingerprint, appliance, disk, proved):
        vms = [{"uuid": vm["uuid"], "name": vm["name"], "was_running": True, "autostart": True} for vm in sealed["vms"]]
        plan = {"format": 1, "migration": self.migration, "appliance": appliance, "epoch": 1, "fingerprint": fingerprint,
                "created_at": when(-600), "vms": vms, "copies": {"kind": "accepted", "by": "lab", "at": when(-600)},
                "downtime_seconds": 14400, "soak_seconds": 60}
        events = [{"event": "planned", "plan": plan}, {"event": "drive_claimed", "drive": str(uuid.uuid4())},
                  {"event": "autostart_off", "vms": [vm["uuid"] for vm in vms]}]
        events += [{"event": "vm_stopped", "vm": vm["uuid"], "clean": True} for vm in vms]
        events += [{"event": "sealed", **proved}, {"event": "verified", "generation": proved["generation"]},
                   {"event": "armed", "disk": disk, "nonce": blake3(self.nonce).hex()},
                   {"event": "permitted", "permit": self.permit_id, "not_after": when(86400)}]
        chain, lines = blake3(b"domfleet journal 1\n" + uuid.UUID(self.migration).bytes), b""
        for event in events:
            record = json.dumps({"at": when(-300), "boot": str(uuid.uuid4()), "on": "1.x", "agent": "lab", **event}).encode()
            chain = blake3(chain + record)
            lines += chain.hex().encode() + b" " + record + b"\n"
        return lines

    def _make_folder(self):
        for folder in ("/DOMFLEET/m", self.folder):
            self.drive._debugfs(f"mkdir {folder}", write=True)

    def _put(self, name, content):
        with tempfile.NamedTemporaryFile() as source:
            Path(source.name).write_bytes(content)
            self.drive._debugfs(f"write {source.name} {self.folder}/{name}", write=True)
