"""On the feature plan LITE, where access tokens say no tenant, the ID token is held to the host's."""

from collections.abc import Iterator

import jwt
import pytest

from orchestrator.aws.settings import Settings
from orchestrator.users.sessions import OthersTokensError, Tokens
from tests.unit import faults, simulation
from tests.unit.every_tier import World, world
from tests.unit.users.sign_ins import SignIns, signing_in

__all__ = ["world"]


@pytest.fixture
def settings() -> Settings:
    """The settings of a stack on that plan."""
    return simulation.small_stack().model_copy(update={"feature_plan": "LITE"})


@pytest.fixture
def people(world: World) -> Iterator[SignIns]:
    with signing_in(world, "acme", "globex", "hooli", "tyrell") as everybody:
        yield everybody


@pytest.mark.parametrize("tenant_id", ["acme", "hooli", "tyrell"])
def test_who_signs_in_gets_tokens(tenant_id: str, people: SignIns) -> None:
    pool = people.user(tenant_id)["UserPoolId"]
    described = people.clients.cognito.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert described["LambdaConfig"]["PreTokenGenerationConfig"]["LambdaVersion"] == "V1_0"
    tokens = people.tokens(tenant_id)
    assert isinstance(people.refresh(tenant_id, tokens.refresh_token), Tokens)


def test_access_tokens_are_keys_to_cognito_as_the_documents_say(people: SignIns) -> None:
    """The trigger's first version reaches ID tokens alone, so it takes no scope away."""
    claims = jwt.decode(people.tokens("acme").access_token, options={"verify_signature": False})
    assert claims["scope"] == "aws.cognito.signin.user.admin"


def answered(people: SignIns, access: Tokens, of_id: Tokens) -> OthersTokensError:
    """Let Cognito answer with these tokens at acme's host; return why nobody gets them."""
    result = {"AccessToken": access.access_token, "IdToken": of_id.id_token, "ExpiresIn": 3_600}
    with (
        people.wire.strikes("AdminInitiateAuth", faults.answered(AuthenticationResult=result)),
        pytest.raises(OthersTokensError) as refused,
    ):
        people.sign_in("acme")
    return refused.value


def test_the_id_token_is_held_to_the_hosts_tenant(people: SignIns) -> None:
    own, others = people.tokens("acme"), people.tokens("globex")
    assert answered(people, own, others).reason == "TokenOf:UNKNOWN_TENANT"


def test_an_access_token_that_says_no_tenant_is_at_least_of_the_app_client(people: SignIns) -> None:
    own = people.tokens("acme")
    assert answered(people, people.tokens("hooli"), own).reason == "TokenOf:UNKNOWN_CLIENT"
    assert answered(people, people.tokens("tyrell"), own).reason == "TokenOf:UNKNOWN_CLIENT"
