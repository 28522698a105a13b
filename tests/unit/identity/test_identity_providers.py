"""A tenant's identity providers: what is asked of Amazon Cognito, whose each is, and that their secrets stay secret."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import (
    NEXT_ACTIONS,
    ConfigurationError,
    OnboardingError,
    TenantConflictError,
    TransientError,
)
from orchestrator.identity import identity_providers
from orchestrator.tenants.ledger import Record
from tenant_onboarding.contracts.identity_providers import PROVIDER_TYPES, SOCIAL_TYPES
from tests.unit import faults
from tests.unit.conftest import TABLES
from tests.unit.faults import Wire
from tests.unit.identity.providers import (
    ACME,
    ARN,
    DETAILS,
    KEY,
    METADATA,
    PEM,
    READ,
    SECRET_TEXT,
    SECRETS,
    create,
    names,
    provider,
)
from tests.unit.identity.user_pools import TENANT, pool_id, pools

__all__ = ["pool_id"]

Claim = Callable[..., Record]
Run = Callable[..., None]

# parameters, as they go over the wire after the SDK's own validation

EMAIL_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
EMAIL_AND_NAME = {"email": "email", "name": "name"}
SENT: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "SAML": (
        f"{ACME}-AcmeSSO",
        {"MetadataURL": "https://idp.acme.example/metadata", "IDPSignout": "false"},
        {"email": EMAIL_CLAIM},
    ),
    "OIDC": (
        f"{ACME}-AcmeLogin",
        {
            "client_id": "acme-client",
            "client_secret": SECRET_TEXT,
            "authorize_scopes": "openid email profile",
            "oidc_issuer": "https://login.acme.example",
            "attributes_request_method": "GET",
        },
        EMAIL_AND_NAME,
    ),
    "Google": (
        "Google",
        {"client_id": "acme-client", "client_secret": SECRET_TEXT, "authorize_scopes": "openid email profile"},
        EMAIL_AND_NAME,
    ),
    "Facebook": (
        "Facebook",
        {
            "client_id": "acme-client",
            "client_secret": SECRET_TEXT,
            "authorize_scopes": "public_profile,email",
            "api_version": "v21.0",
        },
        EMAIL_AND_NAME,
    ),
    "SignInWithApple": (
        "SignInWithApple",
        {
            "client_id": "acme-client",
            "team_id": "ABCDE12345",
            "key_id": "FGHIJ67890",
            "private_key": KEY,
            "authorize_scopes": "email name",
        },
        {"email": "email"},
    ),
    "LoginWithAmazon": (
        "LoginWithAmazon",
        {"client_id": "acme-client", "client_secret": SECRET_TEXT, "authorize_scopes": "profile"},
        EMAIL_AND_NAME,
    ),
}
"""What is sent for each type: its name, its details, its attribute mapping."""


@pytest.mark.parametrize("kind", PROVIDER_TYPES)
def test_a_provider_of_each_type_is_created_with_all_that_cognito_asks_of_it(
    kind: str, clients: Clients, pool_id: str, wire: Wire
) -> None:
    name, details, mapping = SENT[kind]
    create(clients, pool_id, provider(kind))
    (sent,) = wire.bodies("CreateIdentityProvider")
    marks = sent.pop("IdpIdentifiers", [])
    assert sent == {
        "UserPoolId": pool_id,
        "ProviderName": name,
        "ProviderType": kind,
        "ProviderDetails": details,
        "AttributeMapping": mapping,
    }
    assert [bool(re.fullmatch("owner-[0-9a-f]{32}", mark)) for mark in marks] == [True] * (kind not in SOCIAL_TYPES)
    assert names(clients, pool_id) == [name]


@pytest.mark.parametrize("kind", SOCIAL_TYPES)
def test_a_social_provider_is_told_by_its_user_pool_and_has_no_identifier(kind: str) -> None:
    """With an identifier Cognito's own pages would ask for an email address before they offer the provider."""
    assert "IdpIdentifiers" not in identity_providers.parameters("pool", "acme", provider(kind), "secret")


