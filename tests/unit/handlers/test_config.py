"""`GET /config` tells anybody what signing in needs, and of whatever leads nowhere the same nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from handlers import problems
from handlers import resolver as config
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.routing import routes
from tenant_onboarding.authorizer import registry, resolver
from tenant_onboarding.authorizer.patience import PAUSES
from tests.unit.faults import ALWAYS, Wire, access_denied, lost_response, server_error, throttled
from tests.unit.handlers.api_gateway import event
from tests.unit.handlers.invocations import CONTEXT
from tests.unit.handlers.logs_and_metrics import log
from tests.unit.tenant_onboarding.resolver_inputs import FOUND, MALFORMED, cases

__all__ = ["log"]


TARGET = {
    "region": "eu-central-1",
    "userPoolId": "eu-central-1_Shared",
    "appClientId": "client",
    "issuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Shared",
    "domain": "prefix.auth.eu-central-1.amazoncognito.com",
    "tier": "bridge",
    "identityProviders": ["0a1b2c3d-Sso"],
    "signInAddress": "https://acme.app.product.example",
    "userNameTemplate": "{tenantId}/{email}",
}
KEYS = ("subdomain#acme", "domain#acme.example", "code#ACME-42")
BY = {"host": "acme.app.product.example", "email": "jane.doe@acme.example", "code": "ACME-42"}
NEVER_LOGGED = ("acme", "jane", "doe", "ACME", "example")
Answer = dict[str, Any]


@pytest.fixture(autouse=True)
def environment(clients: Clients, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What infra writes, in an execution environment that has made nothing yet."""
    monkeypatch.setenv("ONBOARDING_ROUTES_TABLE", settings.routes_table)
    monkeypatch.setenv("ONBOARDING_APP_DOMAIN", settings.app_domain)
    monkeypatch.setenv("ONBOARDING_TOKEN_USE", "access")
    monkeypatch.setattr(config, "dynamodb", lambda: clients.registry)
    config.deployment.cache_clear()
    yield
    config.deployment.cache_clear()


@pytest.fixture
def put(clients: Clients, wire: Wire) -> Callable[..., None]:
    """Write a route, as onboarding does, by default an active one of acme's."""

    def put(key: str, **fields: Any) -> None:
        item: Any = {"routeKey": key, "tenantId": "acme", "state": registry.ACTIVE, "target": TARGET} | fields
        clients.dynamodb.put_item(TableName="routes", Item=item)
        wire.attempts.clear()

    return put


def ask(query: str) -> Answer:
    """Return the answer to a request with this query."""
    answer = config.handler(event("GET", f"/config?{query}", None), CONTEXT)
    assert json.loads(json.dumps(answer)) == answer  # what API Gateway is given
    return answer


def ask_by(by: str, value: str) -> Answer:
    """Return the answer to a request that gives one value, as a browser writes it."""
    return ask(urlencode({by: value}))


def problem(answer: Answer) -> dict[str, Any]:
    """Return a problem document, which every other answer is."""
    assert answer["headers"]["Content-Type"] == problems.MEDIA_TYPE
    document: dict[str, Any] = json.loads(answer["body"])
    assert document["status"] == answer["statusCode"]
    return document


NOWHERE = {
    "statusCode": 404,
    "headers": {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "Retry-After",
        "Cache-Control": "public, max-age=5",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Content-Type": "application/problem+json",
        "Strict-Transport-Security": "max-age=31536000",
        "X-Content-Type-Options": "nosniff",
    },
    "body": (
        '{"type":"urn:tenant-onboarding:problem:no-such-tenant","title":"There is no such tenant","status":404,'
        '"detail":"This leads to no tenant."}'
    ),
    "isBase64Encoded": False,
}


@pytest.mark.parametrize(("by", "value"), cases(FOUND))
def test_whoever_has_a_tenants_key_is_told_what_signing_in_needs_by_one_read(
    by: str, value: str, put: Callable[..., None], wire: Wire
) -> None:
    for key in KEYS:
        put(key, override={"by": "somebody", "reason": "because"})
    answer = ask_by(by, value)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {
        "tenantId": "acme",
        **{name: value for name, value in TARGET.items() if name != "tier"},
        "identityProvider": "0a1b2c3d-Sso",
        "tokenUse": "access",
    }
    assert wire.operations() == ["GetItem"]
    assert wire.bodies("GetItem")[0]["ConsistentRead"] is True


