"""The trigger before somebody is made a user, as Cognito calls it: it lets in or says one sentence, and logs nobody."""

import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Iterator
from typing import Any, cast

import pytest

from handlers import pre_sign_up as function
from handlers import sign_in
from orchestrator.aws.clients import Clients
from orchestrator.routing import routes
from orchestrator.tenants.ledger import timestamp
from tests.unit import faults
from tests.unit.faults import Wire
from tests.unit.handlers.invocations import CONTEXT
from tests.unit.sign_in.sign_up_events import ADDRESS, client_route, documented, through
from tests.unit.sign_in.token_events import POOL_ID, PROVIDER

TABLE = "routes"
NOW = "2026-01-01T00:00:00Z"
NOBODY_IS_CONFIRMED = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
PERSONAL = ("jane", "doe", "acme.example", "112233445566778899001")
"""What stands in the attributes of the documented event and its user's name."""
VERIFIED = {"email_verified": "true"}


@pytest.fixture(autouse=True)
def environment(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function's environment, its registry simulated."""
    monkeypatch.setenv("ONBOARDING_ROUTES_TABLE", TABLE)
    monkeypatch.setattr(function, "clients", clients)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the function logs, as it is written."""
    formatter = cast("logging.Formatter", sign_in.logger.registered_formatter)
    lines: list[str] = []
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda record: lines.append(formatter.format(record)))
    logger = logging.getLogger("tenant-onboarding")
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


@pytest.fixture
def register(clients: Clients, wire: Wire) -> Any:
    """Register the app client of the events, as onboarding does."""

    def register(sign_up: str | None, *actions: dict[str, Any]) -> None:
        known = {"routeKey", "tenantId"}
        target = {name: value for name, value in client_route(sign_up).items() if name not in known}
        own = [routes.own_client(TABLE, "acme", target, NOW), *actions]
        clients.dynamodb.transact_write_items(TransactItems=own)  # type: ignore[arg-type]  # the stubs' TypedDict
        wire.attempts.clear()

    return register


def domain(**changes: Any) -> dict[str, Any]:
    """Return the action that verifies acme.example for acme."""
    item = {"routeKey": "domain#acme.example", "tenantId": "acme", "state": "ACTIVE", "target": {}}
    return routes.put_new(TABLE, item | changes)


def invitation(until: str = "2099-01-01T00:00:00.000Z", tenant_id: str = "acme") -> dict[str, Any]:
    """Return the action that invites whom the documented event is about."""
    about = {"table": TABLE, "tenant_id": tenant_id, "user_pool_id": POOL_ID, "address": ADDRESS}
    return routes.invitation(**about, until=until, now=NOW)


def call(event: dict[str, Any]) -> dict[str, Any]:
    """Call the function as Lambda does."""
    answer: dict[str, Any] = json.loads(json.dumps(function.handler(json.loads(json.dumps(event)), CONTEXT)))
    return answer


def refused(event: dict[str, Any]) -> None:
    """Check that nobody is made a user, and that no more leaves than that, in whatever is printed of the error."""
    with pytest.raises(function.SignUpRefusedError) as refusal:
        function.handler(event, CONTEXT)
    printed = "".join(traceback.format_exception(refusal.value)).lower()
    assert str(refusal.value) == function.REFUSAL
    assert refusal.value.__cause__ is refusal.value.__context__ is None
    assert not [each for each in PERSONAL if each in printed]


def test_an_administrators_user_is_made_at_once(wire: Wire) -> None:
    wire.attempts.clear()
    event = documented("admin_create_user")
    assert call(event) == event
    assert wire.operations() == []


@pytest.mark.parametrize(("sign_up", "actions", "reads"), [("OPEN", (), 1), ("EMAIL_DOMAINS", (domain(),), 2)])
def test_the_registry_decides_and_nobody_is_confirmed_or_linked(
    sign_up: str, actions: tuple[dict[str, Any], ...], reads: int, register: Any, wire: Wire
) -> None:
    register(sign_up, *actions)
    event = through(**VERIFIED)
    forged = event | {"response": dict.fromkeys(NOBODY_IS_CONFIRMED, True) | {"more": 1}}
    assert call(forged) == event | {"response": NOBODY_IS_CONFIRMED}
    assert wire.operations() == ["GetItem"] * reads


def test_an_invitation_holds_until_its_end_and_for_its_tenant(register: Any, clients: Clients) -> None:
    register("INVITE_ONLY", invitation())
    assert call(through())["response"] == NOBODY_IS_CONFIRMED
    over = invitation(until=timestamp(0))
    clients.dynamodb.transact_write_items(TransactItems=[over])  # type: ignore[list-item]  # the stubs' TypedDict
    refused(through())
    with pytest.raises(clients.dynamodb.exceptions.TransactionCanceledException):
        clients.dynamodb.transact_write_items(TransactItems=[invitation(tenant_id="globex")])  # type: ignore[list-item]  # as above


@pytest.mark.parametrize("state", [routes.RESERVED, "SUSPENDED", ""])
def test_what_is_not_active_lets_nobody_in(state: str, register: Any, clients: Clients) -> None:
    register("EMAIL_DOMAINS", domain(state=state))
    refused(through(**VERIFIED))
    key = {"routeKey": client_route()["routeKey"]}
    item = clients.dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
    clients.dynamodb.put_item(TableName=TABLE, Item=item | {"state": state})
    refused(through(f"{PROVIDER}_jane"))


@pytest.mark.parametrize("event", [{}, {"triggerSource": "PreSignUp_SignUp", "userPoolId": POOL_ID}, through("jane")])
def test_whatever_else_comes_is_refused(event: dict[str, Any], register: Any) -> None:
    register("OPEN")
    refused(event)


FAULTS = {
    "no answer": faults.lost_response,
    "throttled": faults.refused("ProvisionedThroughputExceededException"),
    "not allowed": faults.access_denied("dynamodb:GetItem"),
    "no table": faults.refused("ResourceNotFoundException"),
    "nonsense": faults.answered(Item={"state": {"S": "ACTIVE"}}),
}


@pytest.mark.parametrize("strike", FAULTS.values(), ids=FAULTS.keys())
def test_a_registry_that_cannot_be_read_lets_nobody_in(strike: Any, register: Any, wire: Wire, log: list[str]) -> None:
    register("OPEN")
    with wire.strikes("GetItem", strike, times=faults.ALWAYS):
        refused(through(**VERIFIED))
    assert json.loads(log[-1])["level"] == "ERROR"


@pytest.mark.parametrize("sign_up", ["INVITE_ONLY", "EMAIL_DOMAINS", "OPEN"])
def test_the_log_says_why_and_names_nobody(sign_up: str, register: Any, log: list[str]) -> None:
    register(sign_up, domain(), invitation())
    call(through(**VERIFIED))
    with pytest.raises(function.SignUpRefusedError):
        call(through("Nobody_112233445566778899001"))
    assert (json.loads(log[0])["tenantId"], json.loads(log[-1])["reason"]) == (
        "acme",
        "IdentityProviderOfAnotherTenant",
    )
    assert not [each for line in log for each in PERSONAL if each in line.lower()]


def test_nothing_slow_is_imported() -> None:
    """Somebody waits: Cognito gives a trigger five seconds."""
    program = (
        "import sys, handlers.pre_sign_up; print([n for n in ('pydantic', 'boto3', 'requests') if n in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
