"""Of signing in, what Amazon Cognito refuses is refused in tests too, although the simulated one would let it pass."""

import base64
import hashlib
import hmac
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.clients import Clients
from tests.unit import sign_in_at_cognito
from tests.unit.sign_in_at_cognito import refused_by_tokens
from tests.unit.sign_in_at_cognito.examples import NAME, NEW, PASSWORD, Start, another
from tests.unit.sign_in_at_cognito.refused import REFUSED
from tests.unit.tenant_onboarding.user_pools import key_server

__all__ = ["refused_by_tokens"]  # whose refusals are in the one list, too


@pytest.fixture
def start(clients: Clients) -> Iterator[Start]:
    with sign_in_at_cognito.standing_in() as cognito:
        yield Start(clients.cognito_once, cognito)


@pytest.mark.parametrize("what", REFUSED)
def test_cognito_refuses(what: str, start: Start) -> None:
    case = REFUSED[what]
    with pytest.raises(ClientError, match=case.words) as refused:
        case.act(start)
    assert refused.value.response["Error"]["Code"] == case.code


def claims(start: Start, token: str) -> Any:
    """Return what a token says, verified by the keys that are served."""
    with key_server() as keys:
        keys.answer = start.cognito.serve
        with urllib.request.urlopen(keys.address.format(userPoolId=start.ids["UserPoolId"])) as answer:
            (jwk,) = jwt.PyJWKSet.from_dict(json.load(answer)).keys
    return jwt.decode(token, jwk, algorithms=["RS256"], options={"verify_aud": False})


def test_who_signs_in_gets_tokens_that_the_user_pools_keys_verify(start: Start) -> None:
    tokens = start.tokens()
    access, of_id = claims(start, tokens["AccessToken"]), claims(start, tokens["IdToken"])
    assert (access["client_id"], of_id["aud"]) == (start.ids["ClientId"], start.ids["ClientId"])
    assert (access["token_use"], of_id["token_use"]) == ("access", "id")
    assert access["iss"] == of_id["iss"] == f"https://cognito-idp.eu-central-1.amazonaws.com/{start.ids['UserPoolId']}"
    assert access["sub"] == of_id["sub"]
    assert of_id["email"] == "jane@acme.example"
    assert access["scope"] == "aws.cognito.signin.user.admin"
    assert access["exp"] - access["iat"] == tokens["ExpiresIn"] == 3_600


def test_a_name_is_one_name_in_any_case(start: Start) -> None:
    assert start.begin(NAME.upper())["AuthenticationResult"]


def test_a_temporary_password_is_replaced_and_the_new_one_is_good(start: Start) -> None:
    answer = start.answer(start.john())
    assert set(answer["AuthenticationResult"]) == {"AccessToken", "IdToken", "RefreshToken", "ExpiresIn", "TokenType"}
    assert start.begin("john", NEW)["AuthenticationResult"]


def test_a_new_password_that_is_refused_leaves_the_session_good(start: Start) -> None:
    session = start.john()
    with pytest.raises(ClientError, match="policy"):
        start.answer(session, NEW_PASSWORD="short")
    assert start.answer(session)["AuthenticationResult"]


def test_who_has_an_authenticator_signs_in_with_it(start: Start) -> None:
    code = start.code()
    assert start.begin()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert start.answer_code(code)["AuthenticationResult"]


def test_who_has_none_signs_in_without_where_it_is_offered(start: Start) -> None:
    start.want_mfa("OPTIONAL")
    assert start.begin()["AuthenticationResult"]


def test_who_has_none_sets_one_up_where_it_is_demanded(start: Start) -> None:
    """Also after a new password; and a wrong code of it can be followed by the right one."""
    start.want_mfa("ON")
    answer = start.answer(start.john())
    assert answer["ChallengeName"] == "MFA_SETUP"
    begun = start.sdk.associate_software_token(Session=answer["Session"])
    code = start.code(begun["SecretCode"])
    with pytest.raises(ClientError, match="Code mismatch"):
        start.sdk.verify_software_token(Session=begun["Session"], UserCode=another(code))
    verified = start.sdk.verify_software_token(Session=begun["Session"], UserCode=code)
    assert verified["Status"] == "SUCCESS"
    assert start.answer(verified["Session"], "MFA_SETUP", NONE="")["AuthenticationResult"]
    assert start.begin("john", NEW)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


@pytest.mark.parametrize(("wrong", "seconds"), [(5, 1), (6, 2), (9, 16), (40, 15 * 60)])
def test_a_lock_gets_longer_with_each_wrong_password_and_ends(wrong: int, seconds: int, start: Start) -> None:
    for before in range(wrong):
        start.cognito.ahead += min(2.0 ** (before - 5), 15 * 60) if before >= 5 else 0  # the lock before is over
        start.fail(1)
    start.cognito.ahead += seconds - 0.5
    with pytest.raises(ClientError, match="attempts exceeded"):
        start.begin()
    start.cognito.ahead += 0.5
    assert start.begin()["AuthenticationResult"]
    start.fail(4)
    assert start.begin()["AuthenticationResult"]


def test_wrong_passwords_are_forgotten(start: Start) -> None:
    start.fail(4)
    start.cognito.ahead = 15 * 60 + 1
    start.fail(4)
    assert start.begin()["AuthenticationResult"]


def test_a_refresh_token_stays_good_and_is_not_repeated(start: Start) -> None:
    token = start.tokens()["RefreshToken"]
    start.cognito.ahead = 86_400
    for _ in range(2):
        assert set(start.refresh(token)["AuthenticationResult"]) == {"AccessToken", "IdToken", "ExpiresIn", "TokenType"}


def test_the_right_secret_hash_lets_in(start: Start) -> None:
    start.go_to("secret", GenerateSecret=True)
    described = start.sdk.describe_user_pool_client(**start.ids)["UserPoolClient"]
    digest = hmac.digest(described["ClientSecret"].encode(), f"{NAME}{start.ids['ClientId']}".encode(), hashlib.sha256)
    assert start.begin(password=PASSWORD, SECRET_HASH=base64.b64encode(digest).decode())["AuthenticationResult"]


def test_an_authenticator_that_a_token_began_is_asked_for_once_it_is_preferred(start: Start) -> None:
    """Another of the user's tokens may verify it; removed, nothing is asked for."""
    secret = start.begin_by(start.access())
    start.sdk.verify_software_token(AccessToken=start.tokens()["AccessToken"], UserCode=start.code(secret))
    assert start.begin()["AuthenticationResult"]
    start.prefer(wanted=True)
    assert start.begin()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    start.sdk.admin_delete_software_token(**start.jane)
    assert start.begin()["AuthenticationResult"]
