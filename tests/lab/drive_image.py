"""A backup drive's image, looked into and changed while it is plugged in nowhere."""

import json
import subprocess
import tempfile
from pathlib import Path

from machine import LabError


class DriveImage:
    """The first partition of the image, an ext4."""

    def __init__(self, path):
        self.path = Path(path)
        table = json.loads(subprocess.run(["sfdisk", "--json", self.path], check=True, capture_output=True, text=True).stdout)
        self._device = f"{self.path}?offset={table['partitiontable']['partitions'][0]['start'] * 512}"

    def _debugfs(self, request, write=False):
        done = subprocess.run(["debugfs", *(["-w"] if write else []), "-R", request, self._device], capture_output=True, text=True)
        # It ends with 0 whatever happens, and begins with its own version.
        said = [line for line in done.stderr.splitlines() if not line.startswith("debugfs ")]
        if done.returncode != 0 or any("not found" in line or "Bad" in line for line in said):
            raise LabError(f"debugfs {request}: {' '.join(said)}")
        return done.stdout

    def read(self, name):
        with tempfile.NamedTemporaryFile() as to:
            self._debugfs(f"dump {name} {to.name}")
            return Path(to.name).read_bytes()

    def write(self, name, content):
        with tempfile.NamedTemporaryFile() as source:
            Path(source.name).write_bytes(content)
            self._debugfs(f"rm {name}", write=True)
            self._debugfs(f"write {source.name} {name}", write=True)

    def remove(self, name):
        self._debugfs(f"rm {name}", write=True)

    def find(self, folder, end):
        """The paths below a folder that end so."""
        found = []
        for one in self._debugfs(f"ls -p {folder}").splitlines():
            fields = one.split("/")
            if len(fields) < 6 or fields[5] in (".", ".."):
                continue
            path = f"{folder}/{fields[5]}"
            if fields[2].startswith("04"):
                found += self.find(path, end)
            elif path.endswith(end):
                found.append(path)
        return found
