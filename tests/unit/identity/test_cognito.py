"""What is asked of Amazon Cognito, to the last parameter, and how a lost answer is found again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pydantic import TypeAdapter

from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import AmbiguousResourceError, TenantConflictError, TransientError, translate
from orchestrator.aws.settings import Settings
from orchestrator.identity import cognito, identity_providers, natural_keys, user_pool_addresses
from orchestrator.identity.cognito import NewAppClient, NewUserPool
from tenant_onboarding import names
from tenant_onboarding.contracts.identity_providers import IdentityProvider
from tenant_onboarding.contracts.tenant_created import Security
from tests.unit import faults
from tests.unit.conftest import ACCOUNT, REGION, SENDER
from tests.unit.faults import Wire
from tests.unit.identity.user_pools import APP_CLIENT, SHARED, TENANT, TRIGGER, USER_POOL, app_clients, pool_id, pools
from tests.unit.tenant_onboarding.sample_providers import LEAST, SAML_DOCUMENT

__all__ = ["pool_id"]

ADMIN = {"email": "admin@acme.example", **TENANT}
PASSWORD = "Ab1!#%+-=?@_xyzQ"


# parameters, as they go over the wire after the SDK's own validation


def test_a_user_pool_is_created_with_every_setting_explicit(clients: Clients, settings: Settings, wire: Wire) -> None:
    pool_id = cognito.create_user_pool(clients, settings, SHARED)
    assert pools(clients) == [pool_id]
    assert wire.bodies("CreateUserPool") == [USER_POOL]


def test_a_user_pool_has_the_password_policy_that_was_asked_for(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    asked = {
        "minimumLength": 99,
        "requireUppercase": False,
        "requireLowercase": False,
        "requireNumbers": False,
        "requireSymbols": False,
        "temporaryPasswordValidityDays": 1,
        "passwordHistorySize": 24,
    }
    security = Security.model_validate({"passwordPolicy": asked})
    cognito.create_user_pool(clients, settings, replace(SHARED, security=security))
    policy = {
        "MinimumLength": 99,
        "RequireUppercase": False,
        "RequireLowercase": False,
        "RequireNumbers": False,
        "RequireSymbols": False,
        "TemporaryPasswordValidityDays": 1,
        "PasswordHistorySize": 24,
    }
    assert wire.bodies("CreateUserPool") == [USER_POOL | {"Policies": {"PasswordPolicy": policy}}]


def test_a_user_pool_elsewhere_sends_its_mail_from_the_identity_there(settings: Settings) -> None:
    elsewhere = replace(SHARED, region="eu-west-1")
    mail = cognito.user_pool_parameters(settings, elsewhere)["EmailConfiguration"]
    assert mail["SourceArn"] == f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/{SENDER}"


def test_a_user_pool_elsewhere_has_the_trigger_there(settings: Settings) -> None:
    elsewhere = replace(SHARED, region="eu-west-1")
    trigger = cognito.user_pool_parameters(settings, elsewhere)["LambdaConfig"]["PreTokenGenerationConfig"]
    assert trigger == {"LambdaVersion": "V2_0", "LambdaArn": TRIGGER.replace(f":{REGION}:", ":eu-west-1:")}


@pytest.mark.parametrize(("plan", "version"), [("LITE", "V1_0"), ("ESSENTIALS", "V2_0"), ("PLUS", "V2_0")])
def test_the_feature_plan_decides_which_tokens_the_trigger_reaches(
    plan: str, version: str, clients: Clients, settings: Settings, wire: Wire
) -> None:
    """On LITE, which has no more than the first version, ID tokens only."""
    cognito.create_user_pool(clients, settings.model_copy(update={"feature_plan": plan}), SHARED)
    (body,) = wire.bodies("CreateUserPool")
    trigger = {"LambdaVersion": version, "LambdaArn": TRIGGER}
    assert (body["UserPoolTier"], body["LambdaConfig"]["PreTokenGenerationConfig"]) == (plan, trigger)


def test_a_shared_app_client_takes_local_users_by_the_sdk_and_nobody_by_redirect(
    clients: Clients, settings: Settings, pool_id: str, wire: Wire
) -> None:
    client_id = cognito.create_app_client(clients, settings, NewAppClient(pool_id, "shared"))
    assert app_clients(clients, pool_id) == [client_id]
    assert wire.bodies("CreateUserPoolClient") == [{"UserPoolId": pool_id, **APP_CLIENT}]


def test_an_app_client_with_addresses_takes_redirects_to_them_by_code_only(
    clients: Clients, settings: Settings, pool_id: str, wire: Wire
) -> None:
    callbacks = ["https://acme.app.product.example/auth/callback", "https://other.acme.example/back"]
    new = NewAppClient(pool_id, "acme", callback_urls=callbacks, logout_urls=["https://acme.app.product.example/"])
    cognito.create_app_client(clients, settings, new)
    by_redirect = {
        "ClientName": "acme",
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid", "email", "profile"],
        "CallbackURLs": callbacks,
        "DefaultRedirectURI": callbacks[0],
        "LogoutURLs": ["https://acme.app.product.example/"],
    }
    assert wire.bodies("CreateUserPoolClient") == [{"UserPoolId": pool_id, **APP_CLIENT, **by_redirect}]


def test_an_app_client_with_identity_providers_takes_no_local_user(
    clients: Clients, settings: Settings, pool_id: str, wire: Wire
) -> None:
    clients.cognito.create_identity_provider(
        UserPoolId=pool_id,
        ProviderName="0a1b2c3d-AcmeSSO",
        ProviderType="SAML",
        ProviderDetails={"MetadataURL": "https://idp.acme.example/metadata"},
    )
    new = NewAppClient(
        pool_id, "acme", identity_providers=["0a1b2c3d-AcmeSSO"], mapped_attributes=["email", "family_name"]
    )
    cognito.create_app_client(clients, settings, new)
    federated = {
        "ClientName": "acme",
        "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
        "SupportedIdentityProviders": ["0a1b2c3d-AcmeSSO"],
        "ReadAttributes": sorted([*APP_CLIENT["ReadAttributes"], "family_name"]),
        "WriteAttributes": ["email", "family_name", "name"],
    }
    assert wire.bodies("CreateUserPoolClient") == [{"UserPoolId": pool_id, **APP_CLIENT, **federated}]


def test_settings_choose_the_feature_plan_the_sign_in_flows_the_scopes_and_how_long_tokens_last(
    settings: Settings,
) -> None:
    chosen = settings.model_copy(
        update={
            "feature_plan": "PLUS",
            "auth_flows": ("ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"),
            "oauth_scopes": ("openid",),
            "access_token_minutes": 5,
            "id_token_minutes": 10,
            "refresh_token_days": 1,
        }
    )
    assert cognito.user_pool_parameters(chosen, SHARED)["UserPoolTier"] == "PLUS"
    new = NewAppClient("pool", "acme", callback_urls=["https://acme.app.product.example/auth/callback"])
    client = cognito.app_client_parameters(chosen, new)
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    assert client["ExplicitAuthFlows"] == flows
    assert client["AllowedOAuthScopes"] == ["openid"]
    assert [client[f"{token}Validity"] for token in ("AccessToken", "IdToken", "RefreshToken")] == [5, 10, 1]


def test_the_flow_of_the_account_api_is_there_once_also_where_it_is_chosen(settings: Settings) -> None:
    flows = ("ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
    chosen = settings.model_copy(update={"auth_flows": flows})
    assert cognito.app_client_parameters(chosen, NewAppClient("pool", "acme"))["ExplicitAuthFlows"] == list(flows)


def test_no_tenant_attribute_can_be_written_by_a_signed_in_user() -> None:
    assert not {names.TENANT_ID, names.TENANT_TIER, names.TENANT_ROLE, names.USER_ID} & set(cognito.WRITE_ATTRIBUTES)


BY_APP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}


@pytest.mark.parametrize(("mfa", "factor"), [("OFF", {}), ("OPTIONAL", BY_APP), ("ON", BY_APP)])
def test_mfa_is_by_authenticator_app_and_switched_off_without_any_factor(
    mfa: str, factor: dict[str, Any], clients: Clients, pool_id: str, wire: Wire
) -> None:
    for _ in range(2):
        cognito.set_mfa(clients.cognito, pool_id, mfa)
    expected = {"UserPoolId": pool_id, "MfaConfiguration": mfa, **factor}
    assert wire.bodies("SetUserPoolMfaConfig") == [expected] * 2


def test_a_group_names_its_owner(clients: Clients, pool_id: str, wire: Wire) -> None:
    natural_keys.create_group(clients.cognito, pool_id, "acme", "acme")
    assert wire.bodies("CreateGroup") == [
        {"UserPoolId": pool_id, "GroupName": "acme", "Description": "tenant-onboarding:owner=acme"}
    ]


def test_a_user_is_created_without_a_mail_and_with_a_password_for_first_sign_in_only(
    clients: Clients, pool_id: str, wire: Wire
) -> None:
    natural_keys.create_user(clients.cognito, pool_id, "acme/admin@acme.example", ADMIN, PASSWORD)
    assert wire.bodies("AdminCreateUser") == [
        {
            "UserPoolId": pool_id,
            "Username": "acme/admin@acme.example",
            "UserAttributes": [{"Name": name, "Value": value} for name, value in ADMIN.items()],
            "TemporaryPassword": PASSWORD,
            "MessageAction": "SUPPRESS",
        }
    ]


OMITTED: dict[str, dict[str, str]] = {
    "CreateUserPool": {
        "AliasAttributes": "one person may belong to two tenants of a user pool; an alias is unique in it",
        "UsernameAttributes": "the same: with the email as user name, an address would be one tenant's",
        "SmsVerificationMessage": "no SMS is sent",
        "SmsAuthenticationMessage": "no SMS is sent",
        "SmsConfiguration": "no SMS is sent",
        "EmailVerificationMessage": "Cognito's own words; the welcome email is ours",
        "EmailVerificationSubject": "the same",
        "VerificationMessageTemplate": "the same",
        "DeviceConfiguration": "no device is remembered",
        "UserPoolAddOns": "threat protection is the deployer's choice, on the feature plan PLUS",
        "DcrConfiguration": "clients cannot register themselves unless it is given; LITE may refuse it",
        "KeyConfiguration": "a key of AWS's own encrypts",
        "AcrConfiguration": "no application asks for an authentication context",
    },
    "CreateUserPoolClient": {
        "ClientSecret": "the client is public and has none",
        "PublishSecretsInAWSSecretsManager": "the same",
        "AnalyticsConfiguration": "no use is reported to Amazon Pinpoint",
        "RefreshTokenRotation": "Cognito refuses it beside ALLOW_REFRESH_TOKEN_AUTH",
    },
    "CreateUserPoolDomain": {
        "CustomDomainConfig": "the domain is a prefix of Cognito's own",
        "Routing": "a user pool is in one Region",
    },
    "CreateIdentityProvider": {"AcrMapping": "no application asks for an authentication context"},
}
"""What each create leaves to Cognito, and why."""


def variants(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """Return what each create can send, with everything that it may hold."""
    security = Security.model_validate({"passwordPolicy": {"passwordHistorySize": 1}})
    providers: TypeAdapter[IdentityProvider] = TypeAdapter(IdentityProvider)
    asked = [providers.validate_python(each) for each in (*LEAST.values(), SAML_DOCUMENT)]
    address = ["https://acme.app.product.example/"]
    redirected = NewAppClient("pool", "acme", callback_urls=address, logout_urls=address)
    return {
        "CreateUserPool": [cognito.user_pool_parameters(settings, replace(SHARED, security=security))],
        "CreateUserPoolClient": [
            cognito.app_client_parameters(settings, new) for new in (NewAppClient("pool", "acme"), redirected)
        ],
        "CreateIdentityProvider": [identity_providers.parameters("pool", "acme", each, "secret") for each in asked],
    }


@pytest.mark.parametrize("operation", OMITTED)
def test_every_parameter_that_cognito_takes_is_sent_or_left_out_for_a_reason(
    operation: str, clients: Clients, settings: Settings, pool_id: str, wire: Wire
) -> None:
    """A parameter that is new in Cognito's model fails this test until somebody decides about it."""
    natural_keys.create_domain(clients.cognito, pool_id, "t-abc")
    bodies = (variants(settings) | {"CreateUserPoolDomain": wire.bodies("CreateUserPoolDomain")})[operation]
    model = botocore.session.get_session().get_service_model("cognito-idp")
    shape: Any = model.operation_model(operation).input_shape
    sent = {name for body in bodies for name in body}
    assert sent | OMITTED[operation].keys() == set(shape.members)
    assert sent & OMITTED[operation].keys() == set()


