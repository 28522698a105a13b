"""Whose host a request to the account API is for, on every route that is for one, wherever the API is served."""

from collections.abc import Iterator
from typing import Any

import pytest

from handlers import account, member_callers, members, metrics, own_account, proofs, sessions
from orchestrator.users.contract import CONFIRM, FORGOT_PASSWORD, OPENAPI_PATH, REGISTER, RESET_PASSWORD
from orchestrator.users.session_contract import CHALLENGE, REFRESH, SIGN_IN, SIGN_OUT
from tests.unit.every_tier import World, world
from tests.unit.handlers.account_api import BODIES, GATEWAY, errors, event, handed, kind, problem
from tests.unit.handlers.api_gateway import Answer
from tests.unit.handlers.invocations import CONTEXT
from tests.unit.users.people import JANE
from tests.unit.users.sign_ins import SignIns, password_at, signing_in

__all__ = ["world"]

HOST = "acme.app.product.example"
OTHER = "globex.app.product.example"
ASKED: dict[str, dict[str, Any]] = {
    **{path: {name: value for name, value in body.items() if name != "host"} for path, body in BODIES.items()},
    SIGN_IN: {"email": JANE, "password": password_at("acme")},
    CHALLENGE: {"session": "never sealed", "answers": {"code": "123456"}},
    REFRESH: {"refreshToken": "never given"},
    SIGN_OUT: {"refreshToken": "never given"},
}
"""Of each path a body that names no host. Whoever signs in is let in, so that another tenant's host tells."""
NO_TENANTS_OWN = (
    GATEWAY,
    "d111111abcdef8.cloudfront.net",
    "api.product.example",
    "app.product.example",
    "acmeapp.product.example",
    "acme.app.product.example.evil.example",
    "acme.app.product.example:443",
    "",
)
"""Where the API may be served too, what looks like a tenant's host, and what is none."""
UNKNOWN = tuple(f"{part}.app.product.example" for part in ("nobody", "x.acme", "-", "*", ""))
MAPPED = ("/people", "/a/b-c")
"""Keys of API mappings, of one level and of two, as paths have them."""


@pytest.fixture
def acme(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignIns]:
    """The user of acme, before both functions."""
    with signing_in(world, "acme") as people:
        for module in (proofs, sessions, account, metrics):
            monkeypatch.setattr(module, "settings", lambda: people.settings)
        for module in (proofs, sessions):
            monkeypatch.setattr(module, "clients", lambda: people.clients)
        monkeypatch.setattr(sessions, "keys", lambda: people.keys)
        people.wire.attempts.clear()
        yield people


def ask(path: str, host: str | None, **how: Any) -> Answer:
    """Ask at a path, with a host in the body or none."""
    return handed(event("POST", path, ASKED[path] | ({} if host is None else {"host": host}), **how))


def alike(people: SignIns, answer: Answer) -> tuple[object, ...]:
    """Return what an answer comes to, and the AWS operations behind it, but for that which an environment does once.

    Of tokens, which are new each time, only the names are told.
    """
    done = [each for each in people.wire.operations() if each != "GetSecretValue"]
    people.wire.attempts.clear()
    return answer.status, sorted(answer.document) if answer.status == 200 else answer.text, answer.headers, done


def test_every_route_that_is_for_a_host_is_looked_at() -> None:
    allowed = proofs.ALLOWED | sessions.ALLOWED
    assert ASKED.keys() == allowed.keys() - {OPENAPI_PATH}


@pytest.mark.parametrize("path", ASKED)
def test_the_host_that_a_request_was_sent_to_counts_as_the_one_that_is_named(path: str, acme: SignIns) -> None:
    """In whatever case, and with the dot of DNS at its end."""
    named = alike(acme, ask(path, HOST))
    for at in (HOST, HOST.upper(), f"{HOST}."):
        assert alike(acme, ask(path, None, at=at)) == named
        for host in (HOST, HOST.upper(), f"{HOST}."):
            assert alike(acme, ask(path, host, at=at)) == named


@pytest.mark.parametrize("path", ASKED)
def test_a_request_that_names_another_host_than_it_was_sent_to_is_refused(path: str, acme: SignIns) -> None:
    for at, host in ((HOST, OTHER), (OTHER, HOST), (HOST, GATEWAY), (UNKNOWN[0], HOST), (HOST, f"{HOST}..")):
        wrong = errors(ask(path, host, at=at))
        assert wrong == {"/body/host": "must be left out, or the host that this was sent to"}
    assert acme.wire.operations() == []


