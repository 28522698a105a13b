"""Who signs in at a tenant's host gets tokens of that tenant, goes on by them, and gets out."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import jwt
import pytest

from orchestrator.users.app_client import RefusedError
from orchestrator.users.hosts import FederatedError, SuspendedError
from orchestrator.users.passwords import NOT_TAKEN, PasswordRefusedError
from orchestrator.users.sessions import Challenge, Tokens, WrongAnswersError
from tests.unit.every_tier import World, world
from tests.unit.operations import lagging
from tests.unit.sign_in_at_cognito.examples import another
from tests.unit.users.people import JANE
from tests.unit.users.sign_ins import OTHER, SignIns, password_at, signing_in

__all__ = ["world"]

TIERS = {"pool": "acme", "bridge": "hooli", "silo": "tyrell"}
each_tier = pytest.mark.parametrize("tier", TIERS)


@pytest.fixture
def at(world: World) -> Iterator[Callable[..., SignIns]]:
    """Return the people of the tenants that are named, whose events have these changes."""
    with ExitStack() as opened:
        yield lambda *tenant_ids, **changes: opened.enter_context(signing_in(world, *tenant_ids, **changes))


def says(token: str) -> dict[str, Any]:
    """Return what a token says, which is verified elsewhere."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


@each_tier
def test_who_signs_in_gets_tokens_of_the_tenant_goes_on_by_them_and_gets_out(
    tier: str, at: Callable[..., SignIns]
) -> None:
    tenant_id = TIERS[tier]
    people = at(tenant_id)
    tokens = people.tokens(tenant_id)
    assert tokens.expires_in == 3_600
    for token in (tokens.access_token, tokens.id_token):
        said = says(token)
        assert (said["tenantId"], said["tenantTier"], said["tenantRole"]) == (tenant_id, tier, "member")
        assert said["userId"] == "01JDXJ3Z5Y8V6W2K4M7N9P1Q3R"
        assert said["cognito:groups"] == [tenant_id]
    again = people.refresh(tenant_id, tokens.refresh_token)
    assert says(again.access_token)["tenantId"] == tenant_id
    assert says(tokens.access_token)["scope"] == says(again.access_token)["scope"] == "", "no key to Cognito"
    assert again.refresh_token == tokens.refresh_token
    assert again.access_token != tokens.access_token
    for _ in range(2):
        people.sign_out(tenant_id, tokens.refresh_token)
    with pytest.raises(RefusedError) as refused:
        people.refresh(tenant_id, tokens.refresh_token)
    assert refused.value.reason == "NotAuthorizedException"


@each_tier
def test_an_address_is_the_same_in_any_case(tier: str, at: Callable[..., SignIns]) -> None:
    tenant_id = TIERS[tier]
    assert isinstance(at(tenant_id).sign_in(tenant_id, email=JANE.upper()), Tokens)


@each_tier
def test_a_temporary_password_is_replaced_first(tier: str, at: Callable[..., SignIns]) -> None:
    tenant_id = TIERS[tier]
    people = at(tenant_id)
    people.make_temporary(tenant_id)
    asked = people.challenge(tenant_id)
    assert (asked.challenge, asked.secret_code) == ("NEW_PASSWORD_REQUIRED", "")
    found = people.answer(tenant_id, asked.session, newPassword=OTHER)
    assert isinstance(found, Tokens)
    assert (says(found.access_token)["tenantId"], says(found.access_token)["scope"]) == (tenant_id, "")
    assert isinstance(people.sign_in(tenant_id, OTHER), Tokens)
    with pytest.raises(RefusedError):
        people.answer(tenant_id, asked.session, newPassword=OTHER)


def test_a_new_password_that_is_refused_is_told_the_rules_and_can_be_chosen_again(at: Callable[..., SignIns]) -> None:
    people = at("acme")
    people.make_temporary("acme")
    asked = people.challenge("acme")
    with pytest.raises(PasswordRefusedError) as refused:
        people.answer("acme", asked.session, newPassword="no upper-case letter 1")
    assert refused.value.rules == ["It must have an upper-case letter."]
    assert isinstance(people.answer("acme", asked.session, newPassword=OTHER), Tokens)


def test_a_tenants_own_policy_is_the_one_that_judges(at: Callable[..., SignIns]) -> None:
    people = at("tyrell", security={"passwordPolicy": {"minimumLength": 20}})
    people.make_temporary("tyrell")
    asked = people.challenge("tyrell")
    with pytest.raises(PasswordRefusedError) as refused:
        people.answer("tyrell", asked.session, newPassword="A-Horse-of-17-Let")
    assert refused.value.rules == ["It must have at least 20 characters."]