def test_a_user_pool_is_known_by_its_addresses() -> None:
    pool_id, domain = "eu-central-1_A", user_pool_addresses.hosted_domain("eu-central-1", "t-1")
    assert user_pool_addresses.issuer("eu-central-1", pool_id) == (
        "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A"
    )
    assert domain == "t-1.auth.eu-central-1.amazoncognito.com"
    assert user_pool_addresses.saml_entity_id(pool_id) == "urn:amazon:cognito:sp:eu-central-1_A"
    assert user_pool_addresses.saml_reply_address(domain) == f"https://{domain}/saml2/idpresponse"
    assert user_pool_addresses.redirect_address(domain) == f"https://{domain}/oauth2/idpresponse"


def test_a_domain_prefix_tells_nothing_and_meets_cognitos_rules() -> None:
    prefix = cognito.domain_prefix(ACCOUNT, REGION, "TenantOnboarding", "shared-001")
    assert prefix == cognito.domain_prefix(ACCOUNT, REGION, "TenantOnboarding", "shared-001")
    assert prefix != cognito.domain_prefix(ACCOUNT, REGION, "TenantOnboarding", "shared-002")
    assert len(prefix) <= 63
    assert prefix.removeprefix("t-").isalnum()
    assert not any(word in prefix for word in ("aws", "amazon", "cognito"))


