"""Signing in fails closed: whatever does not answer or is wrong, nobody gets a token, and the log gets a reason."""

from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.errors import PermanentError, RetryableError, TransientError, translate
from orchestrator.users.app_client import NOT_FOR_NOW, NOT_LET_IN, NOTHING_TO_END, Caller, RefusedError
from orchestrator.users.passwords import REFUSED_BY_COGNITO, PasswordRefusedError
from orchestrator.users.sessions import OthersTokensError, Tokens
from tests.unit import faults
from tests.unit.every_tier import World, world
from tests.unit.users.sign_ins import OTHER, SignIns, signing_in

__all__ = ["world"]

OUR_MISTAKES = {
    "AliasExistsException",
    "FeatureUnavailableInTierException",
    "InvalidEmailRoleAccessPolicyException",
    "InvalidParameterException",
    "InvalidSmsRoleAccessPolicyException",
    "InvalidSmsRoleTrustRelationshipException",
    "InvalidUserPoolConfigurationException",
    "ResourceNotFoundException",
    "UnsupportedOperationException",
}
"""What Cognito says of a user pool or app client that is not as it is to be: somebody has to look."""
BUSY = {"ConcurrentModificationException", "InternalErrorException", "TooManyRequestsException"}
OPERATIONS = ("AdminInitiateAuth", "AdminRespondToAuthChallenge", "AssociateSoftwareToken", "VerifySoftwareToken")


@pytest.fixture
def people(world: World) -> Iterator[SignIns]:
    with signing_in(world, "acme") as everybody:
        yield everybody


def codes(operation: str) -> list[str]:
    """Return every error that the service model has of an operation."""
    model = botocore.session.get_session().get_service_model("cognito-idp").operation_model(operation)
    return sorted({shape.name for shape in model.error_shapes})


def kind(error: BaseException) -> str:
    """Return what an error means for whoever asked."""
    if isinstance(error, RefusedError):
        return "refused"
    if isinstance(error, PasswordRefusedError):
        return "another password"
    return "later" if isinstance(translate(error), RetryableError) else "a defect"  # type: ignore[arg-type]  # no death


def wanted(code: str) -> str:
    """Return what an error must mean; a code that is new in the model has no meaning until somebody gives it one."""
    meanings = {
        "refused": NOT_LET_IN,
        "another password": frozenset(REFUSED_BY_COGNITO),
        "later": NOT_FOR_NOW | BUSY,
        "a defect": frozenset(OUR_MISTAKES),
    }
    (meaning,) = [meaning for meaning, of in meanings.items() if code in of]
    return meaning


@pytest.mark.parametrize(("operation", "code"), [(each, code) for each in OPERATIONS for code in codes(each)])
def test_whatever_cognito_refuses_has_a_meaning_and_no_token(operation: str, code: str, people: SignIns) -> None:
    act: Callable[[], object]
    if operation == "AdminInitiateAuth":
        act = lambda: people.sign_in("acme")  # noqa: E731  # one of four
    elif operation == "AdminRespondToAuthChallenge":
        people.make_temporary("acme")
        session = people.challenge("acme").session
        act = lambda: people.answer("acme", session, newPassword=OTHER)  # noqa: E731
    elif operation == "AssociateSoftwareToken":
        people.want_mfa("acme", "ON")
        act = lambda: people.sign_in("acme")  # noqa: E731
    else:
        people.want_mfa("acme", "ON")
        asked = people.challenge("acme")
        act = lambda: people.answer("acme", asked.session, code=people.code(asked.secret_code))  # noqa: E731
    before = people.wire.count(operation)
    with people.wire.strikes(operation, faults.refused(code)), pytest.raises(Exception) as raised:  # noqa: PT011  # any
        act()
    assert kind(raised.value) == wanted(code)
    assert people.wire.count(operation) == before + 1, "what Cognito counts is not repeated by us"


@pytest.mark.parametrize("code", codes("RevokeToken"))
def test_signing_out_fails_only_where_a_session_may_go_on(code: str, people: SignIns) -> None:
    tokens = people.tokens("acme")
    with people.wire.strikes("RevokeToken", faults.refused(code), times=faults.ALWAYS):
        if code in NOTHING_TO_END:
            people.sign_out("acme", tokens.refresh_token)
        else:
            with pytest.raises(ClientError):
                people.sign_out("acme", tokens.refresh_token)


AWAY = {"unreachable": faults.unreachable, "lost": faults.lost_response, "busy": faults.throttled}
each_way = pytest.mark.parametrize("how", AWAY)


@each_way
@pytest.mark.parametrize("operation", ["GetItem", "AdminInitiateAuth"])
def test_nobody_signs_in_while_the_registry_or_cognito_is_away(operation: str, how: str, people: SignIns) -> None:
    with (
        people.wire.strikes(operation, AWAY[how], times=faults.ALWAYS),
        pytest.raises((ClientError, BotoCoreError)) as raised,
    ):
        people.sign_in("acme")
    assert kind(raised.value) == "later"
    assert isinstance(people.sign_in("acme"), Tokens)


