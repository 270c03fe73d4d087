"""The operators' API, over one connection that is kept open."""

import http.client
import json
import ssl
import time

from process import Failure


class Api:
    """A login that renews itself: a token is good for ten minutes."""

    def __init__(self, port, ca, email, password):
        self.port = port
        self.tls = ssl.create_default_context(cafile=ca)
        self.login = {"email": email, "password": password}
        self.connection = None
        self.token = None

    def exchange(self, method, path, body=None):
        """Status and body; a connection that the server has closed meanwhile is opened again."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body)
        for attempt in (1, 2):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPSConnection(
                        "localhost", self.port, timeout=30, context=self.tls
                    )
                self.connection.request(method, path, data, headers)
                answer = self.connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException):
                self.close()
                if attempt == 2:
                    raise

    def ask(self, method, path, body=None):
        """The JSON of an answer that says yes; else the problem as it was told."""
        status, answer = self.exchange(method, path, body) if self.token else (401, b"")
        if status == 401:
            self.token = None
            status, answer = self.exchange("POST", "/api/v1/login", self.login)
            if status != 200:
                raise Failure(f"the login failed ({status}): {answer[:300]!r}")
            self.token = json.loads(answer)["access_token"]
            status, answer = self.exchange(method, path, body)
        if status >= 300:
            raise Refused(status, answer)
        return json.loads(answer)

    def is_ready(self):
        """Whether the server serves."""
        try:
            return self.exchange("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def metric(self, name):
        """One of the server's counts."""
        for line in self.exchange("GET", "/metrics")[1].decode().splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return float(value)
        return 0.0

    def online(self):
        """How many appliances are online."""
        return self.ask("GET", "/api/v1/appliances?presence=online&limit=1")["total"]

    def close(self):
        """Closes the connection; the next request opens another."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Refused(Exception):
    """An answer that says no."""

    def __init__(self, status, answer):
        super().__init__(f"{status}: {answer[:300]!r}")
        self.status = status


def stopped_vms(api, wanted):
    """One VM that stands still on each of at most `wanted` appliances."""
    found, offset = [], 0
    while len(found) < wanted:
        page = api.ask("GET", f"/api/v1/appliances?presence=online&limit=200&offset={offset}")
        for appliance in page["appliances"]:
            vms = api.ask("GET", f"/api/v1/appliances/{appliance['id']}/vms")["vms"]
            still = [vm["uuid"] for vm in vms if vm["domid"] is None]
            if still and len(found) < wanted:
                found.append((appliance["id"], still[0]))
        offset += len(page["appliances"])
        if not page["appliances"]:
            break
    return found


def start_vms(api, vms):
    """Starts each, one after the other: seconds from asking to seeing that it succeeded."""
    seconds, failed = [], []
    for appliance, vm in vms:
        began = time.monotonic()
        request = {"operation": {"kind": "vm_start", "vm": vm}}
        try:
            row = api.ask("POST", f"/api/v1/appliances/{appliance}/operations", request)
        except Refused as refused:
            failed.append(str(refused))
            continue
        until = began + 30
        while row["state"] not in ("succeeded", "failed", "rejected", "expired", "cancelled"):
            if time.monotonic() > until:
                break
            time.sleep(0.002)
            row = api.ask("GET", f"/api/v1/operations/{row['id']}")
        if row["state"] == "succeeded":
            seconds.append(time.monotonic() - began)
        else:
            failed.append(f"{row['state']}: {row['reason']}")
    return seconds, failed
