"""What the server tells of boots and bundles, for scenarios to wait for and to look into."""

import re

from fleet import REPORT_LIMIT, bundle_files
from machine import LabError, until
from runner import CheckFailed

BUNDLE_LIMIT = 300


def served_boot(world):
    """The boot that the server takes to be running."""
    return (world.api.appliance(world.id).get("facts") or {}).get("boot_id")


def end_of(world, boot_id):
    """The boot, once the server knows how it ended."""

    def ended():
        boots = world.api.boots(world.id)
        return next((boot for boot in boots if boot["boot_id"] == boot_id and boot["end"]), None)

    return until(f"the end of boot {boot_id}", REPORT_LIMIT, ended, every=1)


def check_end(world, boot_id, ends, words):
    """How the boot ended is one of these, and the evidence has one of these words in it."""
    boot = end_of(world, boot_id)
    told = "; ".join(boot["evidence"])
    if boot["end"] not in ends:
        raise CheckFailed(f"how it ended: expected {' or '.join(ends)}, got {boot['end']} ({told})")
    if not any(word in told for word in words):
        raise CheckFailed(f"its evidence says none of {words}: {told}")
    return {key: boot[key] for key in ("end", "confidence", "evidence")}


def bundles_for(world, trigger):
    return {bundle["id"] for bundle in world.api.bundles(world.id) if bundle["trigger"] == trigger}


def new_bundle(world, trigger, before):
    """The files of the bundle that has come by itself."""
    one = until(f"a bundle ({trigger})", BUNDLE_LIMIT, lambda: next(iter(bundles_for(world, trigger) - before), None), every=2)
    return fetch_bundle(world, one)


def fetch_bundle(world, bundle_id):
    def arrived():
        try:
            return world.api.content(f"/api/v1/bundles/{bundle_id}/content")
        except LabError:
            return None

    return bundle_files(until(f"the content of bundle {bundle_id}", 120, arrived, every=1))


def line_in(files, name_pattern, words):
    """The first line with these words in the files with such a name."""
    for name, content in files.items():
        if re.search(name_pattern, name):
            for line in content.decode(errors="replace").splitlines():
                if words in line:
                    return line
    return None
