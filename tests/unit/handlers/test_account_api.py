"""The account API: anybody is answered alike, whoever has an address, and is told what was wrong and no more."""

import base64
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from handlers import account, members, openapi, problems, proofs, sessions
from orchestrator.users.contract import CONFIRM, FORGOT_PASSWORD, OPENAPI_PATH, REGISTER, RESET_PASSWORD
from orchestrator.users.works import REGISTRATION, RESET, Purpose
from tests.unit import faults
from tests.unit.handlers.account_api import (
    ASKING,
    BODIES,
    GATEWAY,
    HOST,
    PROVING,
    Door,
    errors,
    event,
    handed,
    kind,
    opened,
    post,
    problem,
    without,
    wsgi,
)
from tests.unit.handlers.api_gateway import Answer
from tests.unit.handlers.invocations import CONTEXT
from tests.unit.handlers.logs_and_metrics import log
from tests.unit.users.conftest import live, people, world
from tests.unit.users.people import ADMIN, JANE, OTHER, PASSWORD, People

__all__ = ["live", "log", "people", "world"]

EVERY = (*ASKING, *PROVING)
DOCUMENT = json.loads(proofs.description())


@pytest.fixture
def door(people: People, monkeypatch: pytest.MonkeyPatch) -> Door:
    """The function before acme, a tenant of the pool tier where anybody may register."""
    return opened(people, monkeypatch)


def move(door: Door, state: str) -> None:
    """Put the route of acme's host into another state."""
    settings = door.people.settings
    door.people.clients.dynamodb.update_item(
        TableName=settings.routes_table,
        Key={"routeKey": "subdomain#acme"},
        UpdateExpression="SET #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": state},
    )
    door.people.wire.attempts.clear()


# Whoever asks for a link


@pytest.mark.parametrize("path", ASKING)
def test_whoever_has_an_address_the_calls_and_the_answer_are_the_same(door: Door, path: str) -> None:
    """Nobody learns from an answer, nor from how long it took, who is a user, an admin, invited or unknown."""
    wire, seen = door.people.wire, []
    door.people.confirm(door.people.token(REGISTRATION))
    for email in (JANE, ADMIN, "nobody@elsewhere.example", JANE.upper()):
        wire.attempts.clear()
        answer = post(path, BODIES[path] | {"email": email})
        seen.append((answer, [each.operation for each in wire.attempts]))
    assert {answer.text for answer, _ in seen} == {"{}"}
    assert all(each == seen[0] for each in seen)
    assert (seen[0][0].status, seen[0][1]) == (202, ["GetItem", "SendMessage"])


@pytest.mark.parametrize("path", ASKING)
@pytest.mark.parametrize("host", ["nowhere.app.product.example", "acme.elsewhere.example", "not a host", "ácme"])
def test_a_host_that_leads_nowhere_is_answered_as_one_that_does(door: Door, path: str, host: str) -> None:
    assert post(path, BODIES[path] | {"host": host}) == post(path)
    assert len(door.people.waiting()) == 2


@pytest.mark.parametrize(("path", "purpose"), [(REGISTER, REGISTRATION), (FORGOT_PASSWORD, RESET)])
def test_a_request_waits_on_the_queue_with_what_was_asked_for(door: Door, path: str, purpose: Purpose) -> None:
    named = {"name": "Jane Doe"} if path == REGISTER else {}
    assert post(path, BODIES[path] | {"email": "Jane@ACME.example"} | named).status == 202
    (message,) = map(json.loads, door.people.waiting())
    assert message.items() >= ({"purpose": purpose, "host": HOST, "email": JANE} | named).items()