# find or create


@pytest.fixture
def patient(settings: Settings) -> Settings:
    """Settings of a stack that waits between two looks, as a real one does."""
    return settings.model_copy(update={"in_doubt_wait_seconds": 3.0})


def test_without_doubt_nothing_is_looked_for(clients: Clients, settings: Settings, wire: Wire) -> None:
    cognito.ensure_user_pool(clients, settings, SHARED, in_doubt=False)
    assert wire.operations() == ["CreateUserPool"]


def test_in_doubt_it_looks_waits_and_looks_again_before_it_creates_and_looks_for_a_twin_after_that(
    clients: Clients, patient: Settings, wire: Wire, naps: list[float]
) -> None:
    cognito.ensure_user_pool(clients, patient, SHARED, in_doubt=True)
    afterwards = ["ListUserPools", "DescribeUserPool"] * 3
    assert wire.operations() == ["ListUserPools", "ListUserPools", "CreateUserPool", *afterwards]
    assert sum(naps) == 3.0 + 9.0


@pytest.mark.parametrize("strike", [faults.lost_response, faults.server_error_after_effect])
def test_a_user_pool_whose_answer_was_lost_is_adopted(
    strike: Callable[..., Any], clients: Clients, settings: Settings, wire: Wire
) -> None:
    with (
        wire.strikes("CreateUserPool", strike, times=faults.ALWAYS) as lost,
        pytest.raises((ReadTimeoutError, ClientError)) as raised,
    ):
        cognito.ensure_user_pool(clients, settings, SHARED, in_doubt=False)
    assert lost.struck == 1
    assert type(translate(raised.value)) is TransientError
    assert not translate(raised.value).settled
    assert [cognito.ensure_user_pool(clients, settings, SHARED, in_doubt=True)] == pools(clients)


