"""Nobody's password, token, challenge or refresh token is good at another tenant's host.

And nobody learns who is a user. All tenants, tiers and hosts against one another: the diagonal only.
"""

import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from orchestrator.users.app_client import RefusedError
from orchestrator.users.sessions import OthersTokensError, Tokens
from tests.unit import faults
from tests.unit.every_tier import World, world
from tests.unit.tenant_onboarding.deployed_authorizers import AUTHORIZERS, Request, answers
from tests.unit.users.barred_people import BARRED
from tests.unit.users.people import JANE
from tests.unit.users.sign_ins import OTHER, TENANTS, SignIns, password_at, signing_in

__all__ = ["world"]

PAIRS = list(product(TENANTS, TENANTS))
CALLS = ["GetItem", "AdminInitiateAuth"]
"""Of every sign-in that tells nobody why it fails: the host's route, and Cognito."""


@pytest.fixture
def people(world: World) -> Iterator[SignIns]:
    with signing_in(world) as everybody:
        yield everybody


def refusal(act: Callable[..., object], *given: str, **answers: str) -> RefusedError:
    """Return why nobody is let in."""
    with pytest.raises(RefusedError) as refused:
        act(*given, **answers)
    return refused.value


def let_in(act: Callable[..., object], *given: str, **answers: str) -> bool:
    """Tell whether somebody gets tokens."""
    try:
        return isinstance(act(*given, **answers), Tokens)
    except OthersTokensError as error:
        raise AssertionError(error.reason) from error
    except RefusedError:
        return False


def diagonal(tried: dict[tuple[str, str], bool]) -> bool:
    """Tell whether all pairs were tried, and each tenant's own let in alone."""
    return list(tried) == PAIRS and all(found == (of == at) for (of, at), found in tried.items())


def test_a_password_is_good_at_its_own_tenants_host_only(people: SignIns) -> None:
    """The address is the same everywhere, and another user in each tenant."""
    tried = {}
    for of, at in PAIRS:
        people.cognito.attempts.clear()  # nobody is locked
        tried[of, at] = let_in(people.sign_in, at, password_at(of))
    assert diagonal(tried)


def test_a_refresh_token_is_good_at_its_own_tenants_host_only(people: SignIns) -> None:
    """Also where tenants share an app client, at which Cognito would take it."""
    tokens = {tenant_id: people.tokens(tenant_id).refresh_token for tenant_id in TENANTS}
    assert diagonal({(of, at): let_in(people.refresh, at, tokens[of]) for of, at in PAIRS})
    assert refusal(people.refresh, "globex", tokens["acme"]).reason == "TokenOf:UNKNOWN_TENANT"


def test_a_challenge_is_answered_at_its_own_tenants_host_only(people: SignIns) -> None:
    """It ends nobody's session elsewhere: Cognito is not asked there."""
    for tenant_id in TENANTS:
        people.make_temporary(tenant_id)
    sessions = {tenant_id: people.challenge(tenant_id).session for tenant_id in TENANTS}
    elsewhere = [(of, at) for of, at in PAIRS if of != at]
    people.wire.attempts.clear()
    reasons = {refusal(people.answer, at, sessions[of], newPassword=OTHER).reason for of, at in elsewhere}
    assert reasons == {"SessionOfAnotherTenant"}
    assert set(people.wire.operations()) == {"GetItem"}
    for tenant_id in TENANTS:
        assert let_in(people.answer, tenant_id, sessions[tenant_id], newPassword=OTHER)


def test_a_code_is_good_at_its_own_tenants_host_only(people: SignIns) -> None:
    """With the session of whoever it is; the code would be right everywhere."""
    secrets = {tenant_id: people.enrol(tenant_id) for tenant_id in TENANTS}
    sessions = {tenant_id: people.challenge(tenant_id).session for tenant_id in TENANTS}
    tried = {}
    for of, at in sorted(PAIRS, key=lambda pair: pair[0] == pair[1]):  # the right ones last, as they use the code up
        tried[of, at] = let_in(people.answer, at, sessions[of], code=people.code(secrets[of]))
    assert diagonal({pair: tried[pair] for pair in PAIRS})