def test_a_request_leads_to_a_link_by_which_somebody_becomes_a_user(door: Door) -> None:
    post(REGISTER)
    assert [each.answer for each in door.people.receive_all()] == ["mailed"]
    (token,) = door.people.tokens()
    made = post(CONFIRM, BODIES[CONFIRM] | {"token": token})
    assert (made.status, made.document.keys()) == (201, {"userId"})
    post(FORGOT_PASSWORD)
    door.people.receive_all()
    done = post(RESET_PASSWORD, BODIES[RESET_PASSWORD] | {"token": door.people.tokens()[-1]})
    assert (done.status, done.text) == (204, "")


# Whoever brings a secret


@pytest.mark.parametrize(("path", "purpose"), [(CONFIRM, REGISTRATION), (RESET_PASSWORD, RESET)])
def test_a_secret_is_used_once(door: Door, path: str, purpose: Purpose) -> None:
    if purpose == RESET:
        door.people.confirm(door.people.token(REGISTRATION))
    body = BODIES[path] | {"token": door.people.token(purpose)}
    assert post(path, body).status in {201, 204}
    assert kind(post(path, body)) == "used-or-ended"


WRONG_TOKENS = ("A" * 22, "a", "A" * 256, "../../RECORD", "ácme", "A" * 21 + "=", " ", "\u0000")


@pytest.mark.parametrize("path", PROVING)
def test_every_secret_that_is_none_is_answered_alike(door: Door, path: str) -> None:
    """Guessed, malformed, another tenant's, for another host, of another purpose: byte for byte the same."""
    other = door.people.token(RESET if path == CONFIRM else REGISTRATION, ADMIN if path == CONFIRM else JANE)
    answers = [post(path, BODIES[path] | {"token": each}) for each in (*WRONG_TOKENS, other)]
    answers += [post(path, BODIES[path] | {"host": host}) for host in ("nowhere.app.product.example", "elsewhere")]
    assert kind(answers[0]) == "used-or-ended"
    assert all(each == answers[0] for each in answers)
    assert answers[0].status == 410


@pytest.mark.parametrize("path", PROVING)
def test_a_password_that_breaks_the_rules_is_told_each_and_the_secret_stays_good(door: Door, path: str) -> None:
    if path == RESET_PASSWORD:
        door.people.confirm(door.people.token(REGISTRATION))
    body = BODIES[path] | {"token": door.people.token(RESET if path == RESET_PASSWORD else REGISTRATION)}
    refused = post(path, body | {"password": "short"})
    assert (refused.status, kind(refused)) == (400, "password-refused")
    wrong = problem(refused)["errors"]
    assert len(wrong) > 1
    assert {each["pointer"] for each in wrong} == {"/body/password"}
    assert "short" not in refused.text
    assert post(path, body).status in {201, 204}


@pytest.mark.parametrize("path", EVERY)
def test_a_suspended_tenant_is_told_so_and_nobody_else(door: Door, path: str) -> None:
    move(door, "SUSPENDED")
    assert (post(path).status, kind(post(path))) == (403, "suspended")
    assert door.people.waiting() == []


@pytest.mark.parametrize("path", PROVING)
@pytest.mark.parametrize("case", ["bridge with SAML", "silo with social providers"])
def test_a_federated_tenant_has_no_passwords_and_says_where_to_go(
    live: Callable[..., People], monkeypatch: pytest.MonkeyPatch, path: str, case: str
) -> None:
    opened(live(case), monkeypatch)
    found = post(path)
    assert (found.status, kind(found)) == (409, "federated")
    assert problem(found)["signInAddress"] == f"https://{HOST}"
    assert {post(path).status for path in ASKING} == {202}


def test_a_second_click_while_the_first_is_at_work_is_asked_to_wait(door: Door) -> None:
    token, seen = door.people.token(REGISTRATION), list[Answer]()
    body = BODIES[CONFIRM] | {"token": token}

    def click(request: Any) -> Any:
        seen.append(post(CONFIRM, body))
        return faults.answer(request)

    with door.people.wire.strikes("AdminCreateUser", click):
        assert door.people.confirm(token)
    (second,) = seen
    assert (second.status, kind(second)) == (409, "under-way")
    assert second.headers["Retry-After"] == str(problems.RETRY_AFTER_SECONDS)
    assert kind(post(CONFIRM, body)) == "used-or-ended"


