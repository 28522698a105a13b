"""The read model: one shape for every tenant, the last changed first, and every page of it."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator import lifecycle, status, steps, tiers
from orchestrator.clients import Clients
from orchestrator.contracts.fields import TIERS, Tier
from orchestrator.errors import ConfigurationError, OnboardingError, ThrottledError
from orchestrator.ledger import Record
from orchestrator.settings import Settings
from orchestrator.steps import create_tenant_group
from tests.unit.aws import Stack
from tests.unit.conftest import tenant_created, turn
from tests.unit.faults import Wire
from tests.unit.test_contracts import short
from tests.unit.test_provider_contracts import SAML

PAGE = {
    "tenantId",
    "tenantName",
    "tier",
    "status",
    "attempt",
    "executionArn",
    "requestedAt",
    "updatedAt",
    "completedAt",
    "steps",
    "resources",
    "failure",
}
STEP = {"name", "status", "attempts", "startedAt", "finishedAt", "error"}
RESOURCES = {
    "region",
    "userPoolId",
    "appClientId",
    "groupName",
    "issuer",
    "adminUsername",
    "domain",
    "identityProviders",
}
ROW = {
    "tenantId",
    "tenantName",
    "tier",
    "status",
    "currentStep",
    "attempt",
    "requestedAt",
    "updatedAt",
    "completedAt",
    "failure",
}
FAILURE = {"step": "CreateTenantGroup", "error": "SomeError", "message": "it is full", "nextAction": "Free some."}


@pytest.fixture
def stack(clients: Clients, settings: Settings, wire: Wire, published: Callable[[], list[dict[str, Any]]]) -> Stack:
    """A stack without tenants."""
    return Stack(clients, settings, wire, published)


@pytest.fixture
def show(clients: Clients, settings: Settings) -> Callable[[], status.Document]:
    """Show acme."""

    def show() -> status.Document:
        page = status.show(clients, settings, "acme")
        assert page
        return page

    return show


Show = Callable[[], status.Document]


def step_of(page: status.Document, name: str) -> Any:
    [step] = [step for step in page["steps"] if step["name"] == name]
    return step


# One tenant


@pytest.mark.parametrize(
    ("tier", "providers"), [*((tier, []) for tier in TIERS), ("bridge", [SAML]), ("silo", [SAML])], ids=short
)
def test_a_new_tenants_page_has_every_key_and_its_tiers_steps(
    claim: Callable[..., Record], show: Show, tier: Tier, providers: list[Any]
) -> None:
    record = claim(tier=tier, identityProviders=providers)
    page = show()
    assert page.keys() == PAGE
    assert (page["tenantId"], page["tenantName"], page["tier"]) == ("acme", "Acme Inc.", tier)
    assert (page["status"], page["attempt"], page["executionArn"]) == ("IN_PROGRESS", 1, record["executionArn"])
    assert page["completedAt"] is None
    assert page["failure"] is None
    assert [step["name"] for step in page["steps"]] == list(tiers.path(tier, federated=bool(providers)))
    nothing_yet = {"status": "PENDING", "attempts": 0, "startedAt": None, "finishedAt": None, "error": None}
    assert all(step == {"name": step["name"]} | nothing_yet for step in page["steps"])
    assert page["resources"].keys() == RESOURCES
    assert page["resources"] == dict.fromkeys(RESOURCES) | {"identityProviders": []}


def test_a_page_says_the_tier_whatever_the_plan_is_called(claim: Callable[..., Record], show: Show) -> None:
    claim(tier="premium")
    assert show()["tier"] == "silo"


def test_a_page_names_the_domain_and_the_identity_providers_as_cognito_does(
    stack: Stack, claim: Callable[..., Record], show: Show
) -> None:
    claim(tier="silo", identityProviders=[SAML])
    made = [
        {"name": "0f1e2d3c-sso", "label": "sso", "type": "SAML", "mapped": ["email"]},
        {"name": "Google", "label": "google", "type": "Google", "mapped": ["email", "name"]},
    ]
    stack.change(resources={"region": "eu-west-1", "domain": "t-0f1e", "identityProviders": made})
    resources = show()["resources"]
    assert resources["identityProviders"] == ["0f1e2d3c-sso", "Google"]
    assert (resources["domain"], resources["region"], resources["userPoolId"]) == ("t-0f1e", "eu-west-1", None)


def test_a_step_that_is_done_has_its_times_and_what_it_made(
    claim: Callable[..., Record], run: Callable[..., None], show: Show
) -> None:
    claim()
    run("AssignSharedPool")
    page = show()
    step = step_of(page, "AssignSharedPool")
    assert step.keys() == STEP
    assert (step["status"], step["attempts"], step["error"]) == ("DONE", 1, None)
    assert step["startedAt"] <= step["finishedAt"]
    assert page["resources"]["userPoolId"]
    assert page["resources"]["adminUsername"] is None


def test_a_failed_tenants_page_says_where_what_why_and_what_next(
    stack: Stack, claim: Callable[..., Record], show: Show
) -> None:
    claim()
    stack.change(status=lifecycle.FAILED, failure=FAILURE)
    assert show()["failure"] == FAILURE


@pytest.mark.parametrize(
    ("error", "record_status", "shown"),
    [
        (ThrottledError, lifecycle.IN_PROGRESS, "RUNNING"),
        (ThrottledError, lifecycle.FAILED, "FAILED"),
        (ConfigurationError, lifecycle.IN_PROGRESS, "FAILED"),
    ],
    ids=["waits for its retry", "was retried in vain", "cannot be retried"],
)
def test_a_step_that_waits_for_its_retry_is_running(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, error: type[OnboardingError], record_status: str, shown: str
) -> None:
    def act(_: object) -> None:
        raise error("it was refused")

    stack.receive(tenant_created())
    monkeypatch.setattr(create_tenant_group, "act", act)
    with pytest.raises(error):
        steps.run(stack.clients, stack.settings, "acme", turn("CreateTenantGroup"))
    stack.change(status=record_status)
    step = step_of(status.document(stack.record()), "CreateTenantGroup")
    assert (step["status"], step["attempts"], step["finishedAt"]) == (shown, 1, None)
    assert step["error"] == {"error": error.__name__, "message": "it was refused"}


def test_of_nobody_there_is_no_page(clients: Clients, settings: Settings) -> None:
    assert status.show(clients, settings, "nobody") is None


# Lists


@pytest.fixture
def five(stack: Stack) -> list[str]:
    """Five tenants of several statuses; returns their ids, the last changed first."""
    for number in range(5):
        stack.receive(tenant_created(f"tenant-{number}"), f"event-{number}")
        stack.change(f"tenant-{number}", statusChangedAt=f"2026-01-01T00:00:0{number}.000Z")
    stack.change("tenant-1", status=lifecycle.COMPLETED)
    stack.change("tenant-3", status=lifecycle.FAILED, failure=FAILURE)
    return [f"tenant-{number}" for number in reversed(range(5))]


def ids(rows: list[status.Document]) -> list[str]:
    return [row["tenantId"] for row in rows]


def test_tenants_of_all_statuses_are_listed_the_last_changed_first(
    clients: Clients, settings: Settings, five: list[str]
) -> None:
    rows = status.list_tenants(clients, settings)
    assert ids(rows) == five
    assert all(row.keys() == ROW for row in rows)
    assert [row["failure"] for row in rows] == [None, FAILURE, None, None, None]


@pytest.mark.parametrize("limit", [1, 2, 4])
def test_a_limit_keeps_the_last_changed(clients: Clients, settings: Settings, five: list[str], limit: int) -> None:
    assert ids(status.list_tenants(clients, settings, limit=limit)) == five[:limit]


def test_one_status_alone_can_be_listed(clients: Clients, settings: Settings, five: list[str]) -> None:
    assert ids(status.list_tenants(clients, settings, status=lifecycle.FAILED)) == ["tenant-3"]
    assert status.list_tenants(clients, settings, status=lifecycle.PENDING) == []


@pytest.fixture
def one_a_page(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let DynamoDB end each page after one item, as it does at 1 MB; returns the limits that were asked for."""
    query: Any = clients.dynamodb.query
    limits: list[int] = []

    def short(**arguments: Any) -> Any:
        limits.append(arguments["Limit"])
        return query(**arguments | {"Limit": 1})

    monkeypatch.setattr(clients.dynamodb, "query", short)
    return limits


