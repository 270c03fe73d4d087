"""The server under test, its API as a client sees it, and the disk that carries the agent into dom0."""

import http.client
import io
import json
import os
import shutil
import signal
import ssl
import subprocess
import tarfile
from pathlib import Path

from machine import LabError, _die_with_parent, free_port, until

# Under this address dom0 reaches the loopback of the host.
HOST_AS_SEEN_FROM_DOM0 = "10.0.2.2"
SERVER_START_LIMIT = 60
# An agent reports within a heartbeat of 30 s (+ 20 %); several of them, for a loaded host.
REPORT_LIMIT = 180
OPERATION_LIMIT = 300

# Put on the agent's disk; dom0's start script runs it after each boot. It keeps the agent running as
# the appliance's service manager would, and only once the appliance has joined.
START = """#!/bin/busybox sh
[ -e /etc/domfleet/joined ] || exit 0
export PATH=/usr/lib/xen-4.17/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
echo $$ >/run/domfleet-keeper.pid
while :; do
    /opt/domfleet/domfleet-agent run >>/var/log/domfleet-agent.log 2>&1 &
    echo $! >/run/domfleet-agent.pid
    wait $!
    /bin/busybox sleep 2
done
"""


class ApiError(LabError):
    def __init__(self, method, path, status, body):
        problem = body if isinstance(body, dict) else {"detail": str(body)[:300]}
        said = ": ".join(str(problem[key]) for key in ("code", "title", "detail") if problem.get(key))
        super().__init__(f"{method} {path} answered {status} {said}")
        self.status, self.problem = status, problem


class Server:
    """A real domfleet-server on SQLite, on a free port of the host's loopback."""

    def __init__(self, binary, folder):
        self.binary, self.folder = Path(binary).resolve(), Path(folder)
        self.port = free_port()
        self.url = f"https://{HOST_AS_SEEN_FROM_DOM0}:{self.port}"
        self._process = None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "server.toml"
        data = self.folder / "data"
        self.config.write_text(
            f'listen = "127.0.0.1:{self.port}"\n'
            f'data_dir = "{data}"\n'
            f'database_url = "sqlite://{data}/domfleet.db"\n'
            f'public_url = "{self.url}"\n'
        )
        self.data = data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        with open(self.folder / "server.log", "ab") as log:
            self._process = subprocess.Popen(
                [self.binary, "serve", "--config", self.config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, preexec_fn=_die_with_parent,
            )

        def answers():
            if self._process.poll() is not None:
                raise LabError(f"the server ended: {self.log_tail()}")
            if not (self.data / "first-admin.json").exists() or not (self.data / "pki/ca.pem").exists():
                return None
            try:
                return self.api()
            except OSError:
                return None

        return until("the server to answer", SERVER_START_LIMIT, answers)

    def stop(self):
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def api(self):
        admin = json.loads((self.data / "first-admin.json").read_text())
        return Api(self.port, self.data / "pki/ca.pem", admin["email"], admin["password"])

    def join_token(self):
        made = subprocess.run(
            [self.binary, "token", "create", "--config", self.config, "--preauthorised"],
            capture_output=True, text=True, timeout=60, cwd=self.folder,
        )
        if made.returncode != 0:
            raise LabError(f"domfleet-server token create: {made.stderr.strip()}")
        return made.stdout.strip()

    def log_tail(self, lines=30):
        return "\n".join((self.folder / "server.log").read_text(errors="replace").splitlines()[-lines:])


class _Connection(http.client.HTTPSConnection):
    """To the host's loopback, but checking the name that dom0 knows the server by."""

    def connect(self):
        http.client.HTTPConnection.connect(self)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=HOST_AS_SEEN_FROM_DOM0)