SENT_DETAILS: list[tuple[str, dict[str, Any], dict[str, str | None]]] = [
    ("SAML", {"metadataUrl": None, "metadataDocument": METADATA}, {"MetadataFile": METADATA, "MetadataURL": None}),
    ("OIDC", {"scopes": ["openid"]}, {"authorize_scopes": "openid"}),
    ("OIDC", {"attributesRequestMethod": "POST"}, {"attributes_request_method": "POST"}),
    ("Facebook", {"scopes": ["email", "public_profile"]}, {"authorize_scopes": "email,public_profile"}),
    ("Facebook", {"apiVersion": None}, {"api_version": None}),
    ("LoginWithAmazon", {"scopes": ["profile", "postal_code"]}, {"authorize_scopes": "profile postal_code"}),
]


@pytest.mark.parametrize(("kind", "changes", "expected"), SENT_DETAILS)
def test_what_an_event_says_of_a_provider_reaches_cognito(
    kind: str, changes: dict[str, Any], expected: dict[str, str | None], clients: Clients, pool_id: str, wire: Wire
) -> None:
    create(clients, pool_id, provider(kind, **changes))
    (sent,) = wire.bodies("CreateIdentityProvider")
    assert {name: sent["ProviderDetails"].get(name) for name in expected} == expected


@pytest.mark.parametrize("kind", PROVIDER_TYPES)
@pytest.mark.parametrize("mapping", [{"email": "mail"}, {"email": "mail", "family_name": "sn"}], ids=["one", "two"])
def test_exactly_the_attributes_are_mapped_that_the_event_maps(kind: str, mapping: dict[str, str]) -> None:
    asked = provider(kind, attributeMapping=mapping)
    assert identity_providers.parameters("pool", "acme", asked, "secret")["AttributeMapping"] == mapping


@pytest.mark.parametrize("kind", PROVIDER_TYPES)
def test_no_provider_writes_a_tenant_attribute(kind: str) -> None:
    assert not set(identity_providers.mapping_of(provider(kind))) & set(TENANT)


# names and owners


@pytest.mark.parametrize("tenant_id", ["abc", "a" * 40])
def test_the_longest_name_fits_cognitos_32_characters(tenant_id: str) -> None:
    name = identity_providers.name_of(tenant_id, provider("SAML", name="N" * 23))
    assert len(name) == 32
    assert "_" not in name


@pytest.mark.parametrize("kind", SOCIAL_TYPES)
def test_a_social_provider_bears_the_name_of_its_type(kind: str) -> None:
    assert identity_providers.name_of("acme", provider(kind, name="Anything")) == kind


def test_providers_of_one_name_of_two_tenants_live_side_by_side(clients: Clients, pool_id: str) -> None:
    for tenant_id in ("acme", "globex"):
        for _ in range(2):
            create(clients, pool_id, provider("SAML"), tenant_id)
    assert len(names(clients, pool_id)) == 2
    assert {name.split("-", 1)[1] for name in names(clients, pool_id)} == {"AcmeSSO"}


AGAIN: dict[str, list[str]] = {
    "SAML": ["DescribeIdentityProvider"],
    "OIDC": ["DescribeIdentityProvider", "UpdateIdentityProvider"],
    **{kind: ["UpdateIdentityProvider"] for kind in SOCIAL_TYPES},
}
"""What follows when a provider of the type exists: whose it is, then the secret anew; SAML has none."""


@pytest.mark.parametrize("kind", PROVIDER_TYPES)
def test_a_provider_that_is_the_tenants_already_is_success(
    kind: str, clients: Clients, pool_id: str, wire: Wire
) -> None:
    for _ in range(2):
        create(clients, pool_id, provider(kind))
    assert wire.operations() == ["CreateIdentityProvider", "CreateIdentityProvider", *AGAIN[kind]]
    assert names(clients, pool_id) == [SENT[kind][0]]


