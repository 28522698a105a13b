"""The authorizer lets a request in with what its token says; whatever else comes gets the same bare denial."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import botocore.session
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.core.models import botocore_stubber

from orchestrator.aws.clients import Clients
from tenant_onboarding.authorizer import handler as authorizer
from tenant_onboarding.authorizer.token_verifier import Reason
from tests.unit.faults import Wire, lost_response, refused, unreachable
from tests.unit.kept_aws import KeptAws
from tests.unit.tenant_onboarding.user_pools import DOMAIN, SILO, SILO_CLIENT, SUBJECT, Door, open_door, send, token_of

EVENTS = Path(__file__).parents[2] / "events"
SAMPLE: dict[str, Any] = json.loads((EVENTS / "authorizer-2.0.json").read_text())
OLD_SAMPLE: dict[str, Any] = json.loads((EVENTS / "authorizer-1.0.json").read_text())
Logged = Callable[[], list[dict[str, Any]]]
DENIED = {"isAuthorized": False}
CONTEXT = SimpleNamespace(aws_request_id="invocation-1")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of a fresh function; it keeps nothing from another test."""
    values = {
        authorizer.ROUTES_TABLE: "routes",
        authorizer.APP_DOMAIN: DOMAIN,
        authorizer.TOKEN_USES: "access",
        authorizer.HOST_HEADER: "host",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture(scope="module")
def session() -> Any:  # Any: the stubs know no hook that answers
    """The SDK's session in the function; its models are read once."""
    made: Any = botocore.session.Session()
    made.unregister("before-send", botocore_stubber)
    return made


@pytest.fixture
def door(environment: pytest.MonkeyPatch, session: Any, clients: Clients, wire: Wire, kept: KeptAws) -> Iterator[Door]:
    environment.setattr(botocore.session, "get_session", lambda: session)
    authorizer.verifier.cache_clear()
    session.register("before-send", wire)
    with open_door(clients, wire, kept) as door:
        environment.setenv(authorizer.JWKS_ADDRESS, door.keys.address)
        yield door
    session.unregister("before-send", wire)
    authorizer.verifier.cache_clear()


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Logged:
    """What the function has logged since it was last asked for: returns each line's fields, in order."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def event(token: str | None = None, host: str | None = "tyrell", **headers: str) -> dict[str, Any]:
    """Return AWS's sample event with a bearer token and a host."""
    bearer = {"authorization": f"Bearer {token}"} if token is not None else {}
    at = {"host": f"{host}.{DOMAIN}"} if host else {}
    return SAMPLE | {"headers": SAMPLE["headers"] | bearer | at | headers}


def answer(request: object) -> dict[str, Any]:
    return authorizer.handler(cast(dict[str, Any], request), CONTEXT)


def test_a_tenants_user_is_let_in_with_what_the_api_needs_to_know(door: Door, logged: Logged) -> None:
    assert answer(event(token_of("tyrell"))) == {
        "isAuthorized": True,
        "context": {
            "tenantId": "tyrell",
            "tier": "silo",
            "role": "admin",
            "groups": ["tyrell"],
            "userId": SUBJECT,
            "subject": SUBJECT,
        },
    }
    assert logged() == []


def test_a_warm_function_asks_nobody_anything(door: Door) -> None:
    tokens = {tenant_id: token_of(tenant_id) for tenant_id in ("acme", "globex", "hooli", "tyrell")}
    for tenant_id, token in tokens.items():
        assert answer(event(token, tenant_id))["isAuthorized"]
    cold = len(door.wire.attempts), len(door.keys.asked)
    assert cold == (3 + 2 + 4, 2)
    for _ in range(3):
        for tenant_id, token in tokens.items():
            assert answer(event(token, tenant_id))["context"]["tenantId"] == tenant_id
            assert answer(event(token, "nobody" if tenant_id == "acme" else "acme"))["isAuthorized"] is False
    assert (len(door.wire.attempts) - 1, len(door.keys.asked)) == cold


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_may_be_written_in_any_case(scheme: str, door: Door) -> None:
    assert answer(event(authorization=f"{scheme} {token_of('tyrell')}"))["isAuthorized"]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, Reason.NO_TOKEN),
        ({"authorization": ""}, Reason.NO_TOKEN),
        ({"authorization": "Bearer"}, Reason.NO_TOKEN),
        ({"authorization": "Bearer "}, Reason.NO_TOKEN),
        ({"authorization": "{token}"}, Reason.NO_TOKEN),
        ({"authorization": "Basic {token}"}, Reason.NO_TOKEN),
        ({"authorization": "Bearer\t{token}"}, Reason.NO_TOKEN),
        ({"authorization": "Bearer Bearer {token}"}, Reason.MALFORMED_TOKEN),
        ({"authorization": "Bearer {token} {token}"}, Reason.MALFORMED_TOKEN),
        ({"authorization": "Bearer {token},Bearer {token}"}, Reason.MALFORMED_TOKEN),
        ({"authorization": 'Bearer "{token}"'}, Reason.MALFORMED_TOKEN),
        ({"Authorization": "Bearer {token}"}, Reason.NO_TOKEN),
        ({"x-authorization": "Bearer {token}"}, Reason.NO_TOKEN),
    ],
)
def test_a_token_stands_in_one_place_only(headers: dict[str, str], reason: Reason, door: Door, logged: Logged) -> None:
    filled = {name: value.format(token=token_of("tyrell")) for name, value in headers.items()}
    assert answer(event(**filled)) == DENIED
    assert [line["reason"] for line in logged()] == [reason]
    assert door.wire.operations() == []


