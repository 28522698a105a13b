"""What Amazon Cognito refuses is refused in tests too, although moto would let it pass."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from orchestrator.aws.clients import Clients
from tests.unit import faults, strict_cognito
from tests.unit.conftest import REGION
from tests.unit.faults import Wire
from tests.unit.strict_cognito import Limits, app_clients, identity_providers, pools, service_model, users
from tests.unit.strict_cognito.call import Call
from tests.unit.strict_cognito.examples import FUNCTION, GOOGLE, OIDC, SCHEMA, TRIGGER, VALID, Start, start

DUPLICATE = "DuplicateProviderException"
LIMIT = "LimitExceededException"
FLOW = "InvalidOAuthFlowException"
SCOPE = "ScopeDoesNotExistException"
PASSWORD = "InvalidPasswordException"
TIER = "FeatureUnavailableInTierException"
ELSEWHERE = FUNCTION.replace("eu-central-1", "eu-west-1")
METADATA = {"MetadataURL": "https://idp.example/metadata"}


@dataclass(frozen=True)
class Broken:
    """A call that breaks one rule: the first valid one of its operation, changed."""

    operation: str
    rule: Callable[[Call], None]
    changes: dict[str, Any] = field(default_factory=dict)
    code: str = "InvalidParameterException"
    limits: Limits = field(default_factory=Limits)
    after: tuple[str, dict[str, Any]] | None = None


def unfit(operation: str, **changes: Any) -> Broken:
    """Return a call beyond the service model."""
    return Broken(operation, service_model.a_request_fits_the_service_model, changes)


def provider(rule: Callable[[Call], None], code: str = "InvalidParameterException", **changes: Any) -> Broken:
    """Return a provider that breaks a rule."""
    return Broken("CreateIdentityProvider", rule, changes, code)


def app_client(rule: Callable[[Call], None], code: str = "InvalidParameterException", **changes: Any) -> Broken:
    """Return an app client that breaks a rule."""
    return Broken("CreateUserPoolClient", rule, changes, code)


def crowded(operation: str, rule: Callable[[Call], None], **limits: int) -> Broken:
    """Return a valid call that exceeds a quota."""
    return Broken(operation, rule, code=LIMIT, limits=Limits(**limits))


def user(name: str, value: str) -> dict[str, Any]:
    """Return what sets one attribute."""
    return {"UserAttributes": [{"Name": name, "Value": value}]}


BROKEN = [
    unfit("CreateUserPool", PoolName="semi;colon"),
    unfit("CreateUserPool", PoolName="x" * 129),
    unfit("CreateUserPool", Schema=[SCHEMA[0], SCHEMA[2] | {"Name": "x" * 21}]),
    unfit("CreateUserPool", Schema=[SCHEMA[2] | {"Name": f"a{number}"} for number in range(51)]),
    unfit("CreateUserPool", Policies={"PasswordPolicy": {"MinimumLength": 100}}),
    unfit("CreateUserPool", Policies={"PasswordPolicy": {"TemporaryPasswordValidityDays": 366}}),
    unfit("CreateUserPool", UserPoolTags={"x" * 129: "y"}),
    unfit("CreateUserPool", UserPoolTier="PREMIUM"),
    unfit("CreateGroup", GroupName="two words"),
    unfit("CreateGroup", GroupName="x" * 129),
    unfit("CreateGroup", GroupName="\u00a0"),
    unfit("AdminCreateUser", Username="two words"),
    unfit("AdminCreateUser", Username="x" * 129),
    unfit("CreateIdentityProvider", ProviderName="_name"),
    unfit("CreateIdentityProvider", ProviderName="a name"),
    unfit("CreateIdentityProvider", ProviderName="x" * 33),
    unfit("CreateIdentityProvider", ProviderName="xy"),
    unfit("CreateIdentityProvider", IdpIdentifiers=["x" * 41]),
    unfit("CreateIdentityProvider", IdpIdentifiers=["a/b"]),
    unfit("CreateIdentityProvider", IdpIdentifiers=[f"{number}.example" for number in range(51)]),
    unfit("CreateUserPoolClient", ClientName="semi;colon"),
    unfit("CreateUserPoolClient", ClientName="x" * 129),
    unfit("CreateUserPoolClient", CallbackURLs=["myapp://cb", "https://app.example/" + "x" * 1005]),
    unfit("CreateUserPoolClient", CallbackURLs=["myapp://cb", *["https://app.example"] * 100]),
    unfit("UpdateUserPoolClient", LogoutURLs=["https://app.example"] * 101),
    Broken("CreateUserPool", pools.mfa_at_creation_has_sms, {"MfaConfiguration": "OPTIONAL"}),
    Broken(
        "CreateUserPool", pools.mail_by_ses_has_a_source, {"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}}
    ),
    Broken("CreateUserPool", pools.verified_before_update_is_auto_verified, {"AutoVerifiedAttributes": []}),
    Broken(
        "CreateUserPool",
        pools.a_trigger_is_in_the_user_pools_region,
        {"LambdaConfig": {"PreTokenGenerationConfig": {"LambdaArn": ELSEWHERE, "LambdaVersion": "V1_0"}}},
    ),
    Broken("CreateUserPool", pools.a_plan_has_the_triggers_version, {"UserPoolTier": "LITE"}, TIER),
    Broken(
        "CreateUserPool",
        pools.a_legacy_trigger_is_the_same_function,
        {"LambdaConfig": TRIGGER | {"PreTokenGeneration": f"{FUNCTION}-2"}},
    ),
    Broken("UpdateUserPool", pools.verified_before_update_is_auto_verified, {"AutoVerifiedAttributes": []}),
    crowded("CreateUserPool", pools.the_region_has_room_for_a_user_pool, user_pools=1),
    Broken("DeleteUserPool", pools.a_protected_user_pool_stays, after=("UpdateUserPool", VALID["UpdateUserPool"][0])),
    Broken("DeleteUserPool", pools.a_user_pool_with_a_domain_stays, after=("CreateUserPoolDomain", {"Domain": "a"})),
    Broken("CreateUserPoolDomain", pools.a_prefix_is_well_formed, {"Domain": "Upper"}),
    Broken("CreateUserPoolDomain", pools.a_prefix_is_well_formed, {"Domain": "end-"}),
    Broken("CreateUserPoolDomain", pools.a_prefix_is_well_formed, {"Domain": "x" * 64}),
    Broken("CreateUserPoolDomain", pools.a_prefix_has_no_reserved_word, {"Domain": "my-cognito"}),
    Broken("CreateUserPoolDomain", pools.a_prefix_has_no_reserved_word, {"Domain": "aws-app"}),
    Broken("CreateUserPoolDomain", pools.a_domain_is_free, after=("CreateUserPoolDomain", {"Domain": "t-0a1b"})),
    Broken(
        "CreateUserPoolDomain",
        pools.a_user_pool_has_one_domain_of_a_kind,
        after=("CreateUserPoolDomain", {"Domain": "another"}),
    ),
    crowded("CreateGroup", pools.the_user_pool_has_room_for_a_group, groups=1),
    crowded("CreateIdentityProvider", pools.the_user_pool_has_room_for_a_group, groups=1),
    Broken("AdminCreateUser", users.attributes_are_in_the_schema, user("custom:unknown", "x")),
    Broken("AdminCreateUser", users.values_fit_their_length, user("custom:code", "x")),
    Broken("AdminCreateUser", users.values_fit_their_length, user("custom:code", "x" * 6)),
    Broken("AdminCreateUser", users.a_temporary_password_meets_the_policy, {"TemporaryPassword": "Short-1"}, PASSWORD),
    Broken(
        "AdminCreateUser", users.a_temporary_password_meets_the_policy, {"TemporaryPassword": "NoDigits-x"}, PASSWORD
    ),
    Broken("AdminUpdateUserAttributes", users.attributes_are_in_the_schema, user("unknown", "x")),
    Broken("AdminUpdateUserAttributes", users.immutable_attributes_stay, user("custom:code", "abc")),
    Broken("AdminUpdateUserAttributes", users.immutable_attributes_stay, user("sub", "abc")),
    Broken("AdminUpdateUserAttributes", users.values_fit_their_length, user("birthdate", "2000")),
    provider(identity_providers.a_name_is_free, DUPLICATE, ProviderName="Existing"),
    provider(
        identity_providers.a_social_provider_is_named_after_its_type, ProviderType="Google", ProviderDetails=GOOGLE
    ),
    provider(identity_providers.identifiers_are_free, DUPLICATE, IdpIdentifiers=["existing.example"]),
    provider(identity_providers.details_are_complete, ProviderDetails={"client_id": "id"}),
    provider(identity_providers.saml_has_one_source_of_metadata, ProviderType="SAML", ProviderDetails={"x": "y"}),
    provider(
        identity_providers.saml_has_one_source_of_metadata,
        ProviderType="SAML",
        ProviderDetails=METADATA | {"MetadataFile": "<xml/>"},
    ),
    provider(identity_providers.an_oidc_issuer_is_https, ProviderDetails=OIDC | {"oidc_issuer": "http://idp.example"}),
    provider(identity_providers.mapped_attributes_are_in_the_schema, AttributeMapping={"custom:unknown": "x"}),
    crowded("CreateIdentityProvider", identity_providers.the_user_pool_has_room_for_a_provider, identity_providers=1),
    Broken(
        "UpdateIdentityProvider",
        identity_providers.mapped_attributes_are_in_the_schema,
        {"AttributeMapping": {"custom:unknown": "x"}},
    ),
    app_client(app_clients.supported_providers_exist, SupportedIdentityProviders=["COGNITO", "Unknown"]),
    app_client(app_clients.read_attributes_are_in_the_schema, ReadAttributes=["custom:unknown"]),
    app_client(app_clients.write_attributes_are_writable, WriteAttributes=["email", "custom:unknown"]),
    app_client(app_clients.write_attributes_are_writable, WriteAttributes=["email", "email_verified"]),
    app_client(app_clients.required_attributes_are_writable, WriteAttributes=["nickname"]),
    app_client(app_clients.addresses_are_https, CallbackURLs=["myapp://cb", "http://app.example/cb"]),
    app_client(app_clients.addresses_are_https, CallbackURLs=["myapp://cb", "http://localhost.example/"]),
    app_client(app_clients.addresses_are_https, CallbackURLs=["myapp://cb", "/cb"]),
    app_client(app_clients.addresses_are_https, LogoutURLs=["http://app.example/"]),
    app_client(app_clients.callbacks_have_no_fragment, CallbackURLs=["myapp://cb", "https://app.example/#cb"]),
    app_client(app_clients.the_default_redirect_is_a_callback, DefaultRedirectURI="https://app.example/other"),
    app_client(app_clients.an_oauth_client_has_flows_and_scopes, AllowedOAuthFlows=[]),
    app_client(app_clients.an_oauth_client_has_flows_and_scopes, AllowedOAuthScopes=[]),
    app_client(app_clients.redirecting_flows_have_a_callback, FLOW, CallbackURLs=[], DefaultRedirectURI=None),
    app_client(app_clients.scopes_exist, SCOPE, AllowedOAuthScopes=["openid", "api/write"]),
    app_client(app_clients.tokens_live_within_bounds, AccessTokenValidity=4),
    app_client(app_clients.tokens_live_within_bounds, IdTokenValidity=25, RefreshTokenValidity=3_600),
    app_client(app_clients.tokens_live_within_bounds, RefreshTokenValidity=3_651, TokenValidityUnits={}),
    app_client(app_clients.tokens_do_not_outlive_the_refresh_token, IdTokenValidity=2),
    crowded("CreateUserPoolClient", app_clients.the_user_pool_has_room_for_a_client, app_clients=1),
    Broken("UpdateUserPoolClient", app_clients.supported_providers_exist, {"SupportedIdentityProviders": ["Unknown"]}),
]


@cache
def plain_session() -> boto3.Session:
    """Return a session that nothing of ours has touched."""
    return boto3.Session("testing", "testing", region_name=REGION)


@pytest.fixture
def client(cognito_rules: strict_cognito.Rules, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A plain client that moto alone answers: the rules of every test are switched off."""
    monkeypatch.setattr(cognito_rules, "on", False)
    return plain_session().client("cognito-idp")


