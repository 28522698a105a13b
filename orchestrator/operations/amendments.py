"""Amendments: a FAILED tenant whose request itself is wrong gets the right one, and its next attempt.

The corrected event is judged as intake would judge it, and what was made stays: a field that something made holds is
refused. Record, request and routing keys change in the transaction that begins the next attempt, or not at all.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED, Change
from orchestrator.aws.errors import cancellation_codes
from orchestrator.onboarding import changeable_fields, request, retries
from orchestrator.onboarding.envelope import RejectedError
from orchestrator.onboarding.reconcile import bring_up_to_date
from orchestrator.operations.retries import CHANGED_MEANWHILE
from orchestrator.routing import routes
from orchestrator.tenants import kinds, metadata, open_sign_up, tiers, verdicts
from orchestrator.tenants.actions import Action
from orchestrator.tenants.commands import command
from orchestrator.tenants.ledger import Record, new_step, timestamp
from orchestrator.tenants.records import read_record, read_request, record_key
from orchestrator.tenants.verdicts import Act
from tenant_onboarding.authorizer import registry
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tenant_onboarding.names import is_tenant_id

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from orchestrator.onboarding.changeable_fields import Difference

CANNOT = "cannot be amended with this file; nothing was changed"
BESIDE = 3
"""Actions of an amendment's transaction that move no key: record, counters and request."""
FENCED = "amended"
"""Owns the leases that an amendment has taken from invocations; it is the name of none."""


@dataclass(frozen=True)
class Amended:
    """What an amendment did, or would do: `attempt` was started, or it is 0 and the message and `reasons` say why."""

    tenant_id: str
    attempt: int
    message: str
    changes: Sequence["Difference"] = ()
    reasons: Sequence[Reason] = ()

    def document(self) -> dict[str, Any]:
        """Return it as a document; null for an attempt that there is none of."""
        return {
            "tenantId": self.tenant_id,
            "attempt": self.attempt or None,
            "message": self.message,
            "changes": [{"field": each.field, "before": each.before, "after": each.after} for each in self.changes],
            "reasons": [reason.model_dump() for reason in self.reasons],
        }


@dataclass(frozen=True)
class _Amendment:
    """A tenant as it was seen, what it asked for and what it is to ask for, as request and as its record holds it."""

    record: Record
    before: TenantCreated
    after: TenantCreated
    asked: Record


def amend(
    clients: "Clients",
    settings: "Settings",
    tenant_id: str,
    detail: Any,  # Any: as it was received
    by: str | None = None,
) -> Amended:
    """Give a FAILED tenant another request and start its next attempt; steps that are done are not done again.

    `by` is who asks for it, as `orchestrator.tenants.actions` has it.

    Everything moves at once and conditionally, so of two operators one amends. A fault after that is finished by
    reconcile. Raises errors of AWS, and ConfigurationError if the earlier request cannot be read.
    """
    bring_up_to_date(clients, settings, kinds.of_tenant(settings, tenant_id))
    amendment, answer = _look(clients, settings, tenant_id, detail)
    if amendment is None:
        return answer
    return _carry_out(clients, settings, amendment, answer, Action("amend", by))


def preview(clients: "Clients", settings: "Settings", tenant_id: str, detail: Any) -> Amended:  # Any: as above
    """Return what `amend` would do now; changes nothing. Raises what `amend` raises."""
    amendment, answer = _look(clients, settings, tenant_id, detail)
    if amendment is None:
        return answer
    claims = [(field, action["Put"]["Item"]) for field, action in _swaps(settings, amendment) if "Put" in action]
    table = settings.routes_table
    taken = [field for field, item in claims if registry.holder(clients.dynamodb, table, item["routeKey"])]
    return replace(answer, attempt=0, message=CANNOT, reasons=request.taken(taken).problems) if taken else answer


def _look(clients: "Clients", settings: "Settings", tenant_id: str, detail: Any) -> tuple[_Amendment | None, Amended]:
    """Judge a tenant and what it is to ask for, as both are now; return no amendment where there can be none."""
    record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or {}
    if refusal := _refusal(record, tenant_id):
        return None, Amended(tenant_id, 0, refusal)
    before = read_request(clients.dynamodb, settings.tenants_table, tenant_id)
    try:
        after = _judge(settings, before, detail)
    except RejectedError as rejected:
        return None, Amended(tenant_id, 0, CANNOT, reasons=rejected.problems)
    asked = request.asked_for(settings, after, detail)
    changes = changeable_fields.differences(settings, record, before, after)
    if not changes:
        same = f"asks for nothing else than it did; to try again: {command('retry', tenant_id)}"
        return None, Amended(tenant_id, 0, same)
    amendment = _Amendment(record, before, after, asked)
    contradictions = changeable_fields.contradictions(clients, record, asked, before, after, changes)
    if reasons := list(contradictions) or list(_too_many(settings, amendment)):
        return None, Amended(tenant_id, 0, CANNOT, changes, reasons)
    attempt = int(record["attempt"]) + 1
    answer = Amended(tenant_id, attempt, f"would start attempt {attempt}", changes)
    return amendment, answer


