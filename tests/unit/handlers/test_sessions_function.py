"""Signing in at the account API: one answer to whoever is not let in, and tokens or a challenge to everybody else."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from handlers import account, metrics, problems, proofs, sessions
from orchestrator.aws.settings import Settings
from orchestrator.users import session_keys
from orchestrator.users.session_contract import CHALLENGE, REFRESH, SIGN_IN, SIGN_OUT
from tests.unit import faults
from tests.unit.every_tier import World, world
from tests.unit.handlers.account_api import GATEWAY, errors, event, kind, problem
from tests.unit.handlers.api_gateway import Answer
from tests.unit.handlers.invocations import CONTEXT
from tests.unit.handlers.logs_and_metrics import Told, log, told
from tests.unit.sign_in_at_cognito.examples import another
from tests.unit.users.people import JANE
from tests.unit.users.sign_ins import OTHER, SignIns, password_at, signing_in

__all__ = ["log", "told", "world"]

DOCUMENT = json.loads(proofs.description())
TOKENS = {"accessToken", "idToken", "refreshToken", "expiresIn"}
TOLD_APART = ("X-Request-Id",)


@pytest.fixture
def people(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignIns]:
    """The people of six tenants and of a federated one, before the function."""
    with signing_in(world, "acme", "globex", "tyrell", "wayne") as everybody:
        choose(everybody, monkeypatch, everybody.settings)
        monkeypatch.setattr(sessions, "clients", lambda: everybody.clients)
        monkeypatch.setattr(sessions, "keys", lambda: everybody.keys)
        yield everybody


def choose(people: SignIns, monkeypatch: pytest.MonkeyPatch, chosen: Settings) -> None:
    """Let the deployment have chosen so."""
    people.settings = chosen
    for module in (sessions, account, metrics):
        monkeypatch.setattr(module, "settings", lambda: chosen)


def post(path: str, body: dict[str, Any], **how: Any) -> Answer:
    """Let the function answer."""
    answered = sessions.handler(event("POST", path, body, **how), CONTEXT)
    return Answer(answered["statusCode"], answered["headers"], answered["body"])


def body(tenant_id: str = "acme", **fields: Any) -> dict[str, Any]:
    """Return the body of somebody who signs in at a tenant's host."""
    host = f"{tenant_id}.app.product.example"
    return {"host": host, "email": JANE, "password": password_at(tenant_id)} | fields


def signed_in(tenant_id: str = "acme") -> dict[str, Any]:
    """Sign in; return the tokens."""
    answer = post(SIGN_IN, body(tenant_id))
    assert (answer.status, answer.document.keys()) == (200, TOKENS)
    document: dict[str, Any] = answer.document
    return document


def challenged(people: SignIns) -> dict[str, Any]:
    """Sign in where a new password is asked for first; return what is answered."""
    people.make_temporary("acme")
    answer = post(SIGN_IN, body())
    assert (answer.status, answer.document.keys()) == (200, {"challenge", "session"})
    document: dict[str, Any] = answer.document
    return document


def at_acme(**fields: Any) -> dict[str, Any]:
    """Return a body for acme's host."""
    return {"host": "acme.app.product.example"} | fields


@pytest.mark.parametrize("tenant_id", ["acme", "tyrell"])
def test_somebody_signs_in_goes_on_and_signs_out(tenant_id: str, people: SignIns) -> None:
    host = {"host": people.host(tenant_id)}
    tokens = signed_in(tenant_id)
    assert tokens["expiresIn"] == 3_600
    going_on = host | {"refreshToken": tokens["refreshToken"]}
    again = post(REFRESH, going_on)
    assert (again.status, again.document.keys()) == (200, TOKENS)
    assert again.document["refreshToken"] == tokens["refreshToken"]
    for _ in range(2):
        out = post(SIGN_OUT, going_on)
        assert (out.status, out.text) == (204, "")
    assert kind(post(REFRESH, going_on)) == "not-signed-in"


def test_a_new_password_is_asked_for_and_told_its_rules(people: SignIns) -> None:
    asked = challenged(people)
    assert asked["challenge"] == "NEW_PASSWORD_REQUIRED"
    refused = post(CHALLENGE, at_acme(session=asked["session"], answers={"newPassword": "short"}))
    assert (refused.status, kind(refused)) == (400, "password-refused")
    wrong = problem(refused)["errors"]
    assert len(wrong) > 1
    assert {each["pointer"] for each in wrong} == {"/body/answers/newPassword"}
    done = post(CHALLENGE, at_acme(session=asked["session"], answers={"newPassword": OTHER}))
    assert (done.status, done.document.keys()) == (200, TOKENS)