# Where it is sent to


@pytest.mark.parametrize("path", EVERY)
def test_a_request_at_a_tenants_own_host_is_for_that_tenant(door: Door, path: str) -> None:
    named = post(path)
    assert post(path, without(path, "host"), at=HOST) == named
    assert post(path, BODIES[path] | {"host": f"{HOST.upper()}."}, at=HOST) == named
    assert post(path, without(path, "host"), at=HOST.upper()) == named


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("host", ["globex.app.product.example", GATEWAY, "acme", f"x.{HOST}", f"{HOST}.."])
def test_a_host_in_the_body_that_is_not_the_one_it_was_sent_to_is_refused(door: Door, path: str, host: str) -> None:
    wrong = errors(post(path, BODIES[path] | {"host": host}, at=HOST))
    assert wrong == {"/body/host": "must be left out, or the host that this was sent to"}
    assert door.people.wire.operations() == []


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("at", [GATEWAY, "app.product.example", "acmeapp.product.example", f"{HOST}.evil.example", ""])
def test_elsewhere_the_body_must_name_the_host(door: Door, path: str, at: str) -> None:
    assert errors(post(path, without(path, "host"), at=at)) == {"/body/host": "is required"}


def test_headers_name_no_host(door: Door) -> None:
    """Whoever asks can write what they like into them."""
    claimed = dict.fromkeys(("host", "x-forwarded-host", "x-original-host", "forwarded", "x-host"), HOST)
    assert errors(post(REGISTER, without(REGISTER, "host"), headers=claimed)) == {"/body/host": "is required"}
    post(REGISTER, BODIES[REGISTER] | {"host": "globex.app.product.example"}, headers=claimed)
    (message,) = map(json.loads, door.people.waiting())
    assert message["host"] == "globex.app.product.example"


# What a body may be


STRANGE_FIELDS = {
    "role": "admin",
    "roles": ["admin"],
    "tenantId": "globex",
    "tenant_id": "globex",
    "userId": "01JABCDEFGHJKMNPQRSTVWXYZ0",
    "custom:tenantRole": "admin",
    "status": "ACTIVE",
    "groups": ["admins"],
    "emailVerified": True,
    "__proto__": {"role": "admin"},
    "a/b~c": 1,
    "n" * 100: 1,
}


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("name", STRANGE_FIELDS)
def test_nobody_says_more_than_is_asked(door: Door, path: str, name: str) -> None:
    """Roles and tenants least of all."""
    wrong = errors(post(path, BODIES[path] | {name: STRANGE_FIELDS[name]}))
    pointer = name[:64].replace("~", "~0").replace("/", "~1")
    assert wrong == {f"/body/{pointer}": "is no field here"}
    assert door.people.wire.operations() == []


WRONG_FIELDS: dict[str, list[Any]] = {
    "host": ["", "a" * 254, 1, ["acme"], {"host": "acme"}, True],
    "email": [
        *("", "jane", "jane@", "jane@acme", f"{'a' * 65}@acme.example", f"{'a' * 60}@{'b' * 200}.example", 1, None),
        *("jane@acme.example\n", "Jane <jane@acme.example>", "jane@acme.example,other@acme.example", [JANE]),
    ],
    "name": ["", "n" * 201, 1, "a\nb", "\u202ename", {"first": "Jane"}],
    "token": ["", "A" * 257, 1, None, ["A" * 22]],
    "password": ["", "p" * 257, 1, None, ["p" * 20], {"p": "p"}],
}


