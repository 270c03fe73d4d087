"""Asks the two faces of the port that testssl cannot ask for, because it does not let one choose the
ALPN: agents' sessions and agents' enrolment. Writes findings in testssl's form."""

import json
import socket
import ssl
import sys
import warnings

# The name of the private certificate, whatever address is dialled.
NAME = "server.domfleet.internal"
AGENT, ENROLMENT, PUBLIC = "domfleet-agent/1", "domfleet-enrol/1", "http/1.1"
OLD = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2]
REQUEST = b"GET /agent/v1/bundles HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"


class Answer:
    """What became of one connection: how far it got, and what was shown and said on it."""

    def __init__(self, port, ca, alpn, version):
        self.shaken, self.said, self.why = False, b"", ""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(ca)
        context.set_alpn_protocols([alpn])
        # The client would take anything: it is the server that is to refuse.
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
        # A server that is not there is an error, and no refusal.
        tcp = socket.create_connection(("127.0.0.1", port), 20)
        try:
            with context.wrap_socket(tcp, server_hostname=NAME) as tls:
                self.shaken = True
                self.alpn, self.cipher = tls.selected_alpn_protocol(), tls.cipher()[0]
                tls.sendall(REQUEST)
                while piece := tls.recv(65536):
                    self.said += piece
                self.ticket = tls.session.has_ticket
        except (ssl.SSLError, ConnectionError) as error:
            self.why = getattr(error, "reason", None) or str(error)
        finally:
            tcp.close()


def look(port, ca):
    findings = []

    def note(name, good, finding, bad="HIGH"):
        findings.append({"id": name, "severity": "OK" if good else bad, "finding": finding})

    # Without this, "refused" could be the client's own doing.
    control = Answer(port, ca, PUBLIC, ssl.TLSVersion.TLSv1_2)
    note("control_TLSv1_2", control.said.startswith(b"HTTP/1.1 "), f"this client can speak TLS 1.2 {control.why}")

    for face, alpn in [("agent", AGENT), ("enrolment", ENROLMENT)]:
        for version in OLD:
            old = Answer(port, ca, alpn, version)
            note(f"{face}_{version.name}", not old.shaken, f"offered: {old.shaken} {old.why}")
        new = Answer(port, ca, alpn, ssl.TLSVersion.TLSv1_3)
        note(f"{face}_TLSv1_3", new.shaken, f"chain and name verified: {new.shaken} {new.why}")
        if not new.shaken:
            continue
        note(f"{face}_ALPN", new.alpn == alpn, f"{new.alpn}")
        note(f"{face}_cipher", new.cipher.startswith("TLS_"), new.cipher)
        if face == "agent":
            asked = "CERTIFICATE_REQUIRED" in new.why.upper() and not new.said
            note("agent_certificate", asked, f"without one: {new.why or new.said[:40]}", "CRITICAL")
        else:
            note("enrolment_ticket", new.said and not new.ticket, "a session is not resumed")
            first = new.said.split(b"\r\n")[0].decode()
            note("enrolment_routes", " 404 " in first, f"an agents' route: {first}", "CRITICAL")
    findings.append({"id": "scanTime", "severity": "INFO", "finding": "all asked"})
    return findings


if __name__ == "__main__":
    port, ca, path = sys.argv[1:]
    found = look(int(port), ca)
    with open(path, "w") as file:
        json.dump(found, file, indent=2)