@pytest.mark.parametrize("path", ASKED)
def test_where_the_api_is_at_no_tenants_host_the_body_names_one(path: str, acme: SignIns) -> None:
    """At its own address, behind a CDN that keeps the host to itself, at the product's domain, and at lookalikes."""
    named = alike(acme, ask(path, HOST, at=HOST))
    for at in NO_TENANTS_OWN:
        assert errors(ask(path, None, at=at)) == {"/body/host": "is required"}
        assert acme.wire.operations() == []
        assert alike(acme, ask(path, HOST, at=at)) == named


def test_an_event_without_a_host_needs_one_in_the_body(acme: SignIns) -> None:
    made = event("POST", SIGN_IN, ASKED[SIGN_IN])
    del made["requestContext"]["domainName"]
    assert errors(handed(made)) == {"/body/host": "is required"}


@pytest.mark.parametrize("path", ASKED)
def test_an_unknown_host_is_as_an_unknown_address(path: str, acme: SignIns) -> None:
    """Whether the request was sent to it or names it; nobody learns which tenants there are."""
    unknown = ASKED[path] | ({"email": "nobody@acme.example"} if "email" in ASKED[path] else {})
    expected = handed(event("POST", path, unknown, at=HOST))
    assert expected.status == {SIGN_OUT: 204, CONFIRM: 410, RESET_PASSWORD: 410}.get(path, expected.status)
    assert path not in (SIGN_IN, CHALLENGE, REFRESH) or kind(expected) == "not-signed-in"
    for host in (*UNKNOWN, OTHER):
        assert ask(path, None, at=host) == ask(path, host) == expected
    assert ask(path, "elsewhere.example") == expected


@pytest.mark.parametrize("key", MAPPED)
@pytest.mark.parametrize("path", ASKED)
def test_a_mapping_on_the_products_domain_leads_to_the_same(path: str, key: str, acme: SignIns) -> None:
    """With the mapping's key in the event's path, as some have seen it, and without, as AWS documents it."""
    without = alike(acme, ask(path, None, at=HOST))
    assert alike(acme, ask(path, None, at=HOST, key=key)) == without
    assert "/body/host" in errors(ask(path, OTHER, at=HOST, key=key))


@pytest.mark.parametrize("key", MAPPED)
def test_so_it_does_on_the_routes_of_members(key: str, acme: SignIns, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever brings no token is told so on each of them, one in whose path somebody may choose a part included."""
    for module in (members, member_callers, own_account):
        monkeypatch.setattr(module, "settings", lambda: acme.settings)
    monkeypatch.setattr(member_callers, "clients", lambda: acme.clients)
    for path, methods in members.ALLOWED.items():
        for method in methods:
            route = {"routeKey": f"{method} {path.replace('<', '{').replace('>', '}')}"}
            asked = path.replace("<userId>", "01JDXJ3Z5Y8V6W2K4M7N9P1Q3R")
            without, mapped = (event(method, asked, {"name": "Jane"}, at=HOST, key=each) for each in ("", key))
            answered = members.handler(mapped | route, CONTEXT)
            assert answered == members.handler(without | route, CONTEXT)
            assert answered["statusCode"] in {400, 401}, "a path that there is not would not come to look at either"


@pytest.mark.parametrize("key", ["", *MAPPED])
def test_a_mapped_api_describes_itself_and_says_what_browsers_may_ask(key: str, acme: SignIns) -> None:
    described = handed(event("GET", OPENAPI_PATH, at=HOST, key=key)).document
    assert described["paths"].keys() >= ASKED.keys()
    assert described["servers"] == [{"url": key or "/"}]
    for path in ASKED:
        asked = handed(event("OPTIONS", path, at=HOST, key=key))
        assert (asked.status, asked.headers["Allow"]) == (204, "POST, OPTIONS")


@pytest.mark.parametrize("path", ASKED)
def test_what_no_route_leads_to_gets_round_the_bounds_of_none(path: str, acme: SignIns) -> None:
    """API Gateway counts it with the rest, whose bounds are others."""
    made = event("POST", path, ASKED[path], at=HOST, key="/people") | {"routeKey": "$default"}
    assert kind(handed(made)) == "no-such-path"


def test_a_path_within_a_path_is_no_path(acme: SignIns) -> None:
    """A part that somebody may choose cannot lead to another route than the one that API Gateway counts it for."""
    made = event("POST", REGISTER, ASKED[REGISTER]) | {"routeKey": "POST /account/v1/{part}"}
    made["rawPath"] = f"/account/v1/x{FORGOT_PASSWORD}"
    assert problem(handed(made))["status"] == 404