def test_a_token_elsewhere_in_the_request_is_not_taken(door: Door) -> None:
    token = token_of("tyrell")
    anywhere = {
        "identitySource": [f"Bearer {token}"],
        "cookies": [f"authorization=Bearer {token}"],
        "queryStringParameters": {"access_token": token, "authorization": f"Bearer {token}"},
    }
    assert answer(event() | anywhere) == DENIED


def test_events_of_the_older_form_are_refused(door: Door, logged: Logged) -> None:
    headers = OLD_SAMPLE["headers"] | {"authorization": f"Bearer {token_of('tyrell')}", "host": f"tyrell.{DOMAIN}"}
    assert answer(OLD_SAMPLE | {"headers": headers}) == DENIED
    assert logged()[0]["reason"] == Reason.UNKNOWN_EVENT


def test_a_refusal_is_logged_by_reason_and_ids_and_without_the_token(door: Door, logged: Logged) -> None:
    token = token_of("tyrell", email="jane@tyrell.example")
    assert answer(event(token, "acme")) == DENIED
    (line,) = logged()
    wanted = {
        "level": "WARNING",
        "message": "refused",
        "reason": "OTHER_HOST",
        "requestId": "id",
        "userPoolId": SILO,
        "appClientId": SILO_CLIENT,
        "tenantId": "tyrell",
        "hostTenantId": "acme",
        "user": SUBJECT,
    }
    assert {name: line.get(name) for name in wanted} == wanted
    assert not [part for part in (*token.split("."), "jane") if part in json.dumps(line)]


@pytest.mark.parametrize("strike", [unreachable, lost_response, refused("AccessDeniedException")])
def test_while_the_registry_cannot_be_read_nobody_is_let_in(
    strike: Callable[..., Any], door: Door, logged: Logged
) -> None:
    with door.wire.strikes("GetItem", strike, times=10):
        assert answer(event(token_of("tyrell"))) == DENIED
    (line,) = logged()
    assert (line["level"], line["reason"]) == ("ERROR", Reason.ERROR)
    assert "tyrell" not in json.dumps(line)
    assert answer(event(token_of("tyrell")))["isAuthorized"]