@pytest.fixture
def begin(client: Any) -> Callable[[], Start]:
    """Start anew with that client."""
    return lambda: start(client)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.operation}-{broken.rule.__name__}")
def test_what_moto_accepts_is_refused(broken: Broken, begin: Callable[[], Start]) -> None:
    """The refusal has Cognito's code and is that rule's alone: without it nobody objects, moto neither."""
    changed = VALID[broken.operation][0] | broken.changes
    arguments = {name: value for name, value in changed.items() if value is not None}
    for without in ([], [broken.rule]):
        stage = begin()
        if broken.after:
            stage.call(*broken.after)
        with strict_cognito.enforced(limits=broken.limits, without=without):
            if without:
                stage.call(broken.operation, arguments)
                continue
            with pytest.raises(ClientError) as refusal:
                stage.call(broken.operation, arguments)
        assert refusal.value.response["Error"]["Code"] == broken.code
        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_every_rule_is_shown_to_refuse() -> None:
    shown = {broken.rule for broken in BROKEN} - {service_model.a_request_fits_the_service_model}
    assert shown == {rule for rules in strict_cognito.RULES.values() for rule in rules}
    assert {broken.operation for broken in BROKEN} == strict_cognito.RULES.keys() == VALID.keys()


@pytest.mark.parametrize(
    ("operation", "number"), [(operation, number) for operation in VALID for number in range(len(VALID[operation]))]
)
def test_what_cognito_accepts_passes(operation: str, number: int, begin: Callable[[], Start]) -> None:
    stage = begin()
    with strict_cognito.enforced():
        stage.call(operation, VALID[operation][number])


