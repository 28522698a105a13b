"""Counts: how many people a tenant has, kept by whatever changes somebody, in the same transaction.

Who is INVITED is not counted: an invitation ends by itself. While a change of how many are ACTIVE is not published, the
item that counts lies in the index of addresses, below SEATS: by the same write, so none is ever missed.
"""

import time
from typing import Any

from orchestrator.aws.dynamodb import Change, Item
from orchestrator.users.statuses import ACTIVE, ADMIN, DISABLED

ADMINS = "ADMINS"
ACTIVE_ADMINS, MEMBERS, OUT = "active", "members", "disabled"
"""What the item counts: admins who are ACTIVE, all people who are, and those who are DISABLED."""
NUMBER = "number"
"""That of the last change of these: greater than any before it, also of a tenant of the same id before this one."""
WHOLE = "whole"
"""Whether everybody was counted: an item of an earlier release, or one that a change made, does not say so."""
TO_PUBLISH, SEATS = "address", "SEATS"
"""The attribute by which the index has the item, and what it says there; no hashed address is like it."""


def now() -> int:
    """Return where numbers of changes begin, in epoch seconds: no tenant changes as often."""
    return int(time.time())


def key(tenant_id: str) -> dict[str, str]:
    """Return the key of the item that counts a tenant's people."""
    return {"tenantId": tenant_id, "item": ADMINS}


def of(row: Item | None) -> dict[str, int]:
    """Return what a row counts as; None is nobody's."""
    status, role = (row["status"], row["role"]) if row else ("", "")
    return {
        ACTIVE_ADMINS: int((role, status) == (ADMIN, ACTIVE)),
        MEMBERS: int(status == ACTIVE),
        OUT: int(status == DISABLED),
    }


def document(item: Item | None) -> dict[str, int] | None:
    """Return how many people a tenant has by the item that counts them; None where not everybody was counted yet."""
    if item is None or not item.get(WHOLE):
        return None
    told = {"active": MEMBERS, "admins": ACTIVE_ADMINS, "disabled": OUT}
    return {name: int(item.get(attribute, 0)) for name, attribute in told.items()}


def first(row: Item) -> Item:
    """Return the item that counts a tenant's only user."""
    counted = of(row)
    told = {TO_PUBLISH: SEATS} if counted[MEMBERS] else {}
    return key(row["tenantId"]) | counted | {NUMBER: now(), WHOLE: True} | told


def changed(table: str, before: Item | None, after: Item | None) -> list[dict[str, Any]]:
    """Return the action by which a tenant's people are counted as a row changes; none where no number does.

    It is refused, with the item that counts, if the tenant's last admin would be none any more.
    """
    was, becomes = of(before), of(after)
    by = {name: becomes[name] - was[name] for name in was if becomes[name] != was[name]}
    if not by:
        return []
    change = Change(table, key(str((after or before or {})["tenantId"])))
    for name, number in by.items():
        change.increase(name, number)
    change.increase(NUMBER, start=now())
    if MEMBERS in by:
        change.set(TO_PUBLISH, SEATS)
    if by.get(ACTIVE_ADMINS, 0) < 0:
        change.require(f"[{ACTIVE_ADMINS}] > ?", 1)
    return [change.action()]
