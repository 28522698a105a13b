"""What must be true of a tenant when all is quiet, whatever struck it: what the fault sweep and random runs judge by.

What there is, and where it disagrees with what the tables say, is told by `inventory`; here is what was told to others.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from tests.e2e.aws_proxy import Call
from tests.e2e.inventory import Complaint


def explained(tenant_id: str, failure: Mapping[str, str], commands: Collection[str]) -> Iterator[Complaint]:
    """Yield a failure that does not say where, why, and which of the commands comes next."""
    told = failure["step"] and failure["error"]
    if not (told and any(f"onboard {command}" in failure["nextAction"] for command in commands)):
        yield Complaint("unexplained", f"{tenant_id} failed with {failure}")


def told(tenant_id: str, keys: Mapping[str, Collection[str]], expected: Mapping[str, int]) -> Iterator[Complaint]:
    """Yield the kinds of events of which not as many came as came true; `keys` are the different ones by kind."""
    for detail_type, number in expected.items():
        found = set(keys.get(detail_type, ()))
        if len(found) != number:
            yield Complaint("untold", f"{tenant_id}: {len(found)} different {detail_type}, expected {number}")


def labelled(
    tenant_id: str, events: Iterable[Mapping[str, object]], metadata: Mapping[str, str]
) -> Iterator[Complaint]:
    """Yield events that do not give back the metadata of the tenant's own event."""
    for event in events:
        if event.get("metadata", {}) != metadata:
            yield Complaint("wrong", f"{tenant_id}: {event['eventKey']} has metadata {event.get('metadata')}")


def mailed(tenant_id: str, emails: int, *, most: int, least: int = 1) -> Iterator[Complaint]:
    """Yield welcome emails that were too many, or were claimed to be sent."""
    if emails > most:
        yield Complaint("duplicate", f"{tenant_id}: {emails} welcome emails")
    if emails < least:
        yield Complaint("false success", f"{tenant_id}: no welcome email")


def claimed(tenant_id: str, seen: Sequence[Call]) -> Iterator[Complaint]:
    """COMPLETED is recorded after everything that it claims, and said after it is recorded."""
    calls = [(call.operation, call.body) for call in seen]
    made = [i for i, (name, _) in enumerate(calls) if "Create" in name or name == "ses:SendEmail"]
    recorded = [i for i, (name, body) in enumerate(calls) if "Transact" in name and b'"COMPLETED"' in body]
    said = [i for i, (name, body) in enumerate(calls) if "PutEvents" in name and b"TenantOnboarded" in body]
    if not recorded or max(made, default=-1) > min(recorded) or (said and min(said) < min(recorded)):
        yield Complaint("false success", f"{tenant_id} was claimed to be COMPLETED too early, or never")


def removal_claimed(tenant_id: str, seen: Sequence[Call]) -> Iterator[Complaint]:
    """ABANDONED is recorded after everything was removed, and said after it is recorded."""
    calls = [(call.operation, call.body) for call in seen]
    removed = [i for i, (name, _) in enumerate(calls) if "Delete" in name]
    recorded = [i for i, (name, body) in enumerate(calls) if "Transact" in name and b'"ABANDONED"' in body]
    said = [i for i, (name, body) in enumerate(calls) if "PutEvents" in name and b"TenantAbandoned" in body]
    if not recorded or max(removed, default=-1) > min(recorded) or (said and min(said) < min(recorded)):
        yield Complaint("false success", f"{tenant_id} was claimed to be ABANDONED too early, or never")