def test_an_authenticator_is_set_up_on_the_way_in(people: SignIns) -> None:
    people.want_mfa("tyrell", "ON")
    asked = post(SIGN_IN, body("tyrell")).document
    assert asked.keys() == {"challenge", "session", "secretCode"}
    answer = {"host": people.host("tyrell"), "session": asked["session"]}
    code = people.code(asked["secretCode"])
    for wrong in (another(code), "12345678"):
        assert kind(post(CHALLENGE, answer | {"answers": {"code": wrong}})) == "not-signed-in"
    assert post(CHALLENGE, answer | {"answers": {"code": code}}).document.keys() == TOKENS


def refusals(people: SignIns) -> Iterator[tuple[str, Answer]]:
    """Yield the answer to each that is not let in, with the reason that the log must have."""
    yield "NotAuthorizedException", post(SIGN_IN, body(password="wrong"))
    yield "NotAuthorizedException", post(SIGN_IN, body(email="nobody@acme.example"))
    yield "NotAuthorizedException", post(SIGN_IN, body("globex", password=password_at("acme")))
    yield "UnknownHost", post(SIGN_IN, body("nowhere"))
    yield "UnknownHost", post(SIGN_IN, body(host="elsewhere.example"))
    yield "UserNameTooLong", post(SIGN_IN, body(email=f"{'n' * 64}@{'a' * 60}.example"))
    yield "Session", post(CHALLENGE, at_acme(session="made-up", answers={"code": "000000"}))
    yield "NotAuthorizedException", post(REFRESH, at_acme(refreshToken="made-up"))
    yield "NoToken", post(REFRESH, at_acme(refreshToken="two words"))
    yield "TokenOf:UNKNOWN_TENANT", post(REFRESH, at_acme(refreshToken=signed_in("globex")["refreshToken"]))
    for _ in range(5):
        post(SIGN_IN, body(password="wrong"))
    yield "NotAuthorizedException", post(SIGN_IN, body())
    people.cognito.attempts.clear()
    people.clients.cognito.admin_disable_user(**people.user("acme"))
    yield "NotAuthorizedException", post(SIGN_IN, body())


def test_whoever_is_not_let_in_gets_the_same_bytes(
    people: SignIns, log: list[dict[str, Any]], told: Callable[[], Told]
) -> None:
    """And each counts; the log says why, and names nobody."""
    first = post(SIGN_IN, body(password="first"))
    assert (first.status, kind(first)) == (401, "not-signed-in")
    told()
    for reason, answer in refusals(people):
        assert answer == first
        why = [line["reason"] for line in log if line["message"] == "nobody is signed in"]
        assert why[-1] == reason
        assert ("SignInsRefused", {}, 1) in told()
    written = json.dumps(log)
    for secret in (JANE, "jane", "wrong", password_at("acme"), "made-up", "eyJ"):
        assert secret not in written
    assert {line["level"] for line in log} == {"INFO"}


def test_a_federated_tenant_says_where_to_go_and_signs_anybody_out(people: SignIns) -> None:
    host = {"host": people.host("wayne")}
    for path, more in (
        (SIGN_IN, {"email": JANE, "password": "any"}),
        (CHALLENGE, {"session": "any", "answers": {"code": "000000"}}),
        (REFRESH, {"refreshToken": "any"}),
    ):
        found = post(path, host | more)
        assert (found.status, kind(found)) == (409, "federated")
        assert problem(found)["signInAddress"] == f"https://{people.host('wayne')}"
    assert post(SIGN_OUT, host | {"refreshToken": "any"}).status == 204