def test_a_list_goes_on_where_dynamodb_ended_a_page(
    clients: Clients, settings: Settings, five: list[str], one_a_page: list[int]
) -> None:
    assert ids(status.list_tenants(clients, settings)) == five


def test_a_list_asks_for_no_more_than_is_missing(
    clients: Clients, settings: Settings, five: list[str], one_a_page: list[int]
) -> None:
    assert ids(status.list_tenants(clients, settings, status=lifecycle.IN_PROGRESS, limit=2)) == [five[0], five[2]]
    assert one_a_page == [2, 1]


def test_rejected_events_are_listed_page_after_page_with_their_reasons(
    stack: Stack, clients: Clients, settings: Settings, one_a_page: list[int]
) -> None:
    for number in range(3):
        stack.receive({"tenantId": "acme"}, f"event-{number}")
        stack.change(item=f"REJECTED#event-{number}", statusChangedAt=f"2026-01-01T00:00:0{number}.000Z")
    rows = status.list_rejected(clients, settings)
    assert [row["eventId"] for row in rows] == ["event-2", "event-1", "event-0"]
    assert all(row.keys() == {"eventId", "tenantId", "reasons", "rejectedAt"} for row in rows)
    assert rows[0]["rejectedAt"] == "2026-01-01T00:00:02.000Z"
    assert "tier" in {reason["field"] for reason in rows[0]["reasons"]}