def test_a_prefix_and_a_custom_domain_go_together(begin: Callable[[], Start]) -> None:
    stage = begin()
    with strict_cognito.enforced():
        for domain in VALID["CreateUserPoolDomain"]:
            stage.call("CreateUserPoolDomain", domain)


def test_a_prefix_that_another_user_pool_has_is_taken(begin: Callable[[], Start], client: Any) -> None:
    stage = begin()
    other = client.create_user_pool(PoolName="other")["UserPool"]["Id"]
    client.create_user_pool_domain(Domain="t-abc", UserPoolId=other)
    with strict_cognito.enforced(), pytest.raises(ClientError, match="already associated"):
        stage.call("CreateUserPoolDomain", {"Domain": "t-abc"})


def test_what_is_unknown_is_motos_to_refuse(begin: Callable[[], Start]) -> None:
    stage = begin()
    with strict_cognito.enforced():
        for operation, arguments in (
            ("CreateGroup", {"UserPoolId": f"{REGION}_gone", "GroupName": "acme"}),
            ("UpdateIdentityProvider", {"ProviderName": "Unknown"}),
        ):
            with pytest.raises(ClientError, match="ResourceNotFoundException"):
                stage.call(operation, arguments)


def test_limits_are_cognitos_unless_told(begin: Callable[[], Start]) -> None:
    assert Limits() == Limits(user_pools=1_000, app_clients=1_000, identity_providers=300, groups=10_000)
    stage = begin()
    with strict_cognito.enforced(limits=Limits(groups=3)):
        for name in ("a", "b"):
            stage.call("CreateGroup", {"GroupName": name})
        with pytest.raises(ClientError, match=LIMIT):
            stage.call("CreateGroup", {"GroupName": "c"})
    stage.call("CreateGroup", {"GroupName": "c"})