def test_a_user_pool_that_appears_on_the_second_look_is_adopted(
    clients: Clients, settings: Settings, wire: Wire, pool_id: str
) -> None:
    nothing = faults.answered(UserPools=[])
    with wire.strikes("ListUserPools", nothing) as first_look:
        assert cognito.ensure_user_pool(clients, settings, SHARED, in_doubt=True) == pool_id
    assert first_look.struck == 1
    assert wire.count("CreateUserPool") == 0


def test_several_user_pools_are_refused_by_their_ids(clients: Clients, settings: Settings, pool_id: str) -> None:
    twin = cognito.create_user_pool(clients, settings, SHARED)
    with pytest.raises(AmbiguousResourceError) as refused:
        cognito.ensure_user_pool(clients, settings, SHARED, in_doubt=True)
    assert all(name in refused.value.message for name in ("2", "user pool shared", pool_id, twin))
    assert sorted(pools(clients)) == sorted([pool_id, twin])


@pytest.mark.parametrize(
    ("name", "owner"),
    [("shared", "shared-002"), ("another", "shared-001")],
    ids=["another owner", "another name"],
)
def test_a_user_pool_of_another_owner_or_name_is_not_adopted(
    name: str, owner: str, clients: Clients, settings: Settings
) -> None:
    other = cognito.create_user_pool(clients, settings, NewUserPool(name, owner, REGION))
    assert cognito.ensure_user_pool(clients, settings, SHARED, in_doubt=True) != other
    assert len(pools(clients)) == 2