@pytest.mark.parametrize("token", ["made-up", "two words", "a.b.c", "\u00e9", "x" * 7_000])
@pytest.mark.parametrize("host", ["acme.app.product.example", "nowhere.app.product.example", "elsewhere.example"])
def test_whoever_signs_out_has_signed_out(token: str, host: str, people: SignIns) -> None:
    assert post(SIGN_OUT, {"host": host, "refreshToken": token}).status == 204


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "no password": (SIGN_IN, {"email": JANE}, "/body/password"),
    "no address": (SIGN_IN, {"password": "x"}, "/body/email"),
    "an address that is none": (SIGN_IN, {"email": "jane", "password": "x"}, "/body/email"),
    "a password that is too long": (SIGN_IN, {"email": JANE, "password": "x" * 257}, "/body/password"),
    "a tenant": (SIGN_IN, {"email": JANE, "password": "x", "tenantId": "globex"}, "/body/tenantId"),
    "no session": (CHALLENGE, {"answers": {"code": "000000"}}, "/body/session"),
    "no answers": (CHALLENGE, {"session": "x"}, "/body/answers"),
    "an answer that there is not": (CHALLENGE, {"session": "x", "answers": {"USERNAME": "y"}}, "/body/answers"),
    "a code of letters": (CHALLENGE, {"session": "x", "answers": {"code": "abcdef"}}, "/body/answers"),
    "a factor that there is not": (CHALLENGE, {"session": "x", "answers": {"factor": "WISH"}}, "/body/answers"),
    "no token": (REFRESH, {}, "/body/refreshToken"),
    "a token that is none": (SIGN_OUT, {"refreshToken": 7}, "/body/refreshToken"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_form_is_told_where_it_is_wrong_and_nothing_is_asked(what: str, people: SignIns) -> None:
    path, fields, pointer = WRONG[what]
    assert pointer in errors(post(path, at_acme(**fields)))
    assert people.wire.operations() == []


def test_a_challenge_with_another_ones_answers_is_told_what_it_asks_for(people: SignIns) -> None:
    asked = challenged(people)
    for answers in ({}, {"code": "000000"}, {"newPassword": OTHER, "code": "000000"}):
        found = errors(post(CHALLENGE, at_acme(session=asked["session"], answers=answers)))
        assert found == {"/body/answers": "must be newPassword, for this challenge"}


def test_at_a_tenants_own_host_no_host_is_named(people: SignIns) -> None:
    named = body()
    del named["host"]
    assert post(SIGN_IN, named, at=people.host("acme")).status == 200
    assert kind(post(SIGN_IN, body("globex"), at=people.host("acme"))) == "invalid-request"
    assert "/body/host" in errors(post(SIGN_IN, named, at=GATEWAY))


def test_a_suspended_tenant_says_so(people: SignIns) -> None:
    table: Any = people.clients.dynamodb
    route = table.get_item(TableName="routes", Key={"routeKey": "subdomain#acme"})["Item"]
    table.put_item(TableName="routes", Item=route | {"state": "SUSPENDED"})
    assert (post(SIGN_IN, body()).status, kind(post(SIGN_IN, body()))) == (403, "suspended")


@pytest.mark.parametrize("operation", ["GetItem", "AdminInitiateAuth", "GetSecretValue"])
@pytest.mark.parametrize("strike", [faults.throttled, faults.server_error, faults.unreachable])
def test_while_aws_does_not_answer_somebody_is_asked_to_come_again(
    operation: str, strike: Any, people: SignIns, log: list[dict[str, Any]]
) -> None:
    people.make_temporary("acme")
    session_keys._of_period.cache_clear()
    with people.wire.strikes(operation, strike, times=faults.ALWAYS):
        found = post(SIGN_IN, body())
    assert (found.status, kind(found)) == (503, "unavailable")
    assert found.headers["Retry-After"] == str(problems.RETRY_AFTER_SECONDS)
    assert [line["level"] for line in log].count("ERROR") == 1
    assert post(SIGN_IN, body()).status == 200


def test_a_user_pool_that_is_not_as_it_should_be_is_a_defect_that_names_nothing(people: SignIns) -> None:
    with people.wire.strikes("AdminInitiateAuth", faults.refused("InvalidParameterException", "Auth flow not enabled")):
        found = post(SIGN_IN, body())
    assert (found.status, kind(found)) == (500, "defect")
    assert "flow" not in found.text


def test_tokens_of_another_tenant_are_held_back_and_ring(
    people: SignIns, log: list[dict[str, Any]], told: Callable[[], Told]
) -> None:
    others = people.tokens("globex")
    result = {"AccessToken": others.access_token, "IdToken": others.id_token, "ExpiresIn": 3_600}
    refused = post(SIGN_IN, body(password="wrong"))
    told()
    with people.wire.strikes("AdminInitiateAuth", faults.answered(AuthenticationResult=result)):
        assert post(SIGN_IN, body()) == refused
    assert told() == [("OthersTokensHeldBack", {}, 1), ("SignInsRefused", {}, 1)]
    assert [line["level"] for line in log][-1] == "ERROR"


def test_whoever_is_let_in_or_challenged_counts_as_not_refused(people: SignIns, told: Callable[[], Told]) -> None:
    signed_in()
    challenged(people)
    assert told() == [("SignInsRefused", {}, 0)] * 2


def test_cognito_is_told_the_address_that_api_gateway_saw(people: SignIns, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever headers say of it."""
    choose(people, monkeypatch, people.settings.model_copy(update={"feature_plan": "PLUS"}))
    asked = event("POST", SIGN_IN, body(), headers={"x-forwarded-for": "203.0.113.9"})
    asked["requestContext"]["http"]["userAgent"] = "b" * 300
    assert sessions.handler(asked, CONTEXT)["statusCode"] == 200
    (sent,) = people.wire.bodies("AdminInitiateAuth")
    assert sent["ContextData"]["IpAddress"] == "192.0.2.1"
    assert sent["ContextData"]["HttpHeaders"] == [{"headerName": "User-Agent", "headerValue": "b" * 256}]


@pytest.mark.parametrize("path", [SIGN_IN, CHALLENGE, REFRESH, SIGN_OUT])
def test_every_problem_of_an_operation_is_told(path: str) -> None:
    answers = DOCUMENT["paths"][path]["post"]["responses"]
    success, refusing = ("204", set()) if path == SIGN_OUT else ("200", {"401", "409"})
    assert answers.keys() == {success, "400", "403", "413", "415", "429", "500", "503"} | refusing
