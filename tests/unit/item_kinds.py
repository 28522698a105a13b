"""Every kind of item of the tenants and the users table, each by its keys: the one list, which a new kind must join."""

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
HASHED = r"[0-9a-f]{64}"
OF_USERS = {
    "USER": (TENANT, r"USER#[\w-]+"),
    "EMAIL": (TENANT, f"EMAIL#{HASHED}"),
    "IDENTITY": (TENANT, r"IDENTITY#[\w-]+#[\w-]+"),
    "ADMINS": (TENANT, "ADMINS"),
    "SECRET": (TENANT, f"SECRET#{HASHED}"),
    "PROOF": (TENANT, f"PROOF#{HASHED}"),
    "OPERATION": (TENANT, r"OP#[0-9A-Z]{26}"),
    "LINK": (TENANT, r"LINK#[0-9A-Z]+"),
    "MAIL TO AN ADDRESS": (f"MAIL#ADDRESS#{HASHED}", r"[\d-]{10}T\d\d:00:00Z"),
    "MAIL OF A TENANT": (f"MAIL#TENANT#{TENANT}", r"[\d-]{10}#(ASKED|RESETS|INVITED)"),
    "MAIL OF A DAY": (r"MAIL#DAY#[\d-]{10}", "ASKED|RESETS|INVITED|BOUNCED"),
    "MAIL THAT BOUNCED": ("MAIL#MESSAGE#.+", "BOUNCED"),
}
"""The same of the users table."""
OF_ADDRESS_INDEX = "USER"
"""The only kind of the users table with an `address` that is one, by which the index finds who has it."""
SEATS_TO_TELL = ("ADMINS", "SEATS")
"""The kind that the same index has while seats are not published, below a word that no hashed address is like."""
OF_STATUS_INDEX = ("RECORD", "REJECTED")
"""The kinds that may have a status, or be unpublished: today's readers take others for tenants or rejections."""
FOUND_BY = {"status", "statusChangedAt", "unpublished", "unpublishedSince"}


def kind_of(item: Mapping[str, Any]) -> str:
    """Return the kind of an item of the tenants table; it has to be one, and may not be found as another is."""
    kind = _only(KINDS, item)
    assert kind in OF_STATUS_INDEX or not FOUND_BY & item.keys(), f"{item} would be taken for a tenant"
    return kind


def kind_of_users(item: Mapping[str, Any]) -> str:
    """Return the same of an item of the users table."""
    kind = _only(OF_USERS, item)
    is_found = "address" in item and (kind, item["address"]) != SEATS_TO_TELL
    assert kind == OF_ADDRESS_INDEX or not is_found, f"{item} would be taken for a user"
    return kind


def _only(kinds: Mapping[str, tuple[str, str]], item: Mapping[str, Any]) -> str:
    keys = (str(item["tenantId"]), str(item["item"]))
    (kind,) = [name for name, (*wanted,) in kinds.items() if all(map(re.fullmatch, wanted, keys))]
    return kind