def test_a_user_pool_without_tags_is_nobodys(clients: Clients) -> None:
    clients.cognito.create_user_pool(PoolName="shared")
    assert cognito.find_user_pools(clients.cognito, SHARED) == []


def test_a_user_pool_that_may_not_be_looked_at_is_somebody_elses(
    clients: Clients, settings: Settings, pool_id: str, wire: Wire
) -> None:
    """A role may describe user pools of its own stack only; one of that name may be another stack's."""
    denied = faults.access_denied("cognito-idp:DescribeUserPool")
    twin = cognito.create_user_pool(clients, settings, replace(SHARED, owner="another stack's"))
    with wire.strikes("DescribeUserPool", denied, times=2):
        assert cognito.find_user_pools(clients.cognito, SHARED) == []
    others = f'"UserPoolId": "{twin}"'

    def as_iam_does(request: Any) -> Any:
        return denied(request) if others in str(request.body) else faults.answer(request)

    with wire.strikes("DescribeUserPool", as_iam_does, times=2) as looked:
        assert cognito.ensure_user_pool(clients, settings, SHARED, in_doubt=True) == pool_id
    assert looked.struck == 2


@pytest.mark.parametrize(
    ("strike", "error"),
    [
        (faults.refused("ResourceNotFoundException"), TransientError),
        (faults.refused("NotAuthorizedException"), ClientError),
    ],
    ids=["a read that lags", "another reason"],
)
def test_a_look_that_fails_decides_nothing(
    strike: Callable[..., Any],
    error: type[Exception],
    clients: Clients,
    settings: Settings,
    pool_id: str,
    wire: Wire,
) -> None:
    with wire.strikes("DescribeUserPool", strike), pytest.raises(error):
        cognito.ensure_user_pool(clients, settings, SHARED, in_doubt=True)
    assert pools(clients) == [pool_id]


