"""The status API on simulated AWS: a stack whose function speaks through the tests' wire, and what it answers."""

from collections.abc import Callable
from typing import Any

import pytest

from handlers import api, problems, wrong_requests
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.tenants import lifecycle, transitions
from tests.unit.conftest import tenant_created
from tests.unit.faults import Wire
from tests.unit.handlers.api_gateway import Answer
from tests.unit.handlers.invocations import CONTEXT
from tests.unit.kept_aws import KeptAws
from tests.unit.simulated_aws import Stack, arn_of, ended
from tests.unit.status.failure import FAILURE


@pytest.fixture
def stack(
    clients: Clients,
    settings: Settings,
    wire: Wire,
    published: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> Stack:
    """A stack whose status API speaks through the same wire as the tests."""
    chosen = settings.model_copy(update={"welcome_function_name": "Welcome"})
    monkeypatch.setattr(api, "clients", lambda: clients)
    monkeypatch.setattr(api, "settings", lambda: chosen)
    wire.attempts.clear()
    return Stack(clients, chosen, wire, published)


@pytest.fixture
def acme(stack: Stack, kept: KeptAws) -> Stack:
    """A stack with the tenant acme, in progress."""
    kept.once("acme", lambda: stack.receive(tenant_created()))
    return stack


def fail(stack: Stack, tenant_id: str = "acme") -> None:
    """Let a tenant's execution have failed, and that be recorded."""
    ended(arn_of(tenant_id), error="ConfigurationError")
    table = stack.settings.tenants_table
    assert transitions.move(stack.clients.dynamodb, table, stack.record(tenant_id), lifecycle.FAILED, failure=FAILURE)


def problem(answer: Answer) -> dict[str, Any]:
    """Return a problem document, which every problem's answer is."""
    assert answer.headers["Content-Type"] == problems.MEDIA_TYPE
    document: dict[str, Any] = answer.document
    model = wrong_requests.InvalidRequest if "errors" in document else wrong_requests.Problem
    assert model.model_validate(document).model_dump(by_alias=True) == document
    assert document["status"] == answer.status
    assert document["requestId"] == CONTEXT.aws_request_id
    return document


def kind(answer: Answer) -> str:
    """Return the kind of a problem, as the page lists it."""
    return str(problem(answer)["type"]).removeprefix(problems.NAMESPACE)