@pytest.mark.parametrize("kind", [kind for kind in PROVIDER_TYPES if kind != "SAML"])
def test_a_provider_that_exists_gets_its_secret_anew_and_stays_as_it_was(
    kind: str, clients: Clients, pool_id: str, wire: Wire
) -> None:
    name = SENT[kind][0]
    asked = provider(kind)
    identity_providers.create(clients.cognito, pool_id, "acme", asked, "a mistake")
    identity_providers.create(clients.cognito, pool_id, "acme", asked, READ[kind])
    first, _ = wire.bodies("CreateIdentityProvider")
    (update,) = wire.bodies("UpdateIdentityProvider")
    assert update == {key: value for key, value in first.items() if key != "ProviderType"} | {
        "ProviderDetails": SENT[kind][1]
    }
    kept = clients.cognito.describe_identity_provider(UserPoolId=pool_id, ProviderName=name)["IdentityProvider"]
    assert kept["ProviderDetails"] == SENT[kind][1]


def test_the_sdk_repeating_a_create_whose_answer_was_lost_is_success(
    clients: Clients, pool_id: str, wire: Wire
) -> None:
    with wire.strikes("CreateIdentityProvider", faults.lost_response, times=2):
        create(clients, pool_id, provider("SAML"))
    assert wire.count("CreateIdentityProvider") == 3
    assert names(clients, pool_id) == [f"{ACME}-AcmeSSO"]


HOLDERS: dict[str, list[str]] = {"without any mark": [], "with another's mark": ["owner-" + "0" * 32]}


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_provider_of_that_name_that_is_somebody_elses_is_a_conflict(
    holder: str, clients: Clients, pool_id: str
) -> None:
    """Eight digits collide about once in 65,000 tenants of one user pool; a name may also have been made by hand."""
    clients.cognito.create_identity_provider(
        UserPoolId=pool_id,
        ProviderName=f"{ACME}-AcmeSSO",
        ProviderType="SAML",
        ProviderDetails={"MetadataURL": "https://idp.globex.example/metadata"},
        IdpIdentifiers=HOLDERS[holder],
    )
    with pytest.raises(TenantConflictError, match=f"{ACME}-AcmeSSO in {pool_id} lacks the identifier owner-"):
        create(clients, pool_id, provider("SAML"))
    found = clients.cognito.describe_identity_provider(UserPoolId=pool_id, ProviderName=f"{ACME}-AcmeSSO")
    assert found["IdentityProvider"]["ProviderDetails"]["MetadataURL"] == "https://idp.globex.example/metadata"


@pytest.mark.parametrize("holder", HOLDERS)
def test_nobodys_elses_provider_is_given_the_tenants_secret(
    holder: str, clients: Clients, pool_id: str, wire: Wire
) -> None:
    clients.cognito.create_identity_provider(
        UserPoolId=pool_id,
        ProviderName=f"{ACME}-AcmeLogin",
        ProviderType="OIDC",
        ProviderDetails=SENT["OIDC"][1] | {"client_secret": "another's"},
        IdpIdentifiers=HOLDERS[holder],
    )
    with pytest.raises(TenantConflictError):
        create(clients, pool_id, provider("OIDC"))
    assert wire.count("UpdateIdentityProvider") == 0


def test_another_provider_with_the_tenants_mark_is_named_and_no_missing_resource(
    clients: Clients, pool_id: str, wire: Wire
) -> None:
    """It looks like one of the tenant's that is not shown yet, so it is waited for first."""
    mark = identity_providers.parameters(pool_id, "acme", provider("SAML"), None)["IdpIdentifiers"][0]
    clients.cognito.create_identity_provider(
        UserPoolId=pool_id,
        ProviderName="made-by-hand",
        ProviderType="SAML",
        ProviderDetails={"MetadataURL": "https://idp.acme.example/metadata"},
        IdpIdentifiers=[mark],
    )
    with pytest.raises(TransientError, match=f"identity provider {ACME}-AcmeSSO .* or another with {mark}"):
        create(clients, pool_id, provider("SAML"))
    assert names(clients, pool_id) == ["made-by-hand"]


