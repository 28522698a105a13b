"""Every kind of item that lies in the tenants table, each by its keys: the one list, which a new kind has to join."""

import re
from collections.abc import Mapping
from typing import Any

TENANT = r"[a-z0-9-]{2,40}"
KINDS = {
    "RECORD": (TENANT, "RECORD"),
    "REQUEST": (TENANT, "REQUEST"),
    "REJECTED": (f"{TENANT}|UNKNOWN", r"REJECTED#[ -~]{1,128}"),
    "DUE": (TENANT, r"DUE#[A-Z]+#[ -~]+"),
    "SIGNUP": (TENANT, "SIGNUP#OPEN"),
    "METADATA": (r"METADATA#.+=.*", TENANT),
    "COUNTERS": (r"COUNTERS#\d", "COUNTERS"),
    "CONVERGED": ("COUNTERS#CONVERGED", "COUNTERS"),
    "COMPLETIONS": ("COMPLETIONS", r"[\dT:Z-]+#\d"),
    "THROTTLING": ("THROTTLING", "THROTTLING"),
}
"""By name, what the two keys of such items look like."""
OF_STATUS_INDEX = ("RECORD", "REJECTED")
"""The kinds that may have a status, or be unpublished: today's readers take others for tenants or rejections."""
FOUND_BY = {"status", "statusChangedAt", "unpublished", "unpublishedSince"}


def kind_of(item: Mapping[str, Any]) -> str:
    """Return the kind of an item; it has to be one, and only one, and may not be found as another is."""
    keys = (str(item["tenantId"]), str(item["item"]))
    (kind,) = [name for name, (*wanted,) in KINDS.items() if all(map(re.fullmatch, wanted, keys))]
    assert kind in OF_STATUS_INDEX or not FOUND_BY & item.keys(), f"{keys} would be taken for a tenant"
    return kind