def test_user_pools_and_app_clients_are_found_beyond_the_first_page(
    clients: Clients, settings: Settings, pool_id: str, wire: Wire
) -> None:
    client_id = cognito.create_app_client(clients, settings, NewAppClient(pool_id, "shared"))
    others = [{"Id": f"{REGION}_{number}", "Name": "another"} for number in range(60)]
    pages = [
        faults.answered(UserPools=others, NextToken="more"),
        faults.answered(UserPools=[{"Id": pool_id, "Name": "shared"}]),
    ]
    client_pages = [
        faults.answered(UserPoolClients=[], NextToken="more"),
        faults.answered(UserPoolClients=[{"ClientId": client_id, "ClientName": "shared"}]),
    ]
    with wire.strikes("ListUserPools", pages[0]), wire.strikes("ListUserPools", pages[1]):
        assert cognito.find_user_pools(clients.cognito, SHARED) == [pool_id]
    with wire.strikes("ListUserPoolClients", client_pages[0]), wire.strikes("ListUserPoolClients", client_pages[1]):
        assert cognito.find_app_clients(clients.cognito, pool_id, "shared") == [client_id]
    assert wire.bodies("ListUserPools") == [{"MaxResults": 60}, {"MaxResults": 60, "NextToken": "more"}]
    assert wire.count("DescribeUserPool") == 1
    tokens = [body.get("NextToken") for body in wire.bodies("ListUserPoolClients")]
    assert tokens == [None, "more"]


def test_an_app_client_whose_answer_was_lost_is_adopted(
    clients: Clients, settings: Settings, pool_id: str, wire: Wire
) -> None:
    with (
        wire.strikes("CreateUserPoolClient", faults.lost_response, times=faults.ALWAYS) as lost,
        pytest.raises(ReadTimeoutError),
    ):
        cognito.ensure_app_client(clients, settings, NewAppClient(pool_id, "shared"), in_doubt=False)
    assert lost.struck == 1
    adopted = cognito.ensure_app_client(clients, settings, NewAppClient(pool_id, "shared"), in_doubt=True)
    assert app_clients(clients, pool_id) == [adopted]


def test_several_app_clients_are_refused_by_their_ids(clients: Clients, settings: Settings, pool_id: str) -> None:
    twins = [cognito.create_app_client(clients, settings, NewAppClient(pool_id, "shared")) for _ in range(2)]
    with pytest.raises(AmbiguousResourceError) as refused:
        cognito.ensure_app_client(clients, settings, NewAppClient(pool_id, "shared"), in_doubt=True)
    assert all(twin in refused.value.message for twin in twins)


def test_an_app_client_of_a_longer_name_is_not_adopted(clients: Clients, settings: Settings, pool_id: str) -> None:
    other = cognito.create_app_client(clients, settings, NewAppClient(pool_id, "shared-too"))
    assert cognito.ensure_app_client(clients, settings, NewAppClient(pool_id, "shared"), in_doubt=True) != other


# creates with a natural key


def test_a_group_of_the_same_owner_is_success(clients: Clients, pool_id: str) -> None:
    for _ in range(2):
        natural_keys.create_group(clients.cognito, pool_id, "acme", "acme")
    groups = clients.cognito.list_groups(UserPoolId=pool_id)["Groups"]
    assert [group["GroupName"] for group in groups] == ["acme"]


def test_the_sdk_repeating_a_create_group_whose_answer_was_lost_is_success(
    clients: Clients, pool_id: str, wire: Wire
) -> None:
    with wire.strikes("CreateGroup", faults.lost_response):
        natural_keys.create_group(clients.cognito, pool_id, "acme", "acme")
    assert wire.operations() == ["CreateGroup", "CreateGroup", "GetGroup"]


@pytest.mark.parametrize("description", [None, "tenant-onboarding:owner=globex", "made by hand"])
def test_a_group_of_somebody_else_is_a_conflict(description: str | None, clients: Clients, pool_id: str) -> None:
    arguments: Any = {"Description": description} if description else {}
    clients.cognito.create_group(UserPoolId=pool_id, GroupName="acme", **arguments)
    with pytest.raises(TenantConflictError, match=f"The group acme in {pool_id}"):
        natural_keys.create_group(clients.cognito, pool_id, "acme", "acme")


