"""A whole rejected event is shown to operators, who are logged, and to nobody else: it may name people."""

import json
from typing import Any

import pytest

from handlers import access
from orchestrator.operations import rejections
from tests.unit.conftest import tenant_created
from tests.unit.handlers.api_gateway import OPERATOR, VIEWER, Claims, ask, claims, get
from tests.unit.handlers.logs_and_metrics import log
from tests.unit.handlers.status_api import acme, kind, problem, stack
from tests.unit.simulated_aws import Stack

__all__ = ["acme", "log", "stack"]

WHOLE = "/rejections/event-2"


@pytest.fixture
def rejected(acme: Stack) -> Stack:
    """A stack that rejected an event which wants the subdomain of acme."""
    wanted = tenant_created("globex", routing=tenant_created()["routing"])
    assert acme.receive(wanted, "event-2") == "rejected"
    acme.wire.attempts.clear()
    return acme


@pytest.mark.parametrize("query", ["", "?tenantId=globex"])
def test_it_is_shown_as_the_command_line_shows_it(rejected: Stack, query: str) -> None:
    """With the tenant that it names, no index is read."""
    found = get(f"{WHOLE}{query}")
    assert ("Query" in rejected.wire.operations()) == (not query)
    assert (found.status, found.document) == (200, rejections.show(rejected.clients, rejected.settings, "event-2"))
    assert [held["tenantId"] for held in found.document["heldBy"]] == ["acme", "acme"]
    assert json.loads(found.document["raw"])["detail"]["admin"] == tenant_created("globex")["admin"]


def test_one_that_names_no_tenant_is_shown_too(stack: Stack) -> None:
    stack.receive({"tenantId": "<b>"}, "event-1")
    assert get("/rejections/event-1").document["tenantId"] is None


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (VIEWER, 403),
        (OPERATOR, 200),
        (claims("viewers", "operators"), 200),
        (claims("acme"), 403),
        ({}, 401),
        (None, 401),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_operators_alone_may_see_it(rejected: Stack, method: str, who: Claims | None, code: int) -> None:
    assert ask(method, WHOLE, who).status == code
    assert bool(rejected.wire.operations()) == (code == 200)


@pytest.mark.parametrize("path", ["/rejections/", "/rejections//event-2", "/rejections/event-2/", "/rejections/%2e"])
def test_no_other_spelling_of_the_path_shows_it_to_a_viewer(rejected: Stack, path: str) -> None:
    found = get(path, VIEWER)
    assert (found.status, kind(found)) == (403, "forbidden")
    assert problem(found)["detail"].startswith("This needs a member of the group operators;")
    assert access.OF_OPERATORS == "/rejections/"
    assert rejected.wire.operations() == []


def test_who_looked_is_logged_and_nothing_of_the_event(rejected: Stack, log: list[dict[str, Any]]) -> None:
    get(WHOLE)
    (line,) = [line for line in log if line["message"] == "rejected event shown"]
    assert (line["user"], line["eventId"]) == (OPERATOR["sub"], "event-2")
    assert tenant_created("globex")["admin"]["email"] not in json.dumps(log)


@pytest.mark.parametrize("path", ["/rejections/event-1", f"{WHOLE}?tenantId=acme"])
def test_what_was_not_rejected_is_not_found(rejected: Stack, path: str) -> None:
    found = get(path)
    assert (found.status, kind(found)) == (404, "no-such-event")


def test_what_is_not_among_the_newest_needs_its_tenant(rejected: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejections, "MOST_PAGES", 0)
    assert get(f"{WHOLE}?tenantId=globex").status == 200
    found = get(WHOLE)
    assert (kind(found), found.status) == ("no-such-event", 404)
    assert problem(found)["detail"].endswith("say which tenantId it names.")


@pytest.mark.parametrize("event_id", ["a b", "a%2Fb", "a.b", "a" * 129])
def test_what_is_no_events_id_is_looked_for_nowhere(stack: Stack, event_id: str) -> None:
    assert kind(get(f"/rejections/{event_id}")) in {"invalid-request", "no-such-path"}
    assert stack.wire.operations() == []
