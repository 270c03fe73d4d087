"""Judges testssl's findings: whatever it ranks above LOW must be in ACCEPTED, with its reason."""

import json
import sys

# What a private CA that publishes no revocation list must show. Revocation is the server's own
# check at each handshake and on live connections; browsers trust this CA only where an operator
# has installed it, or the vendor configures `tls.cert`.
ACCEPTED = {
    "cert_chain_of_trust": "the CA is private: it is in no public store, by design",
    "cert_crlDistributionPoints": "no revocation list: the server checks revocation itself",
    "cert_revocation": "no revocation list and no OCSP: the server checks revocation itself",
    "cert_ocspURL": "no OCSP: the server checks revocation itself",
    "OCSP_stapling": "no OCSP: there is nothing to staple",
    "cert_trust": "the CA is private",
    "DNS_CAArecord": "localhost has no DNS zone that could hold a CAA record",
}
HARMLESS = {"OK", "INFO", "LOW", "DEBUG"}


def main(findings_path, deny, evidence_path):
    with open(findings_path) as file:
        findings = json.load(file)
    above = [f for f in findings if f["severity"] not in HARMLESS]
    accepted = [f | {"reason": ACCEPTED[f["id"].split()[0]]} for f in above if f["id"].split()[0] in ACCEPTED]
    refused = [f for f in above if f["id"].split()[0] not in ACCEPTED]
    for finding in accepted:
        print(f"accepted  {finding['severity']:8} {finding['id']}: {finding['finding']} ({finding['reason']})")
    for finding in refused:
        print(f"REFUSED   {finding['severity']:8} {finding['id']}: {finding['finding']}")
    print(f"testssl: {len(findings)} findings, {len(above)} above LOW, {len(refused)} not accepted")
    print(f"cargo deny: {deny}")
    failed = len(refused) + (deny != "ok")
    with open(evidence_path, "w") as file:
        json.dump({"accepted": accepted, "refused": refused, "findings": len(findings), "cargo_deny": deny}, file, indent=2)
    print(f"{2 - (len(refused) > 0) - (deny != 'ok')} passed, {(len(refused) > 0) + (deny != 'ok')} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