@pytest.mark.parametrize("authorizer", AUTHORIZERS)
def test_each_token_is_let_in_at_its_own_tenants_host_by_each_authorizer(
    authorizer: str, people: SignIns, tmp_path: Path
) -> None:
    """By the first one that customers have deployed, and by the present one; those of refreshes too."""
    signed_in = {tenant_id: people.tokens(tenant_id) for tenant_id in TENANTS}
    tokens = [(tenant_id, tokens.access_token) for tenant_id, tokens in signed_in.items()]
    tokens += [(of, people.refresh(of, tokens.refresh_token).access_token) for of, tokens in signed_in.items()]
    asked = [Request("", token, at, at if at == of else None) for (of, token), at in product(tokens, TENANTS)]
    items = [dict(item) for item in people.clients.dynamodb.scan(TableName="routes")["Items"]]
    given = answers(authorizer, items, asked, people.served, tmp_path)
    let = [answer.get("context", {}).get("tenantId") for answer in given]
    assert let == [request.wanted for request in asked]


@pytest.mark.parametrize("state", BARRED)
def test_the_right_password_of_somebody_who_may_not_come_in_is_refused_like_a_wrong_one(
    state: str, people: SignIns
) -> None:
    change, reason = BARRED[state]
    change(people)
    people.wire.attempts.clear()
    assert refusal(people.sign_in, "acme").reason == reason
    assert people.wire.operations() == CALLS


@pytest.mark.parametrize("tenant_id", ["acme", "hooli", "tyrell"])
def test_unknown_and_wrong_are_the_same_calls_with_the_same_contents(tenant_id: str, people: SignIns) -> None:
    attempts = []
    for email, password in ((JANE, "wrong"), ("nobody@acme.example", "wrong"), ("nobody@acme.example", "w" * 256)):
        people.wire.attempts.clear()
        assert refusal(people.sign_in, tenant_id, password, email).reason == "NotAuthorizedException"
        assert people.wire.operations() == CALLS
        sent = json.dumps([attempt.body for attempt in people.wire.attempts])
        attempts.append(sent.replace(email, "EMAIL").replace(password, "PASSWORD"))
    assert len(set(attempts)) == 1


@pytest.mark.parametrize("host", ["nobody", "later", ""])
def test_a_host_that_leads_nowhere_is_an_unknown_address_and_cognito_is_not_asked(host: str, people: SignIns) -> None:
    assert refusal(people.sign_in, host).reason == "UnknownHost"
    assert set(people.wire.operations()) <= {"GetItem"}


@pytest.mark.parametrize("characters", [123, 124])
def test_a_name_that_nobody_can_have_is_an_unknown_one(characters: int, people: SignIns) -> None:
    """`acme/` and 123 characters make the longest name; Cognito would refuse a longer one in other words."""
    email = "n" * (characters - len("@acme.example")) + "@acme.example"
    people.wire.attempts.clear()
    reason = refusal(people.sign_in, "acme", email=email).reason
    assert reason == ("NotAuthorizedException" if characters == 123 else "UserNameTooLong")


@pytest.mark.parametrize("name", ["globex/jane@acme.example", "../globex/jane@acme.example", "{tenantId}/jane@x"])
def test_an_address_leads_to_no_other_tenants_user(name: str, people: SignIns) -> None:
    refusal(people.sign_in, "acme", password_at("globex"), name)
    (asked,) = people.wire.bodies("AdminInitiateAuth")
    assert asked["AuthParameters"]["USERNAME"] == f"acme/{name.lower()}"


def test_tokens_of_another_tenant_never_leave_and_are_told_apart(people: SignIns) -> None:
    """Whatever Cognito answers: here with what it gave somebody of another tenant of the same app client."""
    tokens = people.tokens("globex")
    result = {
        "AccessToken": tokens.access_token,
        "IdToken": tokens.id_token,
        "RefreshToken": tokens.refresh_token,
        "ExpiresIn": 3_600,
    }
    with people.wire.strikes("AdminInitiateAuth", faults.answered(AuthenticationResult=result)):
        refused = refusal(people.sign_in, "acme")
    assert isinstance(refused, OthersTokensError)
    assert refused.reason == "TokenOf:UNKNOWN_TENANT"
