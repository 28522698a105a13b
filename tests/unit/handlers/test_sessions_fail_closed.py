"""Whatever is away, wrong or barred, at each way to tokens: none leave, the log has a reason, the answer has none.

Signing in, answering a challenge and going on, each before the function as API Gateway calls it.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from handlers import account, metrics, problems, sessions
from orchestrator.users import session_keys
from orchestrator.users.session_contract import CHALLENGE, REFRESH, SIGN_IN
from tenant_onboarding.authorizer.key_sets import KeySets
from tests.unit import faults
from tests.unit.every_tier import World, world
from tests.unit.handlers.account_api import event, kind
from tests.unit.handlers.api_gateway import Answer
from tests.unit.handlers.invocations import CONTEXT
from tests.unit.handlers.logs_and_metrics import log
from tests.unit.users.barred_people import BARRED, disabled, of_another_tenant
from tests.unit.users.people import JANE
from tests.unit.users.sign_ins import OTHER, SignIns, password_at, signing_in

__all__ = ["log", "world"]

Request = tuple[str, dict[str, Any]]
Lines = list[dict[str, Any]]
AT_ACME = {"host": "acme.app.product.example"}
KNOWN = AT_ACME | {"email": JANE, "password": password_at("acme")}
COGNITO = {SIGN_IN: "AdminInitiateAuth", CHALLENGE: "AdminRespondToAuthChallenge", REFRESH: "AdminInitiateAuth"}
"""What Cognito is asked for tokens by, at each path."""
each_way = pytest.mark.parametrize("path", COGNITO)


@pytest.fixture
def people(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignIns]:
    """The people of two tenants that share an app client, before the function."""
    with signing_in(world, "acme", "globex") as everybody:
        for module in (sessions, account, metrics):
            monkeypatch.setattr(module, "settings", lambda: everybody.settings)
        monkeypatch.setattr(sessions, "clients", lambda: everybody.clients)
        monkeypatch.setattr(sessions, "keys", lambda: everybody.keys)
        yield everybody


def post(path: str, body: dict[str, Any]) -> Answer:
    """Let the function answer."""
    answered = sessions.handler(event("POST", path, body), CONTEXT)
    return Answer(answered["statusCode"], answered["headers"], answered["body"])


def prepared(people: SignIns, path: str) -> Request:
    """Return a request that would get tokens."""
    if path == REFRESH:
        return path, AT_ACME | {"refreshToken": post(SIGN_IN, KNOWN).document["refreshToken"]}
    if path == CHALLENGE:
        people.make_temporary("acme")
        session = post(SIGN_IN, KNOWN).document["session"]
        return path, AT_ACME | {"session": session, "answers": {"newPassword": OTHER}}
    return path, KNOWN


@contextmanager
def keys_away(people: SignIns) -> Iterator[None]:
    """Let nobody have the keys of user pools."""
    people.served.answer = lambda request: request.send_error(503)
    people.keys = KeySets(people.served.address)
    yield
    people.served.answer = people.cognito.serve
    people.keys = KeySets(people.served.address)


def clocks_differ(seconds: float) -> Callable[[SignIns, str], AbstractContextManager[object]]:
    """Let Cognito's clock differ from ours."""

    @contextmanager
    def differing(people: SignIns, _: str) -> Iterator[None]:
        people.cognito.ahead = seconds
        yield
        people.cognito.ahead = 0

    return differing


def struck(people: SignIns, operation: str, strike: Any) -> AbstractContextManager[object]:
    """Let an operation of AWS never be answered as it should be."""
    return people.wire.strikes(operation, strike, times=faults.ALWAYS)


AWAY: dict[str, tuple[Callable[[SignIns, str], AbstractContextManager[object]], str]] = {
    "the registry": (lambda people, _: struck(people, "GetItem", faults.unreachable), "ConnectTimeoutError"),
    "the registry's answer": (lambda people, _: struck(people, "GetItem", faults.lost_response), "ReadTimeoutError"),
    "Cognito": (lambda people, path: struck(people, COGNITO[path], faults.unreachable), "ConnectTimeoutError"),
    "Cognito's answer": (lambda people, path: struck(people, COGNITO[path], faults.lost_response), "ReadTimeoutError"),
    "Cognito, busy": (lambda people, path: struck(people, COGNITO[path], faults.throttled), "TooManyRequestsException"),
    "the trigger": (
        lambda people, path: struck(people, COGNITO[path], faults.refused("UnexpectedLambdaException")),
        "UnexpectedLambdaException",
    ),
    "the user pool's keys": (lambda people, _: keys_away(people), "KEYS_UNAVAILABLE"),
    "a clock that is behind": (clocks_differ(120), "NOT_YET_VALID"),
    "a clock that is ahead": (clocks_differ(-7_200), "EXPIRED"),
}
"""What may be away or wrong, each with the reason that the log must have."""