@pytest.mark.parametrize("path", EVERY)
def test_each_wrong_field_is_named(door: Door, path: str) -> None:
    fields = {"host", *BODIES[path]} | ({"name"} if path == REGISTER else set())
    for name in fields:
        for value in WRONG_FIELDS[name]:
            if (name, value) != ("host", None):
                assert errors(post(path, BODIES[path] | {name: value})).keys() == {f"/body/{name}"}, value
    for name in BODIES[path].keys() - {"host"}:
        assert errors(post(path, without(path, name))) == {f"/body/{name}": "is required"}
    assert errors(post(path, {})).keys() == {f"/body/{name}" for name in BODIES[path].keys() - {"host"}}
    assert door.people.wire.operations() == []


def test_nothing_that_was_sent_is_repeated(door: Door) -> None:
    """Neither a password nor an address comes back, in whatever is wrong."""
    for body in ({"password": "p" * 300}, {"password": 12345}, {"token": ["secret-token"]}, {"host": "h" * 300}):
        found = post(CONFIRM, BODIES[CONFIRM] | body)
        assert not any(word in found.text for word in ("ppp", "12345", "secret-token", "hhh", PASSWORD))
    assert "somebody" not in post(REGISTER, BODIES[REGISTER] | {"email": "somebody(at)acme"}).text


def test_an_address_that_no_user_name_could_hold_is_refused(door: Door) -> None:
    """Cognito: at most 128 characters, of which the tenant's id and a slash are some."""
    fits = f"{'a' * 50}@{'b' * 61}.example"
    assert len(f"acme/{fits}") == 125
    assert post(REGISTER, BODIES[REGISTER] | {"email": fits}).status == 202
    for path in ASKING:
        wrong = errors(post(path, BODIES[path] | {"email": f"aaaa{fits}"}))
        assert wrong == {"/body/email": "is too long for this tenant"}