def test_the_mark_says_whose_and_which_provider_it_is_whatever_its_capitals() -> None:
    def mark(tenant_id: str, name: str) -> str:
        identifiers = identity_providers.parameters("p", tenant_id, provider("SAML", name=name), None)["IdpIdentifiers"]
        return str(identifiers[0])

    assert mark("acme", "AcmeSSO") == mark("acme", "acmesso")
    assert len({mark("acme", "AcmeSSO"), mark("acme", "Other"), mark("globex", "AcmeSSO")}) == 3


# secrets


def test_a_saml_provider_has_no_secret_to_read(clients: Clients, wire: Wire) -> None:
    assert identity_providers.secret_of(clients.secrets, provider("SAML")) is None
    assert wire.count("GetSecretValue") == 0


def kept(clients: Clients, text: str) -> str:
    """Keep a secret for acme; return its ARN."""
    return clients.secrets.create_secret(Name="tenant-onboarding/acme/idp", SecretString=text)["ARN"]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (SECRET_TEXT, SECRET_TEXT),
        (f"  {SECRET_TEXT}\n", SECRET_TEXT),
        ("1234567890", "1234567890"),
        ('"quoted"', '"quoted"'),
        ("[1]", "[1]"),
        ("{curly", "{curly"),
        ("[" * 60_000, "[" * 60_000),
        ("ключ", "ключ"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_the_whole_text_of_the_secret_is_the_client_secret(text: str, secret: str, clients: Clients) -> None:
    asked = provider("OIDC", clientSecretArn=kept(clients, text))
    assert identity_providers.secret_of(clients.secrets, asked) == secret


FLAT = PEM.replace("\n", "")
PEMS = {
    "as Apple delivers it": PEM,
    "without the last line break": PEM.strip(),
    "with the line ends of Windows": PEM.replace("\n", "\r\n"),
    "indented": "\n".join(f"  {line}" for line in PEM.splitlines()),
    "in one line": FLAT,
    "in one line with spaces": PEM.replace("\n", " "),
    "in one line with escaped line breaks": PEM.replace("\n", "\\n"),
    "bare already": KEY,
    "bare in two lines": f"{KEY[:24]}\n{KEY[24:]}\n",
    "bare with escaped line breaks": f"{KEY[:24]}\\n{KEY[24:]}\\n",
}


@pytest.mark.parametrize("form", PEMS)
def test_apples_key_is_read_without_the_lines_around_it_however_it_was_put_there(form: str, clients: Clients) -> None:
    asked = provider("SignInWithApple", clientSecretArn=kept(clients, PEMS[form]))
    secret = identity_providers.secret_of(clients.secrets, asked)
    assert secret == KEY
    sent = identity_providers.parameters("pool", "acme", asked, secret)
    assert sent["ProviderDetails"]["private_key"] == KEY


NO_KEYS = {
    "a client secret": SECRET_TEXT,
    "a client secret that is base64": "YWJjZGVmZ2hpamtsbW5vcA==",
    "a path": "./AuthKey_FGHIJ67890.p8",
    "cut off": PEM[:60],
    "cut in the key": KEY[:-3],
    "no key between the lines": "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
    "a certificate": PEM.replace("PRIVATE KEY", "CERTIFICATE"),
    "a public key": PEM.replace("PRIVATE", "PUBLIC"),
    "an encrypted key": PEM.replace("PRIVATE", "ENCRYPTED PRIVATE"),
    "a key of another form": PEM.replace("PRIVATE", "EC PRIVATE"),
    "with something before it": f"Key: {PEM}",
    "letters beyond ASCII": PEM.replace("M", "М"),  # noqa: RUF001  # Cyrillic
    "JSON": json.dumps(PEM),
}


@pytest.mark.parametrize("form", NO_KEYS)
def test_what_is_no_private_key_is_not_sent_to_cognito_as_one(form: str, clients: Clients) -> None:
    arn = kept(clients, NO_KEYS[form])
    with pytest.raises(ConfigurationError, match="not a private key in PEM form") as refused:
        identity_providers.secret_of(clients.secrets, provider("SignInWithApple", clientSecretArn=arn))
    assert refused.value.code == "SecretUnusable"
    assert NO_KEYS[form] not in refused.value.message


def missing(clients: Clients) -> str:
    """Return the ARN of a secret that never was."""
    return ARN


def blank(clients: Clients) -> str:
    """Return the ARN of a secret of nothing but white space."""
    return clients.secrets.create_secret(Name="tenant-onboarding/acme/idp", SecretString=" \n")["ARN"]


def binary(clients: Clients) -> str:
    """Return the ARN of a secret that is no text."""
    return clients.secrets.create_secret(Name="tenant-onboarding/acme/idp", SecretBinary=b"\x00\x01")["ARN"]


def without_value(clients: Clients) -> str:
    """Return the ARN of a secret that has no version yet."""
    return clients.secrets.create_secret(Name="tenant-onboarding/acme/idp")["ARN"]


def being_deleted(clients: Clients) -> str:
    """Return the ARN of a secret in its recovery window."""
    arn = clients.secrets.create_secret(Name="tenant-onboarding/acme/idp", SecretString=SECRET_TEXT)["ARN"]
    clients.secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    return arn


def as_the_console_keeps_it(clients: Clients) -> str:
    """Return the ARN of a secret that was entered as a name and a value."""
    return kept(clients, json.dumps({"client_secret": SECRET_TEXT}))


@pytest.mark.parametrize("unusable", [missing, blank, binary, without_value, being_deleted, as_the_console_keeps_it])
def test_a_secret_that_cannot_be_one_is_told_with_what_to_do(
    unusable: Callable[[Clients], str], clients: Clients
) -> None:
    arn = unusable(clients)
    with pytest.raises(ConfigurationError, match="AcmeLogin") as refused:
        identity_providers.secret_of(clients.secrets, provider("OIDC", clientSecretArn=arn))
    assert arn in refused.value.message
    assert SECRET_TEXT not in refused.value.message
    assert refused.value.code == "SecretUnusable"
    assert refused.value.next_action == (
        "Put the provider's client secret there as plain text, for Apple the whole .p8 file, then retry."
    )


@pytest.fixture
def at_providers(claim: Claim, run: Run, clients: Clients) -> Callable[..., None]:
    """Bring acme, of tier bridge and with a provider of a type, to the point where its providers are next."""

    def at_providers(kind: str = "OIDC") -> None:
        arn = clients.secrets.create_secret(Name="tenant-onboarding/acme/idp", SecretString=SECRETS[kind] or "-")["ARN"]
        tier = "silo" if kind in SOCIAL_TYPES else "bridge"
        asked = DETAILS[kind] if kind == "SAML" else DETAILS[kind] | {"clientSecretArn": arn}
        claim(tier=tier, identityProviders=[asked])
        run(*(["CreateUserPool", "ConfigureUserPool"] if tier == "silo" else ["AssignSharedPool"]), "CreateTenantGroup")

    return at_providers


def test_a_secret_that_may_not_be_read_is_told_with_the_missing_permission(
    at_providers: Callable[..., None], run: Run, record_of: Claim, wire: Wire
) -> None:
    at_providers()
    with (
        wire.strikes("GetSecretValue", faults.access_denied("secretsmanager:GetSecretValue")),
        pytest.raises(ConfigurationError),
    ):
        run("CreateIdentityProviders")
    error = record_of()["steps"]["CreateIdentityProviders"]["error"]
    assert "secretsmanager:GetSecretValue" in error["message"]
    assert error["nextAction"] == NEXT_ACTIONS["AccessDeniedException"]
    run("CreateIdentityProviders")


UNUSABLE: dict[str, dict[str, str | bytes]] = {
    "as the console keeps it": {"SecretString": json.dumps({"key": SECRET_TEXT})},
    "blank": {"SecretString": " "},
    "binary": {"SecretBinary": b"\x00"},
}


def put(clients: Clients, value: Any) -> None:
    """Replace acme's secret."""
    clients.secrets.put_secret_value(SecretId="tenant-onboarding/acme/idp", **value)


@pytest.mark.parametrize("form", UNUSABLE)
@pytest.mark.parametrize("kind", ["OIDC", "Google", "SignInWithApple"])
def test_with_an_unusable_secret_nothing_is_created_and_once_it_is_mended_a_retry_uses_it(
    kind: str, form: str, at_providers: Callable[..., None], run: Run, record_of: Claim, clients: Clients, wire: Wire
) -> None:
    at_providers(kind)
    put(clients, UNUSABLE[form])
    with pytest.raises(ConfigurationError):
        run("CreateIdentityProviders")
    assert wire.count("CreateIdentityProvider") == 0
    error = record_of()["steps"]["CreateIdentityProviders"]["error"]
    assert (error["type"], error["code"]) == ("ConfigurationError", "SecretUnusable")
    put(clients, {"SecretString": SECRETS[kind]})
    run("CreateIdentityProviders")
    (sent,) = wire.bodies("CreateIdentityProvider")
    assert sent["ProviderDetails"] == SENT[kind][1]


WRONG = {"OIDC": "wrong", "Google": "wrong", "SignInWithApple": PEM.replace("MIGT", "MIGU")}


@pytest.mark.parametrize("strike", [faults.death_after, faults.lost_response], ids=["death", "lost responses"])
@pytest.mark.parametrize("kind", WRONG)
def test_a_secret_that_was_mended_after_the_step_failed_is_the_one_in_use_after_the_retry(
    kind: str, strike: Any, at_providers: Callable[..., None], run: Run, clients: Clients, wire: Wire
) -> None:
    """The provider was created with the wrong one, and the step failed before it was recorded."""
    at_providers(kind)
    put(clients, {"SecretString": WRONG[kind]})
    with (
        wire.strikes("CreateIdentityProvider", strike, times=faults.ALWAYS),
        pytest.raises((faults.DeathError, OnboardingError)),
    ):
        run("CreateIdentityProviders", lease=-1)
    put(clients, {"SecretString": SECRETS[kind]})
    run("CreateIdentityProviders")
    (pool_id,) = pools(clients)
    name = SENT[kind][0]
    found = clients.cognito.describe_identity_provider(UserPoolId=pool_id, ProviderName=name)["IdentityProvider"]
    assert found["ProviderDetails"] == SENT[kind][1]
    assert names(clients, pool_id) == [name]


@pytest.mark.parametrize("operation", ["CreateIdentityProvider", "UpdateIdentityProvider"])
@pytest.mark.parametrize("kind", ["OIDC", "Google", "SignInWithApple"])
def test_a_secret_that_cognito_repeats_in_its_refusal_reaches_no_error_and_no_table(
    kind: str,
    operation: str,
    at_providers: Callable[..., None],
    run: Run,
    record_of: Claim,
    clients: Clients,
    wire: Wire,
    caplog: pytest.LogCaptureFixture,
) -> None:
    at_providers(kind)
    if operation == "UpdateIdentityProvider":
        with wire.strikes("CreateIdentityProvider", faults.death_after), pytest.raises(faults.DeathError):
            run("CreateIdentityProviders", lease=-1)
    sent = KEY if kind == "SignInWithApple" else SECRET_TEXT
    echo = faults.refused("InvalidParameterException", f"Value '{sent}' and again {sent} is not valid")
    with wire.strikes(operation, echo), pytest.raises(ConfigurationError) as refused:
        run("CreateIdentityProviders")
    error = record_of()["steps"]["CreateIdentityProviders"]["error"]
    named = " (identity provider AcmeLogin)" if kind == "OIDC" else ""
    expected = f"{operation}: Value '(secret)' and again (secret) is not valid{named}"
    assert refused.value.message == error["message"] == expected
    assert refused.value.__cause__ is None
    run("CreateIdentityProviders")
    tables = [clients.dynamodb.scan(TableName=name)["Items"] for name in TABLES]
    for kept in (json.dumps(tables, default=str), caplog.text):
        assert SECRET_TEXT not in kept
        assert KEY[:24] not in kept


@pytest.mark.parametrize("kind", ["SAML", "OIDC"])
def test_what_cognito_does_not_take_from_a_providers_address_is_the_events_to_mend(
    kind: str, at_providers: Callable[..., None], run: Run, record_of: Claim, wire: Wire
) -> None:
    at_providers(kind)
    refused = faults.refused("InvalidParameterException", "Signing certificates are expired")
    with wire.strikes("CreateIdentityProvider", refused), pytest.raises(ConfigurationError):
        run("CreateIdentityProviders")
    error = record_of()["steps"]["CreateIdentityProviders"]["error"]
    name = DETAILS[kind]["name"]
    said = f"CreateIdentityProvider: Signing certificates are expired (identity provider {name})"
    assert (error["code"], error["message"], error["retryable"]) == ("ProviderRefused", said, False)
    assert "Amend the event" in error["nextAction"]
    run("CreateIdentityProviders")


def test_any_other_refusal_is_raised_as_it_is(clients: Clients, pool_id: str, wire: Wire) -> None:
    denied = faults.access_denied("cognito-idp:CreateIdentityProvider")
    with wire.strikes("CreateIdentityProvider", denied), pytest.raises(ClientError, match="not authorized to perform"):
        create(clients, pool_id, provider("SAML"))
    create(clients, pool_id, provider("SAML"))
    for operation in ("DescribeIdentityProvider", "UpdateIdentityProvider"):
        create(clients, pool_id, provider("OIDC"))
        looked = faults.access_denied(f"cognito-idp:{operation}")
        with wire.strikes(operation, looked), pytest.raises(ClientError, match=operation):
            create(clients, pool_id, provider("OIDC"))


# the step


def test_the_record_names_each_provider_what_people_call_it_and_what_it_fills_in(
    at_providers: Callable[..., None], run: Run, record_of: Claim, clients: Clients, wire: Wire
) -> None:
    at_providers()
    wire.attempts.clear()
    run("CreateIdentityProviders")
    assert wire.operations() == ["UpdateItem", "GetItem", "GetSecretValue", "CreateIdentityProvider", "UpdateItem"]
    (pool_id,) = pools(clients)
    assert names(clients, pool_id) == [f"{ACME}-AcmeLogin"]
    assert record_of()["resources"]["identityProviders"] == [
        {
            "name": f"{ACME}-AcmeLogin",
            "label": "AcmeLogin",
            "type": "OIDC",
            "mapped": ["email", "name"],
            "claims": {"email": "email", "name": "name"},
            "scopes": ["openid", "email", "profile"],
        }
    ]


def test_a_request_that_lacks_what_this_version_needs_is_told_by_its_field(
    at_providers: Callable[..., None], run: Run, clients: Clients
) -> None:
    at_providers()
    key = {"tenantId": "acme", "item": "REQUEST"}
    asked = json.loads(str(clients.dynamodb.get_item(TableName="tenants", Key=key)["Item"]["request"]))
    del asked["identityProviders"][0]["name"]
    clients.dynamodb.put_item(TableName="tenants", Item=key | {"request": json.dumps(asked)})
    with pytest.raises(OnboardingError, match="identityProviders") as refused:
        run("CreateIdentityProviders")
    assert refused.value.code == "RequestOutdated"