class Api:
    def __init__(self, port, ca, email, password):
        self._port = port
        self._tls = ssl.create_default_context(cafile=str(ca))
        self._login = {"email": email, "password": password}
        self._token = None
        self._renew()

    def _renew(self):
        self._token = self._send("POST", "/api/v1/login", self._login)["access_token"]

    def get(self, path):
        return self._again("GET", path)

    def post(self, path, body=None):
        return self._again("POST", path, body)

    def content(self, path):
        """The bytes of a download."""
        return self._again("GET", path, raw=True)

    def _again(self, *request, **options):
        try:
            return self._send(*request, **options)
        except ApiError as error:
            if error.status != 401:
                raise
        self._renew()  # a login lasts minutes, a run may last an hour
        return self._send(*request, **options)

    def _send(self, method, path, body=None, raw=False):
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if raw:
            del headers["Accept"]
        if self._token and not path.endswith("/login"):
            headers["Authorization"] = f"Bearer {self._token}"
        connection = _Connection("127.0.0.1", self._port, timeout=60, context=self._tls)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status < 300 and raw:
            return content
        try:
            content = json.loads(content) if content else None
        except ValueError:
            content = content.decode(errors="replace")
        if answer.status >= 300:
            raise ApiError(method, path, answer.status, content)
        return content

    # --- what the scenarios ask for --------------------------------------------------------------

    def appliances(self):
        return self.get("/api/v1/appliances")["appliances"]

    def appliance(self, id):
        return self.get(f"/api/v1/appliances/{id}")

    def vms(self, id):
        return self.get(f"/api/v1/appliances/{id}/vms")["vms"]

    def storage(self, id):
        return self.get(f"/api/v1/appliances/{id}/volumes")

    def boots(self, id):
        return self.get(f"/api/v1/appliances/{id}/boots")["boots"]

    def bundles(self, id):
        return self.get(f"/api/v1/bundles?appliance={id}")["bundles"]

    def operate(self, id, kind, confirm=None, limit=OPERATION_LIMIT, **fields):
        """Asks for an operation and waits until it has succeeded."""
        body = {"operation": {"kind": kind, **fields}}
        if confirm is not None:
            body["confirm"] = confirm
        return self.finish(self.post(f"/api/v1/appliances/{id}/operations", body), limit)

    def finish(self, operation, limit=OPERATION_LIMIT):
        def ended():
            now = self.get(f"/api/v1/operations/{operation['id']}")
            if now["state"] in ("failed", "rejected", "cancelled", "expired", "written_off"):
                raise LabError(f"the operation is {now['state']}: {json.dumps(now.get('reason') or now)}")
            return now if now["state"] == "succeeded" else None

        return until(f"the operation {operation['id']} to succeed", limit, ended, every=0.5)


def bundle_files(packed):
    """Name and content of each file in a bundle (tar, zstd)."""
    plain = subprocess.run(["zstd", "-dcq"], input=packed, capture_output=True)
    if plain.returncode != 0:
        raise LabError(f"the bundle does not unpack: {plain.stderr.decode(errors='replace').strip()}")
    with tarfile.open(fileobj=io.BytesIO(plain.stdout)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}


def agent_disk(folder, binary):
    """A folder for `Machine.set_agent_disk` with the agent and its start script."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(binary, folder / "domfleet-agent")
    (folder / "start").write_text(START)
    for name in ("domfleet-agent", "start"):
        (folder / name).chmod(0o755)
    return folder


def built(name, given, *folders):
    """The binary to test: the one given, else the first in these folders that is there."""
    paths = [Path(given)] if given else [Path(folder) / name for folder in folders]
    for path in paths:
        if path.is_file() and os.access(path, os.X_OK):
            return path
    raise LabError(f"no {name} at {' or '.join(str(path) for path in paths)}: build it first")


def target_folder():
    """Where evidence and logs go."""
    return Path(os.environ.get("CARGO_TARGET_DIR") or Path(__file__).resolve().parents[2] / "target")


def binaries_folder():
    """Where tests find the binaries of the profile `ci`: outside the checkout, see docs/decisions/0002."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return os.environ.get("BIN") or Path(cache) / "domfleet/target/ci"
