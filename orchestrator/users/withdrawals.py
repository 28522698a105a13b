"""Withdrawals: whoever is INVITED is no more, and no link that is out makes a user of them.

Whoever clicks at the same moment may have been made a user in Cognito that the register does not know yet. While that
is under way nothing is withdrawn; where it stopped half-way, the user there is removed as well.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change, Item
from orchestrator.routing import routes
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import read_item
from orchestrator.users import works
from orchestrator.users.refusals import UnderWayError
from orchestrator.users.statuses import INVITED
from orchestrator.users.works import CONFIRM_USER, DONE, PROOF

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


@dataclass(frozen=True)
class Withdrawal:
    """What else ends with an invitation, as actions of its transaction; and whether Cognito may know the user."""

    actions: tuple[dict[str, Any], ...] = ()
    may_be_in_cognito: bool = True


def of(clients: "Clients", settings: "Settings", tenant: Record, row: Item) -> Withdrawal:
    """Return what else ends when somebody is removed; raises UnderWayError while a link of theirs is being used."""
    if row["status"] != INVITED:
        return Withdrawal()
    key = works.proof_key(row["tenantId"], row["address"])
    proof = read_item(clients.dynamodb, settings.users_table, key)
    is_half_done = False
    if proof and proof[PROOF.status] != DONE:
        step = proof["steps"].get(CONFIRM_USER) or {"begun": 0, "settled": 0}
        is_half_done = step["begun"] > step["settled"]
        if is_half_done and step.get("leaseUntil", 0) / 1000 > time.time():
            raise UnderWayError
    ends = _ended(settings.users_table, key, proof)
    return Withdrawal((ends, *_route(settings, tenant, row)), is_half_done)


def _ended(table: str, key: dict[str, str], proof: Item | None) -> dict[str, Any]:
    """Return the action by which no link to an address is good; refused if its proof has changed since it was read."""
    change = Change(table, key)
    if proof is None:
        return writes.check(change.require("attribute_not_exists([item])"))
    change.require("[attempt] = ? AND [proofStatus] = ?", proof["attempt"], proof[PROOF.status])
    for name, step in proof["steps"].items():
        change.require(f"[steps.{name}.begun] = ?", step["begun"])
    return PROOF.enter(change, DONE, timestamp(time.time())).action()


def _route(settings: "Settings", tenant: Record, row: Item) -> list[dict[str, Any]]:
    """Return the action by which a social provider's person is let in no more; none where there is none."""
    if not (tenant["federated"] and tenant["tier"] == "silo"):
        return []
    key = routes.invitation_key(tenant["resources"]["userPoolId"], row["email"])
    return [routes.removal(settings.routes_table, row["tenantId"], key)]