@each_way
def test_nobody_is_challenged_while_the_session_keys_are_away(how: str, people: SignIns) -> None:
    people.make_temporary("acme")
    with (
        people.wire.strikes("GetSecretValue", AWAY[how], times=faults.ALWAYS),
        pytest.raises((ClientError, BotoCoreError)) as raised,
    ):
        people.sign_in("acme")
    assert kind(raised.value) == "later"
    asked = people.challenge("acme")
    assert isinstance(people.answer("acme", asked.session, newPassword=OTHER), Tokens)


def test_nobody_gets_tokens_that_nobody_can_verify(people: SignIns) -> None:
    """The keys of the user pool cannot be had."""
    people.served.answer = lambda request: request.send_error(503)
    with pytest.raises(TransientError) as raised:
        people.sign_in("acme")
    assert raised.value.code == "KEYS_UNAVAILABLE"


def test_nobody_gets_tokens_that_another_key_signed(people: SignIns) -> None:
    people.served.answer = None  # the server's own key has the id of the user pool's
    with pytest.raises(OthersTokensError) as raised:
        people.sign_in("acme")
    assert raised.value.reason == "TokenOf:INVALID_TOKEN"


@pytest.mark.parametrize(("ahead", "reason"), [(3_600, "NOT_YET_VALID"), (-7_200, "EXPIRED")])
def test_nobody_gets_tokens_while_clocks_differ(ahead: float, reason: str, people: SignIns) -> None:
    """Ours and Cognito's, by more than half a minute: it is no sign of another tenant."""
    people.cognito.ahead = ahead
    with pytest.raises(TransientError) as raised:
        people.sign_in("acme")
    assert raised.value.code == reason


@pytest.mark.parametrize("ahead", [-20, 20])
def test_a_little_difference_of_clocks_matters_to_nobody(ahead: float, people: SignIns) -> None:
    people.cognito.ahead = ahead
    assert isinstance(people.sign_in("acme"), Tokens)


@pytest.mark.parametrize(
    ("answered", "reason"),
    [
        ({"ChallengeName": "CUSTOM_CHALLENGE", "Session": "s" * 20}, "Challenge:CUSTOM_CHALLENGE"),
        ({"ChallengeName": "PASSWORD_VERIFIER", "Session": "s" * 20}, "Challenge:PASSWORD_VERIFIER"),
    ],
)
def test_a_challenge_that_is_not_known_lets_nobody_in(answered: Any, reason: str, people: SignIns) -> None:
    with (
        people.wire.strikes("AdminInitiateAuth", faults.answered(**answered)),
        pytest.raises(RefusedError) as refused,
    ):
        people.sign_in("acme")
    assert refused.value.reason == reason


def test_an_authenticator_that_cognito_has_not_verified_lets_nobody_in(people: SignIns) -> None:
    people.want_mfa("acme", "ON")
    asked = people.challenge("acme")
    with (
        people.wire.strikes("VerifySoftwareToken", faults.answered(Status="ERROR", Session="s" * 20)),
        pytest.raises(RefusedError) as refused,
    ):
        people.answer("acme", asked.session, code=people.code(asked.secret_code))
    assert refused.value.reason == "AuthenticatorNotVerified"


def test_a_secret_without_a_key_is_a_mistake_of_the_deployment(people: SignIns) -> None:
    people.make_temporary("acme")
    for text in ("{}", "no JSON", "[]", '{"9999999999": "of the future"}', '{"x": "y"}'):
        people.session_keys_are(text)
        with pytest.raises(PermanentError) as raised:
            people.sign_in("acme")
        assert raised.value.code == "SessionKeys"


def test_cognito_is_told_where_somebody_comes_from_where_it_makes_use_of_it(people: SignIns) -> None:
    """By the address that API Gateway has seen, on the feature plan with threat protection alone."""
    tokens = people.tokens("acme")
    people.refresh("acme", tokens.refresh_token)
    assert all("ContextData" not in body for body in people.wire.bodies("AdminInitiateAuth"))
    people.wire.attempts.clear()
    people.settings = people.settings.model_copy(update={"feature_plan": "PLUS"})
    people.sign_in("acme")
    people.refresh("acme", tokens.refresh_token)
    people.make_temporary("acme")
    people.answer("acme", people.challenge("acme").session, newPassword=OTHER)
    context = {
        "IpAddress": "198.51.100.7",
        "ServerName": "acme.app.product.example",
        "ServerPath": "/",
        "HttpHeaders": [{"headerName": "User-Agent", "headerValue": "a browser"}],
    }
    bodies = people.wire.bodies("AdminInitiateAuth") + people.wire.bodies("AdminRespondToAuthChallenge")
    assert [body["ContextData"] for body in bodies] == [context] * 4
    people.caller = Caller("2001:db8::7")
    people.sign_in("acme", OTHER)
    assert people.wire.bodies("AdminInitiateAuth")[-1]["ContextData"] == context | {
        "IpAddress": "2001:db8::7",
        "HttpHeaders": [],
    }