def test_a_user_of_the_same_tenant_is_success(clients: Clients, pool_id: str, wire: Wire) -> None:
    with wire.strikes("AdminCreateUser", faults.lost_response):
        natural_keys.create_user(clients.cognito, pool_id, "acme/admin@acme.example", ADMIN, PASSWORD)
    natural_keys.create_user(clients.cognito, pool_id, "acme/admin@acme.example", ADMIN, PASSWORD)
    assert len(clients.cognito.list_users(UserPoolId=pool_id)["Users"]) == 1


@pytest.mark.parametrize(
    ("holder", "whose"),
    [({names.TENANT_ID: "globex"}, "belongs to the tenant globex"), ({}, "made by somebody else, for no tenant")],
    ids=["another tenant", "nobody"],
)
def test_a_user_of_somebody_else_is_a_conflict_that_says_whose_it_is(
    holder: dict[str, str], whose: str, clients: Clients, pool_id: str
) -> None:
    attributes: Any = [{"Name": name, "Value": value} for name, value in holder.items()]
    clients.cognito.admin_create_user(UserPoolId=pool_id, Username="admin", UserAttributes=attributes)
    with pytest.raises(TenantConflictError, match=whose):
        natural_keys.create_user(clients.cognito, pool_id, "admin", ADMIN, PASSWORD)


def test_a_domain_is_given_to_its_user_pool(clients: Clients, pool_id: str, wire: Wire) -> None:
    natural_keys.create_domain(clients.cognito, pool_id, "t-abc")
    sent = {"Domain": "t-abc", "UserPoolId": pool_id, "ManagedLoginVersion": 1}
    assert wire.bodies("CreateUserPoolDomain") == [sent]
    assert clients.cognito.describe_user_pool_domain(Domain="t-abc")["DomainDescription"]["UserPoolId"] == pool_id


TAKEN = faults.refused("InvalidParameterException", "Domain already associated with another user pool.")
"""What Cognito answers for a taken prefix, the own one included."""


def test_a_domain_that_the_user_pool_has_already_is_success(clients: Clients, pool_id: str, wire: Wire) -> None:
    natural_keys.create_domain(clients.cognito, pool_id, "t-abc")
    with wire.strikes("CreateUserPoolDomain", TAKEN) as taken:
        natural_keys.create_domain(clients.cognito, pool_id, "t-abc")
    assert taken.struck == 1


def test_a_domain_that_another_user_pool_has_is_a_conflict(
    clients: Clients, settings: Settings, pool_id: str, wire: Wire
) -> None:
    other = cognito.create_user_pool(clients, settings, NewUserPool("other", "shared-002", REGION))
    natural_keys.create_domain(clients.cognito, other, "t-abc")
    with (
        wire.strikes("CreateUserPoolDomain", TAKEN),
        pytest.raises(TenantConflictError, match=f"t-abc belongs to user pool {other}"),
    ):
        natural_keys.create_domain(clients.cognito, pool_id, "t-abc")


def test_a_domain_that_nobody_seems_to_have_is_waited_for(clients: Clients, pool_id: str, wire: Wire) -> None:
    """It may be new; if it stays so, an account elsewhere has it."""
    with wire.strikes("CreateUserPoolDomain", TAKEN), pytest.raises(TransientError, match="t-abc") as waiting:
        natural_keys.create_domain(clients.cognito, pool_id, "t-abc")
    assert waiting.value.code == "NotSeenYet"


def test_a_domain_refused_for_another_reason_is_that_reason(clients: Clients, pool_id: str, wire: Wire) -> None:
    wrong = faults.refused("InvalidParameterException", "The domain name contains an invalid character.")
    with wire.strikes("CreateUserPoolDomain", wrong), pytest.raises(ClientError, match="invalid character"):
        natural_keys.create_domain(clients.cognito, pool_id, "t-abc")