def test_while_keys_cannot_be_had_nobody_is_let_in(door: Door, logged: Logged) -> None:
    door.keys.answer = lambda request: send(request, b"", 500)
    assert answer(event(token_of("tyrell"))) == DENIED
    (line,) = logged()
    assert (line["level"], line["reason"], line["error"]) == ("ERROR", Reason.KEYS_UNAVAILABLE, "HTTPError")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (authorizer.JWKS_ADDRESS, "http://keys.example/{userPoolId}"),
        (authorizer.TOKEN_USES, "refresh"),
        (authorizer.TOKEN_USES, ""),
        (authorizer.ROUTES_TABLE, None),
        (authorizer.APP_DOMAIN, None),
        (authorizer.HOST_HEADER, None),
    ],
)
def test_a_function_that_is_set_up_wrong_lets_nobody_in(
    name: str, value: str | None, door: Door, environment: pytest.MonkeyPatch, logged: Logged
) -> None:
    environment.delenv(name) if value is None else environment.setenv(name, value)
    assert answer(event(token_of("tyrell"))) == DENIED
    assert [line["reason"] for line in logged()] == [Reason.ERROR]


def test_hosts_are_read_from_the_header_that_is_chosen(door: Door, environment: pytest.MonkeyPatch) -> None:
    environment.setenv(authorizer.HOST_HEADER, "x-forwarded-host")
    token = token_of("tyrell")
    assert answer(event(token, "tyrell")) == DENIED
    assert answer(event(token, "acme", **{"x-forwarded-host": f"tyrell.{DOMAIN}"}))["isAuthorized"]


def test_hosts_may_go_unchecked_and_id_tokens_be_taken(door: Door, environment: pytest.MonkeyPatch) -> None:
    environment.setenv(authorizer.HOST_HEADER, "")
    environment.setenv(authorizer.TOKEN_USES, "access,id")
    assert answer(event(token_of("tyrell", "id"), None))["isAuthorized"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
LIKE_A_TOKEN = st.lists(st.text("AZaz09-_=. {}", max_size=40), min_size=1, max_size=5).map(".".join)
WORDS = st.sampled_from(["version", "headers", "requestContext", "authorization", "host", "2.0", "requestId"])
LIKE_AN_EVENT = st.fixed_dictionaries(
    {"version": st.just("2.0") | ANYTHING},
    optional={
        "headers": ANYTHING
        | st.dictionaries(WORDS, st.builds("Bearer {}".format, LIKE_A_TOKEN) | ANYTHING, max_size=3),
        "requestContext": ANYTHING | st.fixed_dictionaries({"requestId": ANYTHING}),
    },
)


def test_a_line_of_the_log_is_json_that_a_metric_filter_reads(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    answer(event("no-token") | {"requestContext": {"requestId": ["of", "another", "kind"]}})
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told.keys() == {"level", "message", "timestamp", "service", "reason", "requestId"}
    assert told["requestId"] is None


@given(request=ANYTHING | LIKE_AN_EVENT)
@settings(max_examples=300, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_can_be_sent_is_answered_otherwise(request: object, door: Door, logged: Logged) -> None:
    assert answer(request) == DENIED


@given(part=st.integers(0, 2), at=st.integers(0, 10_000), put=st.characters(codec="ascii"))
@settings(max_examples=300, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_token_changed_anywhere_is_not_let_in(part: int, at: int, put: str, door: Door, logged: Logged) -> None:
    token = token_of("tyrell")
    parts = token.split(".")
    place = at % len(parts[part])
    parts[part] = parts[part][:place] + put + parts[part][place + 1 :]
    if ".".join(parts).strip(" ") != token:
        assert answer(event(".".join(parts))) == DENIED


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], env=os.environ | environment, capture_output=True, text=True, check=False
    )


def test_importing_it_loads_nothing_that_is_slow() -> None:
    slow = ("aws_lambda_powertools", "boto3", "pydantic", "email_validator", "tenant_onboarding.contracts")
    done = run(
        f"import sys, tenant_onboarding.authorizer.handler; print([name for name in {slow!r} if name in sys.modules])"
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(("kind", "made"), [("snap-start", 1), ("on-demand", 0)])
def test_what_takes_time_is_made_for_the_snapshot(kind: str, made: int, environment: pytest.MonkeyPatch) -> None:
    program = "from tenant_onboarding.authorizer import handler; print(handler.verifier.cache_info().currsize)"
    assert run(program, AWS_LAMBDA_INITIALIZATION_TYPE=kind).stdout == f"{made}\n"