@pytest.mark.parametrize("by", BY)
def test_it_is_the_document_that_operators_are_shown(
    by: resolver.By, put: Callable[..., None], clients: Clients, settings: Settings
) -> None:
    for key in KEYS:
        put(key)
    found = resolver.find(clients.dynamodb, settings, by, BY[by])
    assert json.loads(ask_by(by, BY[by])["body"]) == found


def test_where_access_tokens_cannot_say_a_tenant_the_id_token_is_named(
    put: Callable[..., None], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    put("code#ACME-42")
    lite = settings.model_copy(update={"feature_plan": "LITE"})
    monkeypatch.setenv("ONBOARDING_TOKEN_USE", lite.token_use)
    assert json.loads(ask_by("code", "ACME-42")["body"])["tokenUse"] == "id"


def test_an_answer_may_be_kept_for_a_minute_and_read_by_every_page(put: Callable[..., None]) -> None:
    put("code#ACME-42")
    headers = NOWHERE["headers"] | {"Content-Type": "application/json", "Cache-Control": "public, max-age=60"}  # type: ignore[operator]  # a dict
    assert ask_by("code", "ACME-42")["headers"] == headers


@pytest.mark.parametrize(("by", "value"), cases(MALFORMED))
def test_what_is_malformed_leads_nowhere_and_costs_no_read(by: str, value: str, wire: Wire) -> None:
    """That it is costs nobody a secret: whoever asks sees as much."""
    assert ask_by(by, value) == NOWHERE
    assert wire.operations() == []


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize(
    "fields", [None, {"state": routes.RESERVED}, {"state": routes.UNVERIFIED}, {"state": "RESERVED", "target": None}]
)
def test_what_is_unknown_reserved_or_pending_leads_nowhere_by_the_same_read(
    by: str, fields: dict[str, Any] | None, put: Callable[..., None], wire: Wire
) -> None:
    for key in KEYS if fields else ():
        put(key, **fields or {})
    wire.attempts.clear()
    assert ask_by(by, BY[by]) == NOWHERE
    assert wire.operations() == ["GetItem"]


@pytest.mark.parametrize(
    "query", ["email=jane@acme.example", "email=j%61ne%40ACME.example", "email=jane+doe@acme.example"]
)
def test_an_address_may_be_written_in_every_way_that_means_it(query: str, put: Callable[..., None]) -> None:
    put("domain#acme.example")
    assert ask(query)["statusCode"] == 200


@pytest.mark.parametrize("query", ["host=%ff.app.product.example", "code=%00", "email=%", "host", "code=", "email=%C3"])
def test_what_is_no_text_leads_nowhere(query: str, wire: Wire) -> None:
    assert ask(query) == NOWHERE
    assert wire.operations() == []


@pytest.mark.parametrize("key", KEYS)
def test_another_claim_to_a_mail_domain_leads_nowhere(key: str, put: Callable[..., None]) -> None:
    put("domain-claim#acme.example#acme")
    put(f"{key}x")
    assert [ask_by(by, value) for by, value in BY.items()] == [NOWHERE] * len(BY)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "host=acme.app.product.example&code=ACME-42",
        "code=ACME-42&code=ACME-42",
        "email=a@acme.example&email=b@acme.example",
        "code=ACME-42&lang=de",
        "tenantId=acme",
        "Host=acme.app.product.example",
        "host[]=acme.app.product.example",
        "acme",
    ],
)
def test_whoever_asks_wrongly_is_told_how_and_nothing_is_read(query: str, put: Callable[..., None], wire: Wire) -> None:
    put("code#ACME-42")
    answer = ask(query)
    assert problem(answer) == {
        "type": "urn:tenant-onboarding:problem:invalid-request",
        "title": "The request is not valid",
        "status": 400,
        "detail": "Give exactly one of host, email, code, once, and nothing else.",
    }
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    assert wire.operations() == []


def test_an_address_with_a_comma_is_one_address(put: Callable[..., None]) -> None:
    """API Gateway would show it like two."""
    put("domain#acme.example")
    assert ask(f"email={quote(chr(34) + 'doe,jane' + chr(34))}@acme.example")["statusCode"] == 200