def _too_many(settings: "Settings", amendment: _Amendment) -> Iterator[Reason]:
    """Yield that an amendment does not fit into one transaction, if that is so."""
    number = len(_swaps(settings, amendment)) + len(_found_by(settings, amendment)) + BESIDE
    if number > writes.ACTIONS_MAX:
        message = f"differs in {number - BESIDE} keys, and at most {writes.ACTIONS_MAX - BESIDE} can move at once"
        yield Reason(field="detail", message=f"{message}; change fewer email domains, providers or metadata")


def _refusal(record: Record, tenant_id: str) -> str:
    """Return why a tenant cannot be amended as its record stands, whatever it is to ask for; empty if it can."""
    if refusal := verdicts.refusal(record, tenant_id, Act.AMEND):
        return refusal
    leased = max((float(entry.get("leaseUntil", 0)) / 1000 for entry in record["steps"].values()), default=0.0)
    if leased >= time.time():  # it may be making something of the earlier request, and write that down as done
        return f"one of its steps may still be at work; try again in {leased - time.time() + 1:.0f} s"
    return ""


def _judge(settings: "Settings", before: TenantCreated, detail: Any) -> TenantCreated:
    """Return the request; raises RejectedError with all that is wrong with what it changes, or whose it is."""
    tenant_id, problems, after = before.tenant_id, [], None
    try:
        after = request.judge(settings, detail, time.time(), before)
    except RejectedError as rejected:
        problems = rejected.problems
    named = detail.get("tenantId") if isinstance(detail, dict) else None
    if is_tenant_id(named) and named != tenant_id:
        problems.append(Reason(field="tenantId", message=f"must stay {tenant_id}: the event is another tenant's"))
    if problems or after is None:
        raise RejectedError(*problems)
    return after


def _carry_out(
    clients: "Clients", settings: "Settings", amendment: _Amendment, answer: Amended, action: Action
) -> Amended:
    swaps = _swaps(settings, amendment)
    to = amendment.asked | action.listed(amendment.record, answer.attempt)
    together_with = [
        request.put(settings, amendment.after),
        *_found_by(settings, amendment),
        *(action for _, action in swaps),
    ]
    try:
        moved = retries.start_next(clients, settings, amendment.record, to, _change(settings, amendment), together_with)
    except ClientError as error:
        codes = cancellation_codes(error)
        if not {CONDITION_FAILED} <= set(codes) <= {CONDITION_FAILED, "None"}:
            raise
        of_swaps = codes[len(codes) - len(swaps) :]
        refused = [swap for swap, code in zip(swaps, of_swaps, strict=True) if code == CONDITION_FAILED]
        return replace(answer, attempt=0, message=CANNOT, reasons=_reasons(refused))
    if moved is None:
        return replace(answer, attempt=0, message=CHANGED_MEANWHILE, changes=())
    return replace(answer, message=f"attempt {answer.attempt} started")


def _change(settings: "Settings", amendment: _Amendment) -> Change:
    """Return what changes in the record besides what is asked for: what that leaves out, and what it brings."""
    record, asked = amendment.record, amendment.asked
    change = Change(settings.tenants_table, record_key(record["tenantId"]))
    change.set("amendedSha256s", [*record.get("amendedSha256s", ()), record["requestSha256"]])
    if "security" not in asked:
        change.remove("security")
    for step in tiers.path(asked["tier"], federated=asked["federated"]):
        if step not in record["steps"]:
            change.set(f"steps.{step}", new_step())
    _fence(change, record)
    return change


def _fence(change: Change, record: Record) -> None:
    """Let no invocation that is at work yet write down what it makes of the earlier request.

    By this operator's clock all leases may have ended while by the function's own one holds. It holds others off for
    as long as it lasts, whoever owns it.
    """
    for step, entry in record["steps"].items():
        if "leaseOwner" in entry:
            path = f"steps.{step}.leaseOwner"
            change.require(f"[{path}] = ?", entry["leaseOwner"]).set(path, FENCED)


def _found_by(settings: "Settings", amendment: _Amendment) -> list[dict[str, Any]]:
    """Return the actions on the items by which lists find the tenant."""
    table, tenant_id = settings.tenants_table, amendment.after.tenant_id
    held, wanted = metadata.of(amendment.record), amendment.after.metadata
    said = open_sign_up.policy(amendment.record)
    return [
        *metadata.swap(table, tenant_id, held, wanted),
        *open_sign_up.swap(table, tenant_id, said, amendment.after.users.signs_up),
    ]


def _swaps(settings: "Settings", amendment: _Amendment) -> list[routes.Reservation]:
    """Return the actions on routing keys: the earlier ones that go, and the new ones."""
    now = timestamp(time.time())
    held = request.reservations(settings, amendment.record["tier"], amendment.before, now)
    return routes.swap(held, request.reservations(settings, amendment.asked["tier"], amendment.after, now))


def _reasons(refused: list[routes.Reservation]) -> list[Reason]:
    """Return why keys could not be swapped."""
    taken = [field for field, action in refused if "Put" in action]
    stuck = [(field, action["Delete"]["Key"]["routeKey"]) for field, action in refused if "Delete" in action]
    message = "the earlier key {key} is in use or another tenant's; find out why in the routes table"
    return [
        *request.taken(taken).problems,
        *(Reason(field=field, message=message.format(key=key)) for field, key in stuck),
    ]
