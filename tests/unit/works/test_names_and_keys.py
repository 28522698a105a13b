"""No two works, whatever their kinds, tables and keys, share an execution's name or an event's key."""

import re
from typing import Any  # of events: each model has fields of its own

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.tenants.work import NAME_MAX, named_after_key, named_after_tenant
from tenant_onboarding.contracts.outgoing import OF_A_TENANT
from tests.unit.works.greeting import GreetingCompleted, GreetingFailed

ULID = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26)
TENANT = st.text("abz019-", min_size=2, max_size=40)
ATTEMPT = st.integers(1, 12) | st.integers(1, 99_999_999)
PERSON = ULID | st.uuids().map(str)
"""Whom we make has a ULID; a federated person's id is Cognito's."""


def of_tenant(tenant: str, attempt: int) -> tuple[str, object]:
    return named_after_tenant({"tenantId": tenant, "item": "RECORD"}, attempt), (tenant, attempt)


def of_item(parts: tuple[str, ...], attempt: int) -> tuple[str, object]:
    return named_after_key({str(number): part for number, part in enumerate(parts)}, attempt), (parts, attempt)


CHANGE = st.builds(lambda tenant, ulid: (tenant, f"CHANGE#{ulid}"), TENANT, ULID)
OPERATION = st.builds(lambda person, ulid: (f"USER#{person}", f"OP#{ulid}"), PERSON, ULID)
OPERATION_OF_TENANT = st.builds(lambda tenant, person, ulid: (tenant, f"USER#{person}#OP#{ulid}"), TENANT, PERSON, ULID)
ODD = st.tuples(st.text("a#_ 1", min_size=1, max_size=8), st.text("a#_ 1", min_size=1, max_size=8))
NAMED = st.builds(of_tenant, TENANT, ATTEMPT) | st.builds(
    of_item, CHANGE | OPERATION | OPERATION_OF_TENANT | ODD, ATTEMPT
)


@given(st.lists(NAMED, min_size=2, max_size=30))
def test_no_two_executions_share_a_name(named: list[tuple[str, object]]) -> None:
    """Two names are the same only where work and attempt are; each is one that Step Functions and its logs take."""
    assert len({name for name, _ in named}) == len({what for _, what in named})
    assert all(len(name) <= NAME_MAX and re.fullmatch(r"[A-Za-z0-9_-]+", name) for name, _ in named)


FIELDS = {
    "tier": "pool",
    "execution_arn": "arn",
    "region": "r",
    "user_pool_id": "p",
    "app_client_id": "c",
    "issuer": "i",
    "group_name": "g",
    "subdomain": "s",
    "step": "S",
    "error": "E",
    "message": "m",
    "next_action": "n",
    "change": "REPAIR",
}
"""What events need beside what tells them apart."""


def event_of(model: type[Any], tenant: str, **which: Any) -> tuple[str, str, object]:
    """Return an event's key, its place in the table of all outboxes, and what it is about."""
    fields = {name: value for name, value in FIELDS.items() if name in model.model_fields}
    event = model.model_validate({"tenant_id": tenant, **fields, **which})
    return event.event_key, f"{tenant}/{event.outbox_key}", (model, tenant, *which.values())


def of_attempt(model: type[Any], tenant: str, attempt: int, redrive: int) -> tuple[str, str, object]:
    return event_of(model, tenant, attempt=attempt, redrive=redrive)


def of_change(model: type[Any], tenant: str, ulid: str) -> tuple[str, str, object]:
    return event_of(model, tenant, change_id=ulid)


EVENT = st.builds(of_attempt, st.sampled_from(OF_A_TENANT), TENANT, ATTEMPT, st.integers(0, 99)) | st.builds(
    of_change, st.sampled_from([GreetingCompleted, GreetingFailed]), TENANT, ULID
)


@given(st.lists(EVENT, min_size=2, max_size=30))
def test_no_two_works_share_an_events_key(events: list[tuple[str, str, object]]) -> None:
    """Consumers drop a key that they have seen; so it names the tenant, what came true, and of which work."""
    assert len({key for key, _, _ in events}) == len({what for _, _, what in events})
    assert len({key for _, key, _ in events}) == len({what for _, _, what in events})