def reasons(log: Lines) -> str:
    """Return what the log's errors say."""
    return json.dumps([line for line in log if line["level"] == "ERROR"])


@each_way
@pytest.mark.parametrize("what", AWAY)
def test_nobody_gets_tokens_while_something_is_away_or_wrong(what: str, path: str, people: SignIns, log: Lines) -> None:
    away, reason = AWAY[what]
    request = prepared(people, path)
    log.clear()
    with away(people, path):
        answer = post(*request)
    assert (answer.status, kind(answer)) == (503, "unavailable")
    assert answer.headers["Retry-After"] == str(problems.RETRY_AFTER_SECONDS)
    assert reason in reasons(log)
    assert reason not in answer.text
    assert "eyJ" not in answer.text + json.dumps(log)


@each_way
def test_what_is_away_cannot_be_told_from_the_answer(path: str, people: SignIns) -> None:
    answers = set()
    for what in ("the registry", "Cognito", "the user pool's keys"):
        request = prepared(people, path)
        with AWAY[what][0](people, path):
            answers.add(post(*request).text)
    assert len(answers) == 1


@each_way
def test_afterwards_everybody_gets_tokens_again(path: str, people: SignIns) -> None:
    with struck(people, "GetItem", faults.unreachable):
        assert post(SIGN_IN, KNOWN).status == 503
    assert post(*prepared(people, path)).document.keys() == {"accessToken", "idToken", "refreshToken", "expiresIn"}


def test_no_challenge_is_answered_while_the_keys_of_sessions_are_away(people: SignIns, log: Lines) -> None:
    request = prepared(people, CHALLENGE)
    session_keys._of_period.cache_clear()
    with struck(people, "GetSecretValue", faults.unreachable):
        answer = post(*request)
    assert (answer.status, kind(answer)) == (503, "unavailable")
    assert "ConnectTimeoutError" in reasons(log)
    assert post(*request).status == 200


# who is barred


def refused(people: SignIns, path: str, body: dict[str, Any]) -> tuple[int, str, list[str]]:
    """Return a refusal: its status, its bytes and the calls of AWS."""
    people.wire.attempts.clear()
    answer = post(path, body)
    return answer.status, answer.text, people.wire.operations()


@pytest.mark.parametrize("state", BARRED)
def test_whoever_is_barred_gets_the_bytes_of_an_unknown_address_by_the_same_calls(
    state: str, people: SignIns, log: Lines
) -> None:
    unknown = refused(people, SIGN_IN, KNOWN | {"email": "nobody@acme.example"})
    wrong = refused(people, SIGN_IN, KNOWN | {"password": "wrong"})
    bar, reason = BARRED[state]
    bar(people)
    assert refused(people, SIGN_IN, KNOWN) == unknown == wrong
    assert unknown[0] == 401
    assert log[-1]["reason"] == reason


def end_at_cognito(people: SignIns) -> None:
    """Let Cognito have forgotten the challenge that our sealed session holds."""
    people.cognito.sessions.clear()


@pytest.mark.parametrize("bar", [disabled, of_another_tenant, end_at_cognito])
def test_an_answer_to_a_challenge_is_refused_alike_whatever_the_reason_is(
    bar: Callable[[SignIns], None], people: SignIns
) -> None:
    path, right = prepared(people, CHALLENGE)
    bar(people)
    barred = refused(people, path, right)
    assert barred == refused(people, path, right), "also a second time"
    made_up = refused(people, path, right | {"session": "made-up"})
    assert made_up[:2] == barred[:2]
    assert barred[2] == ["GetItem", "AdminRespondToAuthChallenge"]
    assert set(made_up[2]) <= {"GetItem", "GetSecretValue"}, "Cognito is not asked"


def sign_out_everywhere(people: SignIns) -> None:
    """Let an administrator have ended the user's sessions."""
    people.clients.cognito.admin_user_global_sign_out(**people.user("acme"))


def end_the_session(people: SignIns) -> None:
    """Let the refresh token be older than it may become."""
    people.cognito.ahead = 31 * 86_400


@pytest.mark.parametrize("bar", [disabled, of_another_tenant, sign_out_everywhere, end_the_session])
def test_a_refresh_is_refused_alike_whatever_the_reason_is(bar: Callable[[SignIns], None], people: SignIns) -> None:
    path, right = prepared(people, REFRESH)
    bar(people)
    barred = refused(people, path, right)
    assert barred[2] == ["GetItem", "AdminInitiateAuth"]
    assert barred == refused(people, path, right | {"refreshToken": "made-up"})
    people.cognito.ahead = 0
    others = post(SIGN_IN, {"host": "globex.app.product.example", "email": JANE, "password": password_at("globex")})
    assert refused(people, path, right | {"refreshToken": others.document["refreshToken"]}) == barred