@pytest.mark.parametrize(
    ("strike", "status", "kind"),
    [
        (server_error, 503, "unavailable"),
        (lost_response, 503, "unavailable"),
        (throttled, 503, "unavailable"),
        (access_denied, 500, "defect"),
    ],
)
def test_what_cannot_be_read_is_neither_found_nor_missing(
    strike: Any,
    status: int,
    kind: str,
    put: Callable[..., None],
    wire: Wire,
    log: list[dict[str, Any]],
) -> None:
    """It fails closed, is not kept by anybody, and says why in the log alone."""
    put("domain#acme.example")
    with wire.strikes("GetItem", strike, times=ALWAYS):
        answer = ask_by("email", BY["email"])
    told = problem(answer)
    assert (answer["statusCode"], told["type"], told["requestId"]) == (
        status,
        problems.NAMESPACE + kind,
        CONTEXT.aws_request_id,
    )
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
    assert ("Retry-After" in answer["headers"]) == (status == 503)
    assert not any(word in answer["body"] for word in ("GetItem", "dynamodb", "routes", "Traceback"))
    (line,) = [each for each in log if each["level"] == "ERROR"]
    assert line["error"]
    assert line["code"]
    assert line["function_request_id"] == CONTEXT.aws_request_id
    assert not any(word in json.dumps(log) for word in NEVER_LOGGED)
    assert wire.count("GetItem") <= len(PAUSES) + 1


def ask_how(method: str, query: str = "code=ACME-42", **headers: str) -> Answer:
    """Return the answer to a request by another method than GET."""
    asked = event(method, f"/config?{query}", None)
    return config.handler(asked | {"headers": asked["headers"] | headers}, CONTEXT)


def test_a_page_of_another_origin_may_ask_with_whatever_header_its_tools_add(wire: Wire) -> None:
    """Browsers ask first: tracing adds `traceparent`, which is none of the headers that every page may send."""
    preflight = {"origin": "https://acme.app.product.example", "access-control-request-headers": "traceparent"}
    answer = ask_how("OPTIONS", **preflight, **{"access-control-request-method": "GET"})
    assert (answer["statusCode"], answer["body"]) == (204, "")
    told = answer["headers"]
    assert told["Access-Control-Allow-Origin"] == told["Access-Control-Allow-Headers"] == "*"
    assert told["Access-Control-Allow-Methods"].split(", ") == ["GET", "HEAD"]
    assert "Access-Control-Allow-Credentials" not in told
    assert wire.operations() == []


def test_when_to_try_again_can_be_read_by_every_page(wire: Wire) -> None:
    """Browsers show a page of another origin only the headers that are named."""
    with wire.strikes("GetItem", server_error, times=ALWAYS):
        headers = ask_by("code", "ACME-42")["headers"]
    assert "Retry-After" in headers
    assert headers["Access-Control-Expose-Headers"] == "Retry-After"


@pytest.mark.parametrize("query", ["code=ACME-42", "code=NOBODY", "code=ACME-42&code=ACME-42"])
def test_head_is_answered_as_get_is_but_for_the_body(query: str, put: Callable[..., None]) -> None:
    put("code#ACME-42")
    assert ask_how("HEAD", query) == ask(query) | {"body": ""}


def test_a_mistake_of_the_deployment_is_no_answer_about_a_tenant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONBOARDING_ROUTES_TABLE")
    answer = ask_by("code", "ACME-42")
    assert (answer["statusCode"], answer["headers"]["Cache-Control"]) == (500, "no-store")
    assert "ONBOARDING" not in answer["body"]


def test_a_log_line_says_by_what_and_whether_it_leads_somewhere_and_no_more(
    put: Callable[..., None],
    log: list[dict[str, Any]],
) -> None:
    for key in KEYS:
        put(key)
    for by, value in BY.items():
        ask_by(by, value)
        ask_by(by, f"x{value}y")
    lines = [(line["message"], line["by"]) for line in log]
    assert lines == [pair for by in BY for pair in (("resolved", by), ("leads nowhere", by))]
    assert not any(word in json.dumps(log) for word in NEVER_LOGGED)


def imported(**variables: str) -> dict[str, Any]:
    """Import the handler as Lambda does, and return which modules that took and how many clients it made."""
    program = (
        "import handlers.resolver as r, json, sys; "
        "print(json.dumps({'modules': sorted(sys.modules), 'clients': r.dynamodb.cache_info().currsize}))"
    )
    environment = os.environ | {"AWS_DEFAULT_REGION": "eu-central-1"} | variables
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_imports_nothing_that_is_slow() -> None:
    slow = {
        "pydantic",
        "orchestrator.aws.settings",
        "tenant_onboarding.contracts",
        "aws_lambda_powertools.event_handler",
    }
    modules = set(imported()["modules"])
    assert modules & slow == set()
    assert {"botocore", "tenant_onboarding.authorizer.resolver"} <= modules


@pytest.mark.parametrize(("how", "clients"), [("snap-start", 1), ("on-demand", 0)])
def test_a_snapshot_has_the_client_already(how: str, clients: int) -> None:
    assert imported(AWS_LAMBDA_INITIALIZATION_TYPE=how)["clients"] == clients
