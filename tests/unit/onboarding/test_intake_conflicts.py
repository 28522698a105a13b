"""What contradicts a known tenant, or wants a key that is another's, is rejected by its field."""

from typing import Any

import pytest

from tests.unit import simulated_aws
from tests.unit.conftest import tenant_created
from tests.unit.faults import preceded_by
from tests.unit.onboarding.intake_events import REJECTED, reasons_of, routing
from tests.unit.simulated_aws import Stack, stack

__all__ = ["stack"]


@pytest.mark.parametrize(
    "changes",
    [
        {"tenantName": "Another"},
        {"admin": {"email": "other@acme.example"}},
        {"routing": {"subdomain": "another"}},
        {"identityProviders": []},
    ],
    ids=str,
)
def test_another_payload_for_a_known_tenant_is_rejected_and_the_first_one_holds(
    stack: Stack, changes: dict[str, Any]
) -> None:
    stack.receive(tenant_created())
    before, routes = stack.items(), stack.routes()
    assert stack.receive(tenant_created(**changes), "event-2") == "rejected"
    assert {key: item for key, item in stack.items().items() if key in before} == before
    assert stack.routes() == routes
    message = "is known already, from an event with another content, which holds"
    assert reasons_of(stack, "event-2") == {"tenantId": message}
    assert stack.counters() == {"IN_PROGRESS#pool": 1}


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        (routing("acme"), ["routing.subdomain"]),
        (routing("globex", "ACME-42"), ["routing.tenantCode"]),
        (routing("acme", "ACME-42"), ["routing.subdomain", "routing.tenantCode"]),
    ],
    ids=["subdomain", "code", "both"],
)
def test_a_key_that_is_taken_is_rejected_by_its_field(stack: Stack, asked: dict[str, Any], fields: list[str]) -> None:
    stack.receive(tenant_created())
    routes = stack.routes()
    assert stack.receive(tenant_created("globex", **asked), "event-2") == "rejected"
    assert reasons_of(stack, "event-2") == dict.fromkeys(fields, "is taken by another tenant; choose another")
    assert stack.record("globex") == {}
    assert stack.routes() == routes
    assert simulated_aws.executions() == ["acme-1"]


# After a rejection


def test_a_rejected_tenant_may_come_again_with_another_key(stack: Stack) -> None:
    stack.receive(tenant_created())
    assert stack.receive(tenant_created("globex", **routing("acme")), "event-2") == "rejected"
    assert stack.receive(tenant_created("globex"), "event-3") == "started"


def test_a_rejected_event_stays_rejected_even_when_the_key_became_free(stack: Stack) -> None:
    stack.receive(tenant_created())
    late = tenant_created("globex", **routing("acme"))
    assert stack.receive(late, "event-2") == "rejected"
    before = stack.rejections()
    stack.clients.dynamodb.delete_item(TableName=stack.settings.routes_table, Key={"routeKey": "subdomain#acme"})
    assert stack.receive(late, "event-2") == "rejected"
    assert stack.rejections() == before
    assert len(stack.published(REJECTED)) == 1
    assert stack.record("globex") == {}
    assert stack.receive(late, "event-3") == "started"


# Races


def test_of_twenty_that_want_one_subdomain_at_once_one_gets_it(stack: Stack) -> None:
    """Each is overtaken by the next just before its claim arrives, so all twenty are under way together."""
    names = [f"tenant-{number:02}" for number in range(20)]
    answers: dict[str, str] = {}

    def enter(number: int) -> None:
        name = names[number]
        if number + 1 == len(names):
            answers[name] = stack.receive(tenant_created(name, **routing("wanted")), name)
            return
        with stack.wire.strikes("TransactWriteItems", preceded_by(lambda: enter(number + 1))):
            answers[name] = stack.receive(tenant_created(name, **routing("wanted")), name)

    enter(0)
    assert sorted(answers.values()) == ["rejected"] * 19 + ["started"]
    [winner] = [name for name, answer in answers.items() if answer == "started"]
    assert stack.routes()["subdomain#wanted"]["tenantId"] == winner
    assert simulated_aws.executions() == [f"{winner}-1"]
    assert stack.counters() == {"IN_PROGRESS#pool": 1}
    assert len(stack.published(REJECTED)) == 19
