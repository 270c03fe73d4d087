"""Judges what was found on the server's port: whatever ranks above LOW must be in ACCEPTED, with its reason."""

import argparse
import json
import sys

# What a private CA that publishes no revocation list must show, and what is not the server's: the
# finding, how bad testssl calls it, and why it may stay. Worse than that, it is refused.
ACCEPTED = {
    "cert_revocation": (
        "HIGH",
        "the CA is private and publishes neither a revocation list nor OCSP: the server checks "
        "revocation itself, at each request and on live sessions",
    ),
    "engine_problem": ("WARN", "of the OpenSSL that testssl runs with, not of the server"),
}
RANKS = ["OK", "INFO", "DEBUG", "LOW", "WARN", "MEDIUM", "HIGH", "CRITICAL", "FATAL"]
# testssl's last word: without it, it has not looked at everything.
LAST = "scanTime"


def rank(severity):
    return RANKS.index(severity) if severity in RANKS else len(RANKS)


def judge(findings):
    """The findings above LOW: those that may stay, each with its reason, and the others."""
    accepted, refused = [], []
    for finding in findings:
        if rank(finding["severity"]) <= rank("LOW"):
            continue
        worst, reason = ACCEPTED.get(finding["id"].split()[0], ("LOW", None))
        if rank(finding["severity"]) <= rank(worst):
            accepted.append(finding | {"reason": reason})
        else:
            refused.append(finding)
    return accepted, refused


def read(path):
    """The findings in a file; one that cannot be read is a finding itself."""
    try:
        with open(path) as file:
            findings = json.load(file)
    except (OSError, ValueError) as error:
        return [{"id": "unreadable", "severity": "FATAL", "finding": f"{path}: {error}"}]
    if not any(finding["id"] == LAST for finding in findings):
        findings.append({"id": "incomplete", "severity": "FATAL", "finding": f"{path}: it did not get to its end"})
    return findings


def show(what, path):
    findings = read(path)
    accepted, refused = judge(findings)
    for finding in accepted:
        print(f"accepted  {finding['severity']:8} {finding['id']}: {finding['finding']} ({finding['reason']})")
    for finding in refused:
        print(f"REFUSED   {finding['severity']:8} {finding['id']}: {finding['finding']}")
    print(f"{what}: {len(findings)} findings, {len(accepted) + len(refused)} above LOW, {len(refused)} not accepted")
    return {"findings": len(findings), "accepted": accepted, "refused": refused}


def main(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--evidence", required=True)
    parser.add_argument("--revision", required=True)
    parser.add_argument("--findings", nargs=2, action="append", default=[], metavar=("NAME", "FILE"))
    parser.add_argument(
        "--outcome", nargs=2, action="append", default=[], metavar=("NAME", "TEXT"),
        help="what does not begin with ok says why it failed",
    )
    given = parser.parse_args(arguments)
    steps = {name: show(name, path) for name, path in given.findings}
    failed = sum(bool(step["refused"]) for step in steps.values())
    for name, text in given.outcome:
        steps[name] = text
        failed += not text.startswith("ok")
        print(f"{name}: {text}")
    with open(given.evidence, "w") as file:
        json.dump({"revision": given.revision, "steps": steps}, file, indent=2)
    print(f"{len(steps) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
