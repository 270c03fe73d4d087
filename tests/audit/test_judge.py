"""The judge can say no."""

import contextlib
import io
import json
import os
import tempfile
import unittest

import judge

END = {"id": "scanTime", "severity": "INFO", "finding": "85"}
PRIVATE = {"id": "cert_revocation", "severity": "HIGH", "finding": "Neither CRL nor OCSP URI provided"}


def finding(name, severity):
    return {"id": name, "severity": severity, "finding": "made up"}


class Judge(unittest.TestCase):
    def judged(self, findings, *outcome):
        """Whether it fails, and the evidence that it leaves."""
        with tempfile.TemporaryDirectory() as folder:
            path, evidence = os.path.join(folder, "testssl.json"), os.path.join(folder, "audit.json")
            with open(path, "w") as file:
                file.write(findings if isinstance(findings, str) else json.dumps(findings))
            with contextlib.redirect_stdout(io.StringIO()):
                failed = judge.main(
                    ["--evidence", evidence, "--revision", "abc", "--findings", "port", path]
                    + (["--outcome", *outcome] if outcome else [])
                )
            with open(evidence) as file:
                return failed, json.load(file)["steps"]["port"]

    def test_what_a_private_ca_must_show_is_accepted_with_its_reason(self):
        failed, port = self.judged([finding("TLS1_2", "OK"), finding("DNS_CAArecord", "LOW"), PRIVATE, END])
        self.assertFalse(failed)
        self.assertIn("private", port["accepted"][0]["reason"])

    def test_anything_else_above_low_fails(self):
        for severity in ["WARN", "MEDIUM", "HIGH", "CRITICAL", "FATAL", "of a later testssl"]:
            failed, port = self.judged([PRIVATE, finding("cert_validityPeriod", severity), END])
            self.assertTrue(failed, severity)
            self.assertEqual([refused["id"] for refused in port["refused"]], ["cert_validityPeriod"])

    def test_what_is_accepted_may_not_become_worse(self):
        self.assertTrue(self.judged([finding("cert_revocation", "CRITICAL"), END])[0])

    def test_a_scan_that_broke_off_fails(self):
        self.assertTrue(self.judged([PRIVATE])[0])
        self.assertTrue(self.judged('[{"id": "TLS1_2", "sev')[0])

    def test_a_step_that_failed_or_could_not_run_fails(self):
        self.assertTrue(self.judged([END], "licences", "failed")[0])
        self.assertTrue(self.judged([END], "advisories", "not run: there is no database")[0])
        self.assertFalse(self.judged([END], "advisories", "ok, as of 2026-01-01")[0])


if __name__ == "__main__":
    unittest.main()
