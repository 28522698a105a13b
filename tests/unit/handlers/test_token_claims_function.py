"""The trigger as Amazon Cognito calls it: it answers with claims or with one sentence, and logs no person."""

import json
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from typing import Any, cast

import pytest

from handlers import sign_in
from handlers import token_claims as function
from orchestrator.aws.clients import Clients
from orchestrator.routing import routes
from tenant_onboarding.authorizer import registry
from tenant_onboarding.authorizer.dynamodb import WHILE_SOMEBODY_SIGNS_IN
from tests.unit import faults
from tests.unit.faults import Wire
from tests.unit.handlers.invocations import CONTEXT
from tests.unit.sign_in.token_events import (
    CLIENT_ID,
    PROVIDER,
    VERSIONS,
    acme,
    event_of,
    federated,
    identity,
    route,
    user,
)

TABLE = "routes"
NOW = "2026-01-01T00:00:00Z"
PERSONAL = ("secret", "person", "4711", "hunter2")
"""What stands in the attributes below and in nothing else."""
ADDRESS = {"email": "secret@person.example", "name": "secret person"}


@pytest.fixture(autouse=True)
def environment(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function's environment, its registry simulated."""
    monkeypatch.setenv("ONBOARDING_ROUTES_TABLE", TABLE)
    monkeypatch.setattr(function, "clients", clients)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What the function logs, as it is written."""
    formatter = cast("logging.Formatter", sign_in.logger.registered_formatter)
    lines: list[dict[str, Any]] = []
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda record: lines.append(json.loads(formatter.format(record))))
    logger = logging.getLogger("tenant-onboarding")
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


@pytest.fixture
def registered(clients: Clients, wire: Wire) -> Any:
    """Register the app client of the events for a tier, as onboarding does."""

    def register(tier: str, tenant_id: str = "acme") -> None:
        register_own = routes.own_client
        target = {name: value for name, value in route(tier).items() if name not in {"routeKey", "tenantId"}}
        if tier == "pool":
            routes.register_shared_client(clients.dynamodb, TABLE, target, NOW)
            register_own = routes.own_tenant
        own = register_own(TABLE, tenant_id, target, NOW)
        clients.dynamodb.transact_write_items(TransactItems=[own])  # type: ignore[list-item]  # the stubs' TypedDict
        wire.attempts.clear()

    return register


def call(event: dict[str, Any]) -> dict[str, Any]:
    """Call the function as Lambda does."""
    answer: dict[str, Any] = json.loads(json.dumps(function.handler(json.loads(json.dumps(event)), CONTEXT)))
    return answer


def refused(event: dict[str, Any]) -> None:
    """Check that there is no token, and that no more leaves than that, in whatever is printed of the error."""
    with pytest.raises(function.SignInRefusedError) as refusal:
        function.handler(event, CONTEXT)
    printed = "".join(traceback.format_exception(refusal.value))
    assert str(refusal.value) == "Signing in is not possible here."
    assert refusal.value.__cause__ is refusal.value.__context__ is None
    assert not [each for each in PERSONAL if each in printed]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_the_registry_decides_and_the_event_comes_back_with_claims(
    tier: str, version: str, registered: Any, wire: Wire
) -> None:
    """By one read, or of a shared app client by two."""
    registered(tier)
    event = event_of(user(tier), version)
    answer = call(event)
    assert wire.operations() == ["GetItem"] * (2 if tier == "pool" else 1)
    assert answer | {"response": None} == event | {"response": None}
    (details,) = answer["response"].values()
    tokens = [details] if version == "v1" else [details["idTokenGeneration"], details["accessTokenGeneration"]]
    assert [token["claimsToAddOrOverride"] for token in tokens] == [acme(tier)] * len(tokens)


@pytest.mark.parametrize("version", VERSIONS)
def test_called_twice_or_with_its_own_answer_it_says_the_same(version: str, registered: Any) -> None:
    """What stands in the response already has no say, whoever put it there."""
    registered("bridge")
    event = event_of(user("bridge"), version)
    once = call(event)
    assert call(event) == once
    assert call(once) == once
    forged = {"claimsToAddOrOverride": {"tenantId": "globex", "admin": "true"}}
    assert call(event | {"response": {"claimsOverrideDetails": forged, "more": 1}}) == once


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_caller_sends_along_has_no_say(version: str, registered: Any) -> None:
    registered("pool")
    event = event_of(user("pool"), version)
    event["request"].pop("clientMetadata", None)
    plain = call(event)["response"]
    sent = {"tenantId": "globex", "custom:tenantId": "globex", "tenantRole": "admin", "identities": "[]"}
    event["request"]["clientMetadata"] = sent
    assert call(event)["response"] == plain


@pytest.mark.parametrize("state", [routes.RESERVED, routes.UNVERIFIED, ""])
def test_an_app_client_that_is_not_active_gives_no_token(state: str, clients: Clients, registered: Any) -> None:
    registered("bridge")
    item = registry.read(clients.dynamodb, TABLE, route()["routeKey"])
    clients.dynamodb.put_item(TableName=TABLE, Item=item | {"state": state})
    refused(event_of(user("bridge")))


def test_a_pool_tenant_that_is_not_there_or_no_more_gets_no_token(
    clients: Clients, registered: Any, log: list[dict[str, Any]]
) -> None:
    registered("pool")
    event = event_of(user("pool"))
    assert call(event)["response"]
    refused(event_of(user("pool") | {"custom:tenantId": "globex"}, userName="globex/jane@globex.example"))
    assert (log[-1]["reason"], log[-1]["routeKey"]) == ("UnknownTenant", "tenant#globex")
    item = registry.read(clients.dynamodb, TABLE, "tenant#acme")
    clients.dynamodb.put_item(TableName=TABLE, Item=item | {"state": routes.RESERVED})
    refused(event)
    routes.release(clients.dynamodb, TABLE, "acme", ["tenant#acme"])
    refused(event)
    assert log[-1]["reason"] == "UnknownTenant"


def test_an_app_client_of_another_user_pool_gives_no_token(registered: Any) -> None:
    registered("bridge")
    refused(event_of(user("bridge"), userPoolId="us-east-1_OTHER"))
    refused(event_of(user("bridge"), callerContext={"awsSdkVersion": "x", "clientId": f"{CLIENT_ID}0"}))


FAULTS = {
    "no answer": (faults.lost_response, 5),
    "no connection": (faults.unreachable, 5),
    "throttled": (faults.refused("ProvisionedThroughputExceededException"), 5),
    "an error inside": (faults.server_error, 5),
    "not allowed": (faults.access_denied("dynamodb:GetItem"), 1),
    "no table": (faults.refused("ResourceNotFoundException"), 1),
    "nonsense": (faults.answered(Item={"state": {"S": "ACTIVE"}}), 1),
}


@pytest.mark.parametrize(("strike", "tries"), FAULTS.values(), ids=FAULTS.keys())
def test_a_registry_that_cannot_be_read_gives_no_token(
    strike: Any, tries: int, registered: Any, wire: Wire, log: list[dict[str, Any]]
) -> None:
    registered("silo")
    with wire.strikes("GetItem", strike, times=faults.ALWAYS):
        refused(event_of(user("silo", **ADDRESS)))
    assert wire.count("GetItem") == tries
    assert log[-1]["message"] == "no token is issued"
    assert log[-1]["reason"] not in {"", "RefusedError"}
    assert log[-1]["where"]


def test_one_lost_answer_is_no_refusal(registered: Any, wire: Wire) -> None:
    registered("silo")
    with wire.strikes("GetItem", faults.lost_response):
        assert call(event_of(user("silo")))["response"]


def test_the_registry_is_given_up_before_cognito_gives_the_trigger_up(clients: Clients) -> None:
    """Cognito waits 5 s; each try may take its time to connect and to read, and none begins that could outlast that."""
    config: Any = clients.registry.meta.config
    assert config.retries["total_max_attempts"] == 1  # of the SDK's own
    assert config.connect_timeout + config.read_timeout < WHILE_SOMEBODY_SIGNS_IN.seconds < 5


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"version": "2"},
        event_of({}) | {"request": {}},
        event_of({}) | {"request": None},
        event_of({}) | {"callerContext": {}},
        event_of({"sub": ""}),
        event_of({}) | {"request": {"userAttributes": {"sub": "1"}}},
        event_of({}) | {"request": {"userAttributes": {"sub": "1"}, "groupConfiguration": []}},
        event_of({}) | {"request": {"userAttributes": {"sub": "1"}, "groupConfiguration": {"groupsToOverride": [7]}}},
        event_of({"custom:tenantRole": ["admin"]}),
        event_of({"custom:tenantId": ["acme"]}),
        event_of({"custom:userId": ["01ARYZ6S41TSV4RRFFQ69G5FAV"]}),
        event_of({}) | {"version": "9"},
    ],
)
def test_an_event_that_cannot_be_read_gives_no_token(event: dict[str, Any], registered: Any) -> None:
    registered("silo")
    refused(event)


REFUSED = {
    "UserOfAnotherTenant": user("bridge", **ADDRESS) | {"custom:tenantId": "globex"},
    "IdentityProviderOfAnotherTenant": federated(identity("other-Sso"), **ADDRESS),
    "MalformedIdentities": user("bridge", identities="secret {", **ADDRESS),
    "MalformedRole": user("bridge", **ADDRESS) | {"custom:tenantRole": "hunter2\n"},
    "UserNameOfAnotherTenant": user("bridge", **ADDRESS),
}


@pytest.mark.parametrize(("why", "attributes"), REFUSED.items())
def test_the_log_says_why_and_where_and_names_nobody(
    why: str, attributes: dict[str, Any], registered: Any, log: list[dict[str, Any]]
) -> None:
    registered("bridge")
    name = "secret@person.example" if why == "UserNameOfAnotherTenant" else "acme/secret@person.example"
    refused(event_of(attributes, userName=name))
    (line,) = log
    said = {"reason": why, "userPoolId": "us-east-1_EXAMPLE", "appClientId": CLIENT_ID}
    assert said.items() <= line.items()
    assert line.get("clientOfTenant") == ("acme" if why != "MalformedIdentities" else None)
    assert (line["level"], line["service"]) == ("WARNING", "tenant-onboarding")
    assert not [each for each in PERSONAL if each in json.dumps(line)]


def test_a_token_that_is_issued_is_one_line_that_names_nobody(registered: Any, log: list[dict[str, Any]]) -> None:
    registered("bridge")
    call(event_of(federated(identity(PROVIDER), **ADDRESS), userName="secret@person.example"))
    (line,) = log
    assert {"message": "token issued", "tenantId": "acme", "tier": "bridge", "version": "2"}.items() <= line.items()
    assert not [each for each in PERSONAL if each in json.dumps(line)]


def test_a_refusal_leaves_nothing_behind_in_the_next_line(registered: Any, log: list[dict[str, Any]]) -> None:
    registered("bridge")
    refused(event_of(user("bridge") | {"custom:tenantId": "globex"}))
    refused({})
    assert "clientOfTenant" in log[0]
    assert not {"clientOfTenant", "userPoolId", "appClientId"} & log[1].keys()


@pytest.mark.parametrize(("start", "made"), [("snap-start", True), ("on-demand", False)])
def test_the_snapshot_holds_the_client_of_the_registry(start: str, *, made: bool) -> None:
    """Elsewhere it is made on first use."""
    environment = os.environ | {"AWS_LAMBDA_INITIALIZATION_TYPE": start, "AWS_REGION": "eu-central-1"}
    program = "import handlers.token_claims as function; print('registry' in vars(function.clients))"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(made)


def test_nothing_slow_is_imported() -> None:
    """Whoever signs in first waits for the imports."""
    names = "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    program = f"import sys, handlers.token_claims; {names}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"botocore", "orchestrator"} <= set(done.stdout.split())
    assert not {"pydantic", "jinja2", "jwt", "cryptography"} & set(done.stdout.split())