def test_the_rules_end_with_their_block_and_an_inner_block_adds_to_the_outer(begin: Callable[[], Start]) -> None:
    stage = begin()
    with strict_cognito.enforced():
        with strict_cognito.enforced(limits=Limits(groups=1)):
            for name in ("two words", "acme"):
                with pytest.raises(ClientError):
                    stage.call("CreateGroup", {"GroupName": name})
        stage.call("CreateGroup", {"GroupName": "acme"})
        with pytest.raises(ClientError):
            stage.call("CreateGroup", {"GroupName": "two words"})
    stage.call("CreateGroup", {"GroupName": "two words"})


def test_our_wire_counts_refusals_and_lets_faults_come_first(
    clients: Clients, wire: Wire, cognito_rules: strict_cognito.Rules
) -> None:
    pool_id = clients.cognito.create_user_pool(PoolName="p")["UserPool"]["Id"]
    with pytest.raises(ClientError, match="InvalidParameterException"):
        clients.cognito.create_group(UserPoolId=pool_id, GroupName="two words")
    assert wire.count("CreateGroup") == 1
    cognito_rules.limits = Limits(groups=0)
    with wire.strikes("CreateGroup", faults.lost_response, times=faults.ALWAYS), pytest.raises(ReadTimeoutError):
        clients.cognito.create_group(UserPoolId=pool_id, GroupName="acme")
    assert clients.cognito.list_groups(UserPoolId=pool_id)["Groups"] == []


def test_every_test_begins_with_cognitos_limits(clients: Clients, cognito_rules: strict_cognito.Rules) -> None:
    assert cognito_rules.limits == Limits()
    with pytest.raises(ClientError, match="SMS configuration"):
        clients.cognito.create_user_pool(PoolName="p", MfaConfiguration="ON")