REFUSALS: dict[str, Callable[[Clients, str], object]] = {
    "CreateGroup": lambda clients, pool_id: natural_keys.create_group(clients.cognito, pool_id, "acme", "acme"),
    "AdminCreateUser": lambda clients, pool_id: natural_keys.create_user(
        clients.cognito, pool_id, "acme/a", ADMIN, PASSWORD
    ),
    "CreateUserPoolDomain": lambda clients, pool_id: natural_keys.create_domain(clients.cognito, pool_id, "t-abc"),
}


@pytest.mark.parametrize("operation", REFUSALS)
def test_any_other_refusal_is_raised_as_it_is(operation: str, clients: Clients, pool_id: str, wire: Wire) -> None:
    with (
        wire.strikes(operation, faults.access_denied(f"cognito-idp:{operation}")),
        pytest.raises(ClientError, match="not authorized to perform"),
    ):
        REFUSALS[operation](clients, pool_id)


# how often the SDK itself tries

ONCE: dict[str, Callable[[Clients, Settings, str], object]] = {
    "CreateUserPool": lambda clients, settings, _: cognito.create_user_pool(clients, settings, SHARED),
    "CreateUserPoolClient": lambda clients, settings, pool_id: cognito.create_app_client(
        clients, settings, NewAppClient(pool_id, "x")
    ),
    "SendEmail": lambda clients, settings, _: clients.ses_once.send_email(
        FromEmailAddress=settings.sender,
        Destination={"ToAddresses": ["a@acme.example"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
    ),
}
RETRYING: dict[str, Callable[[Clients, Settings, str], object]] = {
    "CreateGroup": lambda clients, _, pool_id: natural_keys.create_group(clients.cognito, pool_id, "acme", "acme"),
    "AdminCreateUser": lambda clients, _, pool_id: natural_keys.create_user(
        clients.cognito, pool_id, "acme/a", ADMIN, PASSWORD
    ),
    "GetItem": lambda clients, *_: clients.dynamodb.get_item(TableName="routes", Key={"routeKey": "x"}),
    "PutEvents": lambda clients, settings, _: clients.events.put_events(
        Entries=[{"EventBusName": settings.event_bus, "Source": "s", "DetailType": "d", "Detail": "{}"}]
    ),
    "DescribeExecution": lambda clients, settings, _: clients.stepfunctions.describe_execution(
        executionArn=settings.state_machine_arn.replace("stateMachine", "execution") + ":acme-1"
    ),
}
UNANSWERED = pytest.mark.parametrize(
    "strike",
    [faults.lost_response, faults.unreachable, faults.throttled, faults.server_error],
    ids=["lost response", "unreachable", "throttled", "server error"],
)


@UNANSWERED
@pytest.mark.parametrize("operation", ONCE)
def test_a_create_without_a_natural_key_is_sent_once(
    operation: str, strike: Callable[..., Any], clients: Clients, settings: Settings, pool_id: str, wire: Wire
) -> None:
    with (
        wire.strikes(operation, strike, times=faults.ALWAYS),
        pytest.raises(Exception) as raised,  # noqa: PT011  # whichever; it must be one of ours to retry
    ):
        ONCE[operation](clients, settings, pool_id)
    assert wire.count(operation) == 1
    assert translate(raised.value).retryable


@UNANSWERED
@pytest.mark.parametrize("operation", RETRYING)
def test_what_can_be_repeated_is_tried_three_times(
    operation: str, strike: Callable[..., Any], clients: Clients, settings: Settings, pool_id: str, wire: Wire
) -> None:
    with (
        wire.strikes(operation, strike, times=faults.ALWAYS),
        pytest.raises(Exception) as raised,  # noqa: PT011  # whichever; it must be one of ours to retry
    ):
        RETRYING[operation](clients, settings, pool_id)
    assert wire.count(operation) == 3
    assert translate(raised.value).retryable