def test_what_cognito_alone_knows_of_a_password_is_said_too(at: Callable[..., SignIns]) -> None:
    """Its policy may be stricter than the tenant's, as somebody has changed it by hand."""
    people = at("tyrell")
    people.make_temporary("tyrell")
    pool = people.user("tyrell")["UserPoolId"]
    asked = people.challenge("tyrell")
    lagging.change_user_pool(people.clients, pool, Policies={"PasswordPolicy": {"MinimumLength": 60}})
    with pytest.raises(PasswordRefusedError) as refused:
        people.answer("tyrell", asked.session, newPassword=OTHER)
    assert refused.value.rules == [NOT_TAKEN]


def test_who_has_an_authenticator_is_asked_for_its_code(at: Callable[..., SignIns]) -> None:
    people = at("tyrell")
    secret = people.enrol("tyrell")
    asked = people.challenge("tyrell")
    assert (asked.challenge, asked.secret_code) == ("SOFTWARE_TOKEN_MFA", "")
    with pytest.raises(RefusedError) as refused:
        people.answer("tyrell", asked.session, code=another(people.code(secret)))
    assert refused.value.reason == "CodeMismatchException"
    assert isinstance(people.answer("tyrell", asked.session, code=people.code(secret)), Tokens)


def test_where_a_second_factor_is_demanded_one_is_set_up_on_the_way_in(at: Callable[..., SignIns]) -> None:
    """After a new password, if that is asked for too; the next sign-in asks for a code."""
    people = at("tyrell")
    people.want_mfa("tyrell", "ON")
    people.make_temporary("tyrell")
    asked = people.answer("tyrell", people.challenge("tyrell").session, newPassword=OTHER)
    assert isinstance(asked, Challenge)
    assert asked.challenge == "MFA_SETUP"
    assert re.fullmatch("[A-Z2-7]{32}", asked.secret_code)
    code = people.code(asked.secret_code)
    with pytest.raises(RefusedError) as refused:
        people.answer("tyrell", asked.session, code=another(code))
    assert refused.value.reason == "EnableSoftwareTokenMFAException"
    assert isinstance(people.answer("tyrell", asked.session, code=code), Tokens)
    following = people.sign_in("tyrell", OTHER)
    assert isinstance(following, Challenge)
    people.cognito.ahead = 30  # the code before was used
    assert isinstance(people.answer("tyrell", following.session, code=people.code(asked.secret_code)), Tokens)


@pytest.mark.parametrize("answers", [{}, {"code": "000000"}, {"newPassword": OTHER, "USERNAME": "globex/x"}])
def test_a_challenge_takes_its_own_answers_and_no_others(answers: dict[str, str], at: Callable[..., SignIns]) -> None:
    people = at("acme")
    people.make_temporary("acme")
    asked = people.challenge("acme")
    people.wire.attempts.clear()
    with pytest.raises(WrongAnswersError) as wrong:
        people.answer("acme", asked.session, **answers)
    assert wrong.value.wanted == ("newPassword",)
    assert people.wire.operations() == ["GetItem"]
    assert isinstance(people.answer("acme", asked.session, newPassword=OTHER), Tokens)


def test_a_federated_tenants_people_are_told_where_they_sign_in(at: Callable[..., SignIns]) -> None:
    """Cognito is not asked. Whoever signs out has signed out."""
    people = at("wayne")
    acts: list[Callable[[], object]] = [
        lambda: people.sign_in("wayne"),
        lambda: people.answer("wayne", "session", code="000000"),
        lambda: people.refresh("wayne", "token"),
    ]
    for act in acts:
        with pytest.raises(FederatedError) as federated:
            act()
        assert federated.value.address == f"https://{people.host('wayne')}"
    assert people.wire.operations() == ["GetItem"] * 3
    people.sign_out("wayne", "token")


def test_nobody_signs_in_at_a_suspended_tenant(at: Callable[..., SignIns]) -> None:
    people = at("acme")
    key = {"routeKey": "subdomain#acme"}
    route: Any = people.clients.dynamodb.get_item(TableName="routes", Key=key)["Item"]
    people.clients.dynamodb.put_item(TableName="routes", Item=route | {"state": "SUSPENDED"})
    with pytest.raises(SuspendedError):
        people.sign_in("acme")


@pytest.mark.parametrize("token", ["", "unknown", "a.b.c", "two words", "é", "x" * 4_000])
def test_whatever_is_no_refresh_token_signs_nobody_in_and_is_signed_out(token: str, at: Callable[..., SignIns]) -> None:
    people = at("acme")
    people.sign_out("acme", token)
    with pytest.raises(RefusedError):
        people.refresh("acme", token)


def test_nothing_of_what_somebody_brings_or_gets_is_in_a_text_that_could_be_logged(at: Callable[..., SignIns]) -> None:
    people = at("acme")
    people.make_temporary("acme")
    asked = people.challenge("acme")
    tokens = people.answer("acme", asked.session, newPassword=OTHER)
    written = f"{asked}{tokens}{asked!r}{tokens!r}"
    for secret in (asked.session, password_at("acme"), OTHER, JANE, "eyJ"):
        assert secret not in written