@pytest.mark.parametrize("path", EVERY)
def test_a_body_that_is_large_is_refused_before_it_is_read(door: Door, path: str) -> None:
    whole = json.dumps(BODIES[path])
    fits = whole + " " * (account.MOST_BYTES - len(whole))
    assert post(path, fits).status != 413
    for body in (f"{fits} ", "x" * 1_000_000, "é" * (account.MOST_BYTES // 2 + 1)):
        found = post(path, body, headers={"content-type": "text/plain"})
        assert (found.status, kind(found)) == (413, "too-large")
    sent = event("POST", path, base64.b64encode(f"{fits} ".encode()).decode()) | {"isBase64Encoded": True}
    assert handed(sent).status == 413
    assert handed(sent | {"body": "A" * 1_000_000}).status == 413


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize(
    "kind_of_body",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "application/jsonx",
        "application/problem+json",
        "application/json; charset=utf-16",
        "application/json, text/plain",
        "text/plain; application/json",
    ],
)
def test_a_body_must_say_that_it_is_json(door: Door, path: str, kind_of_body: str) -> None:
    found = post(path, headers={"content-type": kind_of_body})
    assert (found.status, kind(found)) == (415, "unsupported-media-type")
    assert door.people.wire.operations() == []


def test_json_may_say_its_characters(door: Door) -> None:
    for each in (
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
        'application/json; charset="utf-8"',
    ):
        assert post(REGISTER, headers={"content-type": each}).status == 202
    assert post(REGISTER, headers={"content-encoding": "gzip"}).status == 415


NO_OBJECT = {
    "": "is no JSON",
    "{": "is no JSON",
    "{}{}": "is no JSON",
    "{'host': 'acme'}": "is no JSON",
    '{"password": NaN}': "is no JSON",
    '{"password": -Infinity}': "is no JSON",
    "\ufeff{}": "is no JSON",
    "[" * 5_000: "is no JSON",
    '{"a":' * 1_500: "is no JSON",
    "null": "must be an object",
    "1": "must be an object",
    '"host"': "must be an object",
    json.dumps([BODIES[REGISTER]]): "must be an object",
    "[]": "must be an object",
}


@pytest.mark.parametrize("path", EVERY)
def test_a_body_that_is_no_object_is_told_so(door: Door, path: str) -> None:
    for body, told in NO_OBJECT.items():
        assert errors(post(path, body)) == {"/body": told}, body[:40]
    sent = event("POST", path) | {"isBase64Encoded": True}
    assert errors(handed(sent | {"body": "%%%"})) == {"/body": "is no text"}
    assert errors(handed(sent | {"body": base64.b64encode(b"\xff\xfe{}").decode()})) == {"/body": "is no JSON"}
    assert door.people.wire.operations() == []


@pytest.mark.parametrize("depth", [3, 50, 400, 900, 990, 1_300])
def test_a_body_that_is_nested_is_refused_however_deeply(door: Door, depth: int) -> None:
    found = post(REGISTER, f'{{"email": {"[" * depth}{"]" * depth}}}')
    assert list(errors(found)) in [["/body/email"], ["/body"]]


@pytest.mark.parametrize("text", ['{"\\ud800": 1}', '{"email": "\\ud800@acme.example"}', '{"host": "\\udfff"}'])
def test_half_a_character_is_a_wrong_field(door: Door, text: str) -> None:
    """JSON can write what no text may hold."""
    assert post(REGISTER, text).status == 400
    assert post(CONFIRM, text).status == 400


def test_a_body_in_base64_is_read_as_what_it_is(door: Door) -> None:
    """API Gateway sends whatever it does not know to be text so."""
    body = base64.b64encode(json.dumps(BODIES[REGISTER]).encode()).decode()
    assert handed(event("POST", REGISTER, body) | {"isBase64Encoded": True}).status == 202


# Paths and methods


METHODS = ("DELETE", "GET", "HEAD", "PATCH", "PROPFIND", "PUT", "TRACE", "post", "")


@pytest.mark.parametrize("path", EVERY)
def test_nothing_but_post_is_taken(door: Door, path: str) -> None:
    for method in METHODS:
        found = handed(event(method, path, BODIES[path]))
        assert (found.status, found.headers["Allow"]) == (405, "POST")
        assert method == "HEAD" or kind(found) == "method-not-allowed"
    assert door.people.wire.operations() == []


@pytest.mark.parametrize("more", ["/", "%0A", "%20", "/x", "%00", "?x=1%0A/../"])
def test_a_path_that_has_something_more_behind_it_is_another(door: Door, more: str) -> None:
    for path in EVERY:
        found = handed(event("POST", f"{path}{more}", BODIES[path]))
        assert found.status == 404 or more.startswith("?")
    assert kind(handed(event("GET", "/"))) == "no-such-path"
    assert kind(handed(event("POST", "/account/v1/auth/sign-up", BODIES[REGISTER]))) == "no-such-path"


def test_head_is_answered_as_get_is_but_for_the_body(door: Door) -> None:
    whole, headers = handed(event("GET", OPENAPI_PATH)), handed(event("HEAD", OPENAPI_PATH))
    assert (headers.status, headers.headers, headers.text) == (200, whole.headers, "")
    assert whole.document == DOCUMENT
    assert door.people.wire.operations() == []


# Pages of other origins


OURS = (
    "https://acme.app.product.example",
    "https://not-there.app.product.example",
    "https://xn--cme-2na.app.product.example",
)
PRODUCTS = ("https://product.example", "http://localhost:3000")
STRANGERS = (
    "null",
    "*",
    "",
    "https://app.product.example",
    "https://a.b.app.product.example",
    "http://acme.app.product.example",
    "https://acme.app.product.example:8443",
    "https://acme.app.product.example/",
    "https://acme.app.product.example.evil.example",
    "https://evil.example#.app.product.example",
    "https://user@acme.app.product.example",
    "https://ACME.app.product.example",
    "https://-.app.product.example",
    "acme.app.product.example",
    "https://https://acme.app.product.example",
    "https://product.example.evil.example",
    "http://product.example",
    "http://localhost",
    "http://localhost:3001",
    "https://acme.app.product.example\n",
)


@pytest.mark.parametrize("origin", [*OURS, *PRODUCTS])
def test_pages_of_tenants_and_of_the_product_may_ask(door: Door, monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    door.choose(monkeypatch, product_origins=PRODUCTS)
    asked = handed(event("OPTIONS", REGISTER, headers={"origin": origin, "access-control-request-method": "POST"}))
    assert (asked.status, asked.text) == (204, "")
    assert asked.headers["Access-Control-Allow-Methods"] == "POST"
    assert asked.headers["Access-Control-Allow-Headers"] == "*, Authorization"
    wrong = post(REGISTER, {}, headers={"origin": origin})
    for answer in (asked, post(REGISTER, headers={"origin": origin}), wrong):
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert answer.headers["Vary"] == "Origin"
        assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After, X-Request-Id"
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", STRANGERS)
def test_no_other_page_may(door: Door, monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    door.choose(monkeypatch, product_origins=PRODUCTS)
    preflight = handed(event("OPTIONS", REGISTER, headers={"origin": origin}))
    for answer in (preflight, post(REGISTER, headers={"origin": origin})):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Vary"] == "Origin"


def test_what_there_is_not_has_no_preflight(door: Door) -> None:
    assert handed(event("OPTIONS", "/account/v1/users", headers={"origin": OURS[0]})).status == 404


# What goes wrong


@pytest.mark.parametrize("path", ASKING)
@pytest.mark.parametrize("operation", ["GetItem", "SendMessage"])
@pytest.mark.parametrize("strike", [faults.throttled, faults.server_error, faults.lost_response])
def test_while_aws_does_not_answer_somebody_is_asked_to_come_again(
    door: Door, log: list[dict[str, Any]], path: str, operation: str, strike: Any
) -> None:
    with door.people.wire.strikes(operation, strike, times=faults.ALWAYS):
        found = post(path)
    assert (found.status, kind(found)) == (503, "unavailable")
    assert found.headers["Retry-After"] == str(problems.RETRY_AFTER_SECONDS)
    (line,) = [each for each in log if each["level"] == "ERROR"]
    assert line["function_request_id"] == CONTEXT.aws_request_id


@pytest.mark.parametrize("operation", ["AdminCreateUser", "AdminSetUserPassword", "TransactWriteItems"])
def test_the_secret_stays_good_while_aws_does_not_answer(door: Door, operation: str) -> None:
    door.people.lease_seconds = -1
    body = BODIES[CONFIRM] | {"token": door.people.token(REGISTRATION)}
    with door.people.wire.strikes(operation, faults.throttled, times=faults.ALWAYS):
        assert post(CONFIRM, body).status == 503
    assert post(CONFIRM, body).status == 201


def test_a_missing_permission_is_a_defect_that_names_nothing(door: Door, log: list[dict[str, Any]]) -> None:
    with door.people.wire.strikes("SendMessage", faults.access_denied("sqs:SendMessage"), times=faults.ALWAYS):
        found = post(REGISTER)
    assert (found.status, kind(found)) == (500, "defect")
    assert "sqs" not in found.text
    assert [each["level"] for each in log][-1] == "ERROR"


@pytest.mark.parametrize("broken", [{}, {"requestContext": {}}, {"requestContext": None}, {"rawPath": "/"}], ids=str)
def test_whatever_comes_in_an_answer_goes_out(broken: dict[str, Any]) -> None:
    answered = proofs.handler(broken, CONTEXT)
    assert (answered["statusCode"], answered["headers"]["X-Request-Id"]) == (500, CONTEXT.aws_request_id)


def test_every_answer_is_for_the_asker_only_and_held_to_https(door: Door) -> None:
    move(door, "ACTIVE")
    for answer in (post(REGISTER), post(CONFIRM), post(REGISTER, {}), handed(event("GET", "/"))):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Request-Id"] == CONTEXT.aws_request_id


def test_no_line_of_the_log_names_anybody(door: Door, log: list[dict[str, Any]]) -> None:
    token = door.people.token(REGISTRATION, name="Jane Doe")
    for path in EVERY:
        post(path, BODIES[path] | {"host": HOST.upper()})
        post(path, BODIES[path] | {"roles": ["admin"]})
    post(CONFIRM, BODIES[CONFIRM] | {"token": token, "password": "short"})
    post(CONFIRM, BODIES[CONFIRM] | {"token": token})
    assert {line["message"] for line in log} >= {"link asked for", "user confirmed"}
    assert not any(word in json.dumps(log) for word in (JANE, "jane", "Jane", token, PASSWORD, OTHER, "short"))


# Its own description


def test_the_description_tells_every_path_and_no_other() -> None:
    told = {(path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods}
    by_path = proofs.ALLOWED | sessions.ALLOWED | members.ALLOWED
    allowed = {
        (path.replace("<", "{").replace(">", "}"), method) for path, methods in by_path.items() for method in methods
    }
    assert told | {(OPENAPI_PATH, "GET")} == allowed
    assert "security" not in DOCUMENT


@pytest.mark.parametrize("path", EVERY)
def test_every_problem_of_an_operation_is_told(path: str) -> None:
    answers = DOCUMENT["paths"][path]["post"]["responses"]
    proving = {"409", "410"} if path in PROVING else set()
    success = {REGISTER: "202", FORGOT_PASSWORD: "202", CONFIRM: "201", RESET_PASSWORD: "204"}[path]
    assert answers.keys() == {success, "400", "403", "413", "415", "429", "500", "503"} | proving
    assert ("content" in answers[success]) == (success != "204")
    for code, told in answers.items():
        if int(code) >= 400 and code != "429":
            assert told["content"].keys() == {problems.MEDIA_TYPE}


def test_the_description_is_whole() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DOCUMENT))) == schemas.keys()
    assert not schemas.keys() & set(openapi.NOT_OURS)


EXAMPLES = 40
RIGHT_OR_TAKEN_FOR_WRONG = {202: {202, 400}, 201: {410, 400}, 204: {410, 400}}
"""No schema can say that a host must be named, nor all that an address may not be; nobody guesses a secret."""


def answers_to(door: Door, cases: Any, *, left_out: tuple[Any, ...] = ()) -> Counter[int]:
    """Send made-up requests, hold each answer to the description by every check but those, and return the codes."""
    codes: Counter[int] = Counter()

    @hypothesis_settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def send(case: Case[Any]) -> None:
        response = case.call()
        codes[response.status_code] += 1
        case.validate_response(response, excluded_checks=list(left_out))

    send()
    return codes


@pytest.mark.parametrize("path", EVERY)
def test_what_the_description_allows_is_answered_as_it_says(door: Door, path: str) -> None:
    described = schemathesis.openapi.from_wsgi(OPENAPI_PATH, wsgi)
    codes = answers_to(door, described[path]["POST"].as_strategy(), left_out=(positive_data_acceptance,))
    (success,) = (int(code) for code in DOCUMENT["paths"][path]["post"]["responses"] if code < "300")
    assert codes.keys() <= RIGHT_OR_TAKEN_FOR_WRONG[success]
    assert len(codes) == 2


@pytest.mark.parametrize("path", EVERY)
def test_what_the_description_forbids_is_refused_as_it_says(door: Door, path: str) -> None:
    described = schemathesis.openapi.from_wsgi(OPENAPI_PATH, wsgi)
    codes = answers_to(door, described[path]["POST"].as_strategy(GenerationMode.NEGATIVE))
    assert codes.keys() <= {400, 415}
    assert codes[400] > EXAMPLES / 2
    assert door.people.waiting() == []
