"""What the events let in, what they refuse and in which words, and that schema, model and AWS agree."""

import copy
import hashlib
import itertools
import json
import re
from typing import Any

import botocore.session
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from pydantic import TypeAdapter, ValidationError

from orchestrator.onboarding.request import canonical_sha256
from orchestrator.tenants.outbox import outgoing_event
from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.detail_types import Contracts, json_schema
from tenant_onboarding.contracts.fields import (
    PROVIDER_NAME_MAX,
    RESERVED_SUBDOMAINS,
    DomainName,
    EmailAddress,
    is_plan_name,
)
from tenant_onboarding.contracts.identity_providers import PROVIDER_TYPES
from tenant_onboarding.contracts.outgoing import (
    OutgoingEvent,
    SharedPoolNearlyFull,
    TenantOnboarded,
    TenantOnboardingFailed,
    TenantOnboardingRejected,
    TenantOnboardingStarted,
)
from tenant_onboarding.contracts.reasons import REASONS_MAX, TEXT_MAX, Reason, reasons
from tenant_onboarding.contracts.tenant_created import USERNAME_MAX, TenantCreated
from tenant_onboarding.names import EMAIL_MAX, is_tenant_id

Json = Any  # Any: what json.loads returns

bounded = settings(max_examples=200, derandomize=True)

SILO: Json = {
    "tenantId": "acme",
    "tenantName": "Acme Inc.",
    "tier": "silo",
    "admin": {"email": "admin@acme.example", "name": "Acme Admin"},
    "routing": {"subdomain": "acme", "emailDomains": ["acme.example"], "tenantCode": "ACME-42"},
    "identityProviders": [
        {"name": "AcmeSSO", "type": "SAML", "metadataUrl": "https://idp.acme.example/metadata"},
    ],
    "security": {"mfa": "OPTIONAL", "passwordPolicy": {"minimumLength": 14}},
}
POOL: Json = {
    "tenantId": "globex",
    "tenantName": "Globex",
    "tier": "pool",
    "admin": {"email": "admin@globex.example"},
    "routing": {"subdomain": "globex"},
}
BRIDGE: Json = POOL | {"tier": "bridge", "identityProviders": SILO["identityProviders"]}
PASSWORD_POLICY: Json = {
    "minimumLength": 14,
    "requireLowercase": True,
    "requireUppercase": True,
    "requireNumbers": False,
    "requireSymbols": False,
    "temporaryPasswordValidityDays": 3,
    "passwordHistorySize": 5,
}
FULL: Json = SILO | {
    "appClient": {
        "callbackUrls": ["https://desk.acme.example/signed-in"],
        "logoutUrls": ["https://desk.acme.example/bye"],
    },
    "security": {"mfa": "ON", "passwordPolicy": PASSWORD_POLICY},
    "region": "eu-central-1",
}
"""Every field there is; what identity providers may have beside is told apart in test_provider_contracts.py."""

REQUIRED = [
    "tenantId",
    "tenantName",
    "tier",
    "admin",
    "admin.email",
    "routing",
    "routing.subdomain",
    "identityProviders[0].name",
    "identityProviders[0].type",
]
NULLABLE = [
    "admin.name",
    "routing.tenantCode",
    "appClient",
    "security",
    "region",
]
LISTS = ["routing.emailDomains", "identityProviders", "appClient.callbackUrls", "appClient.logoutUrls"]
OBJECTS = ["", "admin", "routing", "identityProviders[0]", "appClient", "security", "security.passwordPolicy"]
STRINGS = [
    "tenantId",
    "tenantName",
    "tier",
    "admin.email",
    "admin.name",
    "routing.subdomain",
    "routing.emailDomains[0]",
    "routing.tenantCode",
    "identityProviders[0].name",
    "identityProviders[0].type",
    "identityProviders[0].metadataUrl",
    "appClient.callbackUrls[0]",
    "appClient.logoutUrls[0]",
    "security.mfa",
    "region",
]
NUMBERS = [
    "security.passwordPolicy.minimumLength",
    "security.passwordPolicy.temporaryPasswordValidityDays",
    "security.passwordPolicy.passwordHistorySize",
]
BOOLEANS = [
    "security.passwordPolicy.requireLowercase",
    "security.passwordPolicy.requireUppercase",
    "security.passwordPolicy.requireNumbers",
    "security.passwordPolicy.requireSymbols",
]
EVERYWHERE = sorted({*OBJECTS, *STRINGS, *NUMBERS, *BOOLEANS, *LISTS} - {""})


def steps_of(path: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]


def at(detail: Json, path: str) -> Json:
    """Return what is at a path, written as in our reasons."""
    for step in steps_of(path):
        detail = detail[step]
    return detail


def changed(path: str, value: Json, detail: Json = FULL) -> Json:
    """Return the event with another value at a path."""
    *parents, last = steps_of(path)
    detail = copy.deepcopy(detail)
    target = detail
    for step in parents:
        target = target[step]
    target[last] = value
    return detail


def extended(path: str, name: str, value: Json = 1) -> Json:
    """Return the event with one more field in the object at a path."""
    detail = copy.deepcopy(FULL)
    at(detail, path)[name] = value
    return detail


def without(path: str) -> Json:
    """Return the event without the field at a path."""
    *parents, last = steps_of(path)
    detail = copy.deepcopy(FULL)
    target: Json = detail
    for step in parents:
        target = target[step]
    del target[last]
    return detail


def judge(detail: Json, model: type[Contract] = TenantCreated) -> list[Reason]:
    """Return why an event is refused; nothing if it is accepted."""
    try:
        model.model_validate(detail)
    except ValidationError as error:
        return reasons(error)
    return []


def fields(detail: Json) -> list[str]:
    return [reason.field for reason in judge(detail)]


def dns_name(length: int) -> str:
    """Return a domain name of exactly that many characters."""
    labels = "".join("." if index % 60 == 30 else "d" for index in range(length - len(".example")))
    return f"{labels}.example"


def refused(path: str, words: str, *values: Json) -> list[tuple[str, Json, str]]:
    return [(path, value, words) for value in values]


# Samples


@pytest.mark.parametrize("detail", [SILO, POOL, BRIDGE, FULL], ids=["silo", "pool", "bridge", "every field"])
def test_the_samples_are_accepted(detail: Json) -> None:
    event = TenantCreated.model_validate(detail)
    assert event.federated is ("identityProviders" in detail)


def test_what_is_left_out_has_a_default() -> None:
    event = TenantCreated.model_validate(POOL)
    assert event.admin.name is None
    assert event.routing.email_domains == []
    assert event.routing.tenant_code is None
    assert event.identity_providers == []
    assert event.app_client is None
    assert event.security is None
    assert event.region is None


def test_a_silo_may_leave_its_second_factor_to_its_users() -> None:
    event = TenantCreated.model_validate(SILO | {"security": {}})
    assert event.security is not None
    assert event.security.mfa == "OPTIONAL"
    policy = event.security.password_policy
    assert (policy.minimum_length, policy.password_history_size, policy.temporary_password_validity_days) == (12, 0, 7)
    assert policy.require_lowercase
    assert policy.require_uppercase
    assert policy.require_numbers
    assert policy.require_symbols


def test_an_event_means_the_same_as_json_and_as_parsed_json() -> None:
    assert TenantCreated.model_validate_json(json.dumps(FULL)) == TenantCreated.model_validate(FULL)


def test_an_accepted_event_cannot_be_changed() -> None:
    event = TenantCreated.model_validate(POOL)
    with pytest.raises(ValidationError):
        event.tier = "silo"  # type: ignore[misc]  # that is the point


def test_events_share_no_default_list() -> None:
    one, other = TenantCreated.model_validate(POOL), TenantCreated.model_validate(POOL)
    one.routing.email_domains.append("globex.example")
    assert other.routing.email_domains == []


# Values

ACCEPTED: list[tuple[str, Json]] = [
    ("tenantId", "abc"),
    ("tenantId", "a" * 40),
    ("tenantId", "0-9"),
    ("tier", "premium"),
    ("tier", "Gold 2.0_eu-1"),
    ("tier", "7"),
    ("tier", "p" * 64),
    ("tenantName", "A"),
    ("tenantName", "n" * 200),
    ("tenantName", "🏭" * 200),
    ("tenantName", "<script>alert('Acme & \"Sons\"')</script>"),
    ("tenantName", "Ünïcödé 株式会社 ООО «Ромашка» شركة"),  # noqa: RUF001  # Cyrillic
    ("tenantName", "a\u00a0b"),
    ("tenantName", "${tenantName} {{7*7}} %s {0}"),
    ("admin.name", 'O\'Brien, "Bob" <b>'),
    ("admin.name", "n" * 200),
    ("admin.email", "a@b.co"),
    ("admin.email", "first.last+tag@acme.example"),
    ("admin.email", "o'brien_{x}/y@acme.example"),
    ("admin.email", "ADMIN@ACME.EXAMPLE"),
    ("admin.email", "admin@xn--mnchen-3ya.example"),
    ("admin.email", "admin@example.com"),
    ("admin.email", f"{'a' * 64}@acme.example"),
    ("routing.subdomain", "a"),
    ("routing.subdomain", "7"),
    ("routing.subdomain", "a" * 63),
    ("routing.subdomain", "a-b--c"),
    ("routing.subdomain", "adm1n"),
    ("routing.emailDomains", []),
    ("routing.emailDomains", ["acme.example", "mail.acme.example"]),
    ("routing.emailDomains", [f"d{number}.example" for number in range(20)]),
    ("routing.emailDomains[0]", "a.b"),
    ("routing.emailDomains[0]", dns_name(253)),
    ("routing.emailDomains[0]", f"{'l' * 63}.example"),
    ("routing.emailDomains[0]", "xn--mnchen-3ya.xn--p1ai"),
    ("routing.emailDomains[0]", "163.example"),
    ("routing.tenantCode", "A"),
    ("routing.tenantCode", "0"),
    ("routing.tenantCode", "A" + "-" * 30 + "9"),
    ("identityProviders", []),
    ("identityProviders[0].name", "s"),
    ("identityProviders[0].name", "1-" + "a" * 21),
    ("identityProviders[0].type", "SAML"),
    ("identityProviders[0].metadataUrl", "https://idp.acme.example"),
    ("identityProviders[0].metadataUrl", "https://IDP.Acme.Example:8443/app/x/sso/saml/metadata?appid=1&x=%2F~"),
    ("identityProviders[0].metadataUrl", "https://idp.acme.example?entity=1"),
    ("identityProviders[0].metadataUrl", "https://idp.acme.example:65535/"),
    ("identityProviders[0].metadataUrl", "https://idp.acme.example/".ljust(2048, "a")),
    ("identityProviders[0].metadataUrl", "https://1.2.3.acme.example/"),
    ("appClient", {}),
    ("appClient", {"callbackUrls": []}),
    ("appClient", {"callbackUrls": [f"https://acme.example/{number}" for number in range(20)]}),
    ("appClient.callbackUrls[0]", "https://acme.example"),
    ("appClient.callbackUrls[0]", "https://acme.example:8443/a?next=%2Fhome&user=a@b"),
    ("appClient.callbackUrls[0]", "https://acme.app.example/auth/callback"),
    ("appClient.logoutUrls[0]", "https://acme.example/".ljust(1024, "a")),
    ("appClient.logoutUrls", ["https://acme.example/bye", "https://acme.example/Bye"]),
    ("security", {}),
    ("security.mfa", "OFF"),
    ("security.mfa", "OPTIONAL"),
    ("security.mfa", "ON"),
    ("security.passwordPolicy.minimumLength", 8),
    ("security.passwordPolicy.minimumLength", 99),
    ("security.passwordPolicy", {}),
    ("security.passwordPolicy.temporaryPasswordValidityDays", 1),
    ("security.passwordPolicy.temporaryPasswordValidityDays", 365),
    ("security.passwordPolicy.passwordHistorySize", 0),
    ("security.passwordPolicy.passwordHistorySize", 24),
    ("security.passwordPolicy.requireLowercase", False),
    ("region", "us-east-1"),
    ("region", "us-gov-west-1"),
    ("region", "ap-southeast-7"),
    ("region", "eusc-de-east-1"),
    *((path, None) for path in NULLABLE),
]

UNSEEN_WORDS = "must not contain line breaks, control, invisible or unassigned characters"
SPACE_WORDS = "must not begin or end with white space"
ID_WORDS = "must be 3 to 40 characters, each a lower-case letter a-z, a digit or a hyphen"
LABEL_WORDS = "must be a DNS label: 1 to 63 characters of a-z, 0-9 and hyphen"
ENCODED_WORDS = "must not have hyphens in the third and fourth place"
DOMAIN_WORDS = "must be a domain name in lower case such as acme.example, at most 253 characters"
CODE_WORDS = "must be 1 to 32 characters of A-Z, 0-9 and hyphen, with no hyphen at either end"
PROVIDER_WORDS = "must be 1 to 23 characters of A-Z, a-z, 0-9 and hyphen, with no hyphen first"
TYPE_WORDS = "must be one of SAML, OIDC, Google, Facebook, SignInWithApple, LoginWithAmazon"
HTTPS_WORDS = "must be an https:// address with a domain name, such as https://idp.acme.example/metadata"
TIER_WORDS = "must be a tier or a plan: 1 to 64 letters, digits, spaces, dots, hyphens and underscores"
MFA_WORDS = "must be 'OFF', 'OPTIONAL' or 'ON'"
REGION_WORDS = "must be an AWS Region such as eu-central-1"

TOO_MANY_DOMAINS = [f"d{number}.example" for number in range(21)]
TOO_MANY_PROVIDERS = SILO["identityProviders"] * 21
LONG_ADDRESS = "https://idp.acme.example/".ljust(2049, "a")
DOMAIN = "routing.emailDomains[0]"
PROVIDER = "identityProviders[0].name"
METADATA = "identityProviders[0].metadataUrl"
CALLBACK = "appClient.callbackUrls[0]"
LOGOUT = "appClient.logoutUrls[0]"
LENGTH = "security.passwordPolicy.minimumLength"
DAYS = "security.passwordPolicy.temporaryPasswordValidityDays"
HISTORY = "security.passwordPolicy.passwordHistorySize"

REFUSED: list[tuple[str, Json, str]] = [
    *refused("tenantId", ID_WORDS, "", "ab", "a" * 41, "a" * 300),
    *refused(
        "tenantId", ID_WORDS, "Acme", "ac me", " acme", "acme\n", "acme_1", "acme.1", "acme/1", "acme#1", "acme\0"
    ),
    *refused("tenantId", ID_WORDS, "acmé", "аcme", "ａcme", "acme\u0131", "١٢٣", "acme\u200b"),  # noqa: RUF001  # homographs
    *refused("tenantId", "must not be summary, a path that the status API has for itself", "summary"),
    *refused("tenantName", "must not be empty", ""),
    *refused("tenantName", "must have at most 200 characters", "n" * 201),
    *refused("tenantName", SPACE_WORDS, " ", " Acme", "Acme\u3000", "Acme\r\n"),
    *refused("admin.name", "must not be empty", ""),
    *refused("admin.name", "must have at most 200 characters", "n" * 201),
    *refused("tier", TIER_WORDS, "", "silo ", " silo", "-silo", "gold!", "gold\n", "gοld", "g" * 65),  # noqa: RUF001  # Greek
    *refused("routing.subdomain", LABEL_WORDS, "", "a" * 64, "a" * 300, "-acme", "acme-", "-"),
    *refused("routing.subdomain", LABEL_WORDS, "Acme", "acme.eu", "acme_eu", "*", "acme\n", "ac\u200bme"),
    *refused("routing.subdomain", LABEL_WORDS, "аcme", "ａｃｍｅ", "adm\u0131n", "\u212aey"),  # noqa: RUF001  # homographs
    *refused("routing.subdomain", ENCODED_WORDS, "xn--cme-7cd", "ab--cd"),
    *refused(DOMAIN, DOMAIN_WORDS, "", "acme", f"{'l' * 64}.example", dns_name(254), "a." * 50_000),
    *refused(DOMAIN, DOMAIN_WORDS, "acme.example.", ".acme.example", "acme..example", "-acme.example", "acme-.example"),
    *refused(
        DOMAIN, DOMAIN_WORDS, "Acme.example", "@acme.example", "*.acme.example", "acme.example\n", "acme_x.example"
    ),
    *refused(DOMAIN, DOMAIN_WORDS, "192.0.2.7", "acme.123", "аcme.example", "münchen.example"),  # noqa: RUF001  # Cyrillic a
    *refused("routing.emailDomains", "must have at most 20 items", TOO_MANY_DOMAINS),
    *refused("routing.tenantCode", CODE_WORDS, "", "A" * 33, "-A", "A-", "-", "acme", "A_B", "A B", "A#B", "A\n"),
    *refused("routing.tenantCode", CODE_WORDS, "ＡＢ", "Α"),  # noqa: RUF001  # full-width, Greek
    *refused("identityProviders", "must have at most 20 items", TOO_MANY_PROVIDERS),
    *refused(PROVIDER, PROVIDER_WORDS, "", "a" * 24, "_sso", "my_sso", "-sso", "my sso", "my/sso", "sso\n", "ssö", "٣"),
    *refused("identityProviders[0].type", TYPE_WORDS, "saml", "LDAP", ""),
    *refused(METADATA, "is required for type SAML", None),
    *refused(METADATA, "must have at most 2048 characters", LONG_ADDRESS),
    *refused(
        METADATA, HTTPS_WORDS, "", "https://", "http://idp.acme.example/", "HTTPS://idp.acme.example/", "//a.example"
    ),
    *refused(METADATA, HTTPS_WORDS, "idp.acme.example", "javascript:alert(1)", "file:///etc/passwd"),
    *refused(METADATA, HTTPS_WORDS, "https://localhost/", "https://169.254.169.254/latest", "https://[::1]/"),
    *refused(METADATA, HTTPS_WORDS, "https://user:word@idp.acme.example/", "https://a.example\\@evil.example/"),
    *refused(
        METADATA, HTTPS_WORDS, "https://-idp.acme.example/", "https://idp..example/", "https://idp.\u212acme.example/"
    ),
    *refused(METADATA, HTTPS_WORDS, "https://a.example:/", "https://a.example:0/", "https://a.example:65536/"),
    *refused(METADATA, HTTPS_WORDS, "https://a.example:٤٤٣/", "https://a.example/a b", "https://a.example/é"),
    *refused(METADATA, HTTPS_WORDS, 'https://a.example/"><script>', "https://a.example/\n", "https://a.example/#there"),
    *refused(METADATA, HTTPS_WORDS, "https://a.example/%", "https://a.example/%zz"),
    *refused(METADATA, HTTPS_WORDS, "https://192.0.2.7/", "https://192.0.2.0x7/", "https://0x7f.1/", "https://a.0x/"),
    *refused(CALLBACK, "must have at most 1024 characters", "https://acme.example/".ljust(1025, "a")),
    *refused(LOGOUT, "must have at most 1024 characters", "https://acme.example/".ljust(1025, "a")),
    *refused(CALLBACK, HTTPS_WORDS, "", "http://acme.example/", "http://localhost:3000/", "acme://signed-in", "/cb"),
    *refused(
        CALLBACK, HTTPS_WORDS, "https://acme.example/#", "https://acme.example/cb#token", "https://*.acme.example"
    ),
    *refused(CALLBACK, HTTPS_WORDS, "https://a:b@acme.example/", "https://acme.example@evil.example/", "https://a"),
    *refused(CALLBACK, HTTPS_WORDS, "https://192.0.2.7/cb", "https://[2001:db8::1]/cb", "https://192.0.2.0x7/cb"),
    *refused(LOGOUT, HTTPS_WORDS, "http://acme.example/", "https://acme.example/#", "https://a:b@acme.example/"),
    *refused(
        LOGOUT, HTTPS_WORDS, "https://acme.example\\@evil.example", "https://acme.example/ ", "javascript:alert(1)"
    ),
    *refused("appClient.callbackUrls", "must have at most 20 items", [f"https://a.example/{n}" for n in range(21)]),
    *refused("appClient.logoutUrls", "must have at most 20 items", [f"https://a.example/{n}" for n in range(21)]),
    *refused(DAYS, "must be at least 1", 0, -1),
    *refused(DAYS, "must be at most 365", 366),
    *refused(HISTORY, "must be at least 0", -1),
    *refused(HISTORY, "must be at most 24", 25, 10**30),
    *refused("security.passwordPolicy.requireSymbols", "must be true or false", 0, "true", None),
    *refused("security.mfa", MFA_WORDS, "optional", "SMS", "", None),
    *refused(LENGTH, "must be at least 8", 7, 0, -1, -(10**30)),
    *refused(LENGTH, "must be at most 99", 100, 10**30),
    *refused(LENGTH, "must be a whole number", True, 14.0, "14"),
    *refused("region", REGION_WORDS, "", "eu", "eu-central", "EU-CENTRAL-1", "eu_central_1", "eu-central-1a"),
    *refused(
        "region", REGION_WORDS, "eu-central-123", "europe-west1", "e-central-1", "eu-central-1\n", "eu-central-1 "
    ),
    *refused("region", REGION_WORDS, "eu" + "-a" * 50_000 + "-1"),
]

EMAIL_WORDS = "must be an email address"
REFUSED_EMAILS: list[tuple[str, str]] = [
    ("", "must have an @-sign"),
    ("acme.example", "must have an @-sign"),
    ("@acme.example", "There must be something before the @-sign"),
    ("admin@", "There must be something after the @-sign"),
    ("admin@acme", "It should have a period"),
    ("admin@localhost", "It should have a period"),
    ("admin@acme.test", "special-use or reserved"),
    ("admin@acme.localhost", "special-use or reserved"),
    ("admin@acme.invalid", "special-use or reserved"),
    ("admin@acme.local", "special-use or reserved"),
    ("admin@acme.example.", "cannot end with a period"),
    ("admin@acme..example", "two periods in a row"),
    ("admin@.acme.example", "period immediately after the @-sign"),
    ("admin.@acme.example", "period immediately before the @-sign"),
    ("ad..min@acme.example", "two periods in a row"),
    ('"admin"@acme.example', "Quoting the part before the @-sign is not allowed"),
    ('"ad min"@acme.example', "Quoting the part before the @-sign is not allowed"),
    ("Admin <admin@acme.example>", "must be an email address"),
    ("admin@acme.example, b@acme.example", "must be an email address"),
    ("admin@acme.example\r\nBcc: b@acme.example", "must be an email address"),
    ("admin@acme.example\n", "must be an email address"),
    (" admin@acme.example", "must be an email address"),
    ("admin@[192.0.2.7]", "bracketed IP address"),
    ("admin@192.0.2.7", "not within a valid top-level domain"),
    ("ad min@acme.example", "invalid characters before the @-sign"),
    ("admin@ac_me.example", "invalid characters"),
    ("admin@acme@acme.example", "invalid characters"),
    ("admin@xn--zzzzz-99.example", "not valid IDNA"),
    ("admin@münchen.example", "ASCII"),
    ("ädmin@acme.example", "ASCII"),
    ("аdmin@acme.example", "ASCII"),  # noqa: RUF001  # Cyrillic a
    ("admin＠acme.example", "ASCII"),  # noqa: RUF001  # full-width at-sign
    (f"{'a' * 65}@acme.example", "too long before the @-sign"),
    (f"a@{'l' * 64}.example", "must be an email address"),
    (f"{'a' * 50}@{dns_name(EMAIL_MAX + 1 - 51)}", "at most 254 ASCII characters"),
    ("a" * 100_000, "at most 254 ASCII characters"),
]

UNSEEN = {
    "null": "\0",
    "line feed": "\n",
    "carriage return": "\r",
    "tab": "\t",
    "escape": "\x1b",
    "delete": "\x7f",
    "next line": "\x85",
    "soft hyphen": "\u00ad",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "right-to-left mark": "\u200f",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "right-to-left override": "\u202e",
    "word joiner": "\u2060",
    "right-to-left isolate": "\u2067",
    "byte order mark": "\ufeff",
    "tag letter": "\U000e0041",
    "private use": "\ue000",
    "noncharacter": "\uffff",
    "Hangul filler": "\u3164",
    "blank Braille pattern": "\u2800",
    "combining grapheme joiner": "\u034f",
    "inherent vowel of Khmer": "\u17b4",
}


def short(value: Json) -> str:
    return ascii(value)[:40]


@pytest.mark.parametrize(("path", "value"), ACCEPTED, ids=short)
def test_a_value_within_its_bounds_is_accepted(path: str, value: Json) -> None:
    detail = changed(path, value)
    assert judge(detail) == []
    assert schema_problems(detail) == []


@pytest.mark.parametrize(("path", "value"), ACCEPTED, ids=short)
def test_an_accepted_event_is_accepted_again_when_it_is_read_back_from_the_record(path: str, value: Json) -> None:
    event = TenantCreated.model_validate(changed(path, value))
    assert TenantCreated.model_validate_json(event.model_dump_json(by_alias=True)) == event


@pytest.mark.parametrize(("path", "value", "words"), REFUSED, ids=short)
def test_a_value_out_of_bounds_is_refused_by_its_path_in_words(path: str, value: Json, words: str) -> None:
    [reason] = judge(changed(path, value))
    assert reason.field == path
    assert words in reason.message


@pytest.mark.parametrize(("value", "words"), REFUSED_EMAILS, ids=short)
def test_an_address_that_mail_cannot_reach_is_refused_in_words(value: str, words: str) -> None:
    [reason] = judge(changed("admin.email", value))
    assert reason.field == "admin.email"
    assert reason.message.startswith(EMAIL_WORDS)
    assert words in reason.message


@pytest.mark.parametrize("character", UNSEEN.values(), ids=UNSEEN)
@pytest.mark.parametrize("path", ["tenantName", "admin.name"])
def test_a_name_with_a_character_that_cannot_be_seen_is_refused(path: str, character: str) -> None:
    [reason] = judge(changed(path, f"Ac{character}me"))
    assert (reason.field, reason.message) == (path, UNSEEN_WORDS)


@pytest.mark.parametrize("name", sorted(RESERVED_SUBDOMAINS))
def test_a_reserved_subdomain_is_refused(name: str) -> None:
    [reason] = judge(changed("routing.subdomain", name))
    assert reason == Reason(
        field="routing.subdomain", message="is reserved for the product's own hosts; choose another"
    )


@pytest.mark.parametrize("name", ["www", "api", "admin", "mail", "login", "localhost", "wpad", "cognito"])
def test_the_hosts_that_a_tenant_must_never_have_are_reserved(name: str) -> None:
    assert name in RESERVED_SUBDOMAINS


@pytest.mark.parametrize(
    "path", ["identityProviders[0].type", "tier", "security.mfa", "routing.subdomain", "tenantId", "admin.email"]
)
def test_a_regular_expression_is_never_shown_to_an_emitter(path: str) -> None:
    [reason] = judge(changed(path, "?"))
    assert not re.search(r"[\^\\$]|\[.*\]|pattern", reason.message)


def test_an_email_address_is_kept_in_lower_case() -> None:
    event = TenantCreated.model_validate(changed("admin.email", "First.Last+Tag@XN--Mnchen-3YA.Example"))
    assert event.admin.email == "first.last+tag@xn--mnchen-3ya.example"


def test_an_email_address_may_have_254_characters() -> None:
    address = f"{'a' * 64}@{dns_name(EMAIL_MAX - 65)}"
    assert len(address) == EMAIL_MAX
    assert TypeAdapter(EmailAddress).validate_python(address) == address


@pytest.mark.parametrize("tenant_id", ["abc", "a" * 40])
@pytest.mark.parametrize("too_many", [0, 1])
def test_tenant_id_and_address_fit_into_one_user_name_of_cognito(tenant_id: str, too_many: int) -> None:
    room = USERNAME_MAX - len(f"{tenant_id}/")
    address = "Admin@" + dns_name(room + too_many - len("Admin@"))
    assert len(f"{tenant_id}/{address}") == USERNAME_MAX + too_many
    found = judge(changed("tenantId", tenant_id, changed("admin.email", address)))
    message = f"must have at most {room} characters: with the tenant id it makes a user name of 128"
    assert found == [Reason(field="admin.email", message=message)] * too_many


def test_a_domain_listed_twice_is_refused_where_it_is_repeated() -> None:
    found = judge(changed("routing.emailDomains", ["a.example", "b.example", "a.example"]))
    assert found == [Reason(field="routing.emailDomains[2]", message="is listed twice")]


@pytest.mark.parametrize("field", ["callbackUrls", "logoutUrls"])
def test_an_address_listed_twice_is_refused_where_it_is_repeated(field: str) -> None:
    addresses = ["https://acme.example/a", "https://acme.example/b", "https://acme.example/b"]
    found = judge(changed(f"appClient.{field}", addresses))
    assert found == [Reason(field=f"appClient.{field}[2]", message="is listed twice")]


def test_callback_and_logout_may_be_one_address() -> None:
    address = ["https://acme.example/"]
    assert judge(changed("appClient", {"callbackUrls": address, "logoutUrls": address})) == []


@pytest.mark.parametrize("name", ["AcmeSSO", "acmesso", "ACMESSO"])
def test_a_second_provider_of_a_name_is_refused_by_its_path_whatever_its_capitals(name: str) -> None:
    first = SILO["identityProviders"][0]
    [reason] = judge(changed("identityProviders", [first, first | {"name": "Other"}, first | {"name": name}]))
    assert reason.field == "identityProviders[2].name"
    assert reason.message == "is the name of two providers; capitals make no difference"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("abc", True), ("a" * 40, True), ("ab", False), ("a" * 41, False), ("ABC", False), ("abc\n", False)]
    + [(value, False) for value in (None, 123, True, ["abc"], {"abc": 1}, "\ud800bc", "аbc")],  # noqa: RUF001  # Cyrillic
)
def test_any_value_can_be_asked_whether_it_could_be_a_tenant_id(value: Json, expected: bool) -> None:
    assert is_tenant_id(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("pool", True), ("Gold 2.0", True), ("a", True), ("", False), ("a ", False), ("a" * 65, False), ("gold\n", False)]
    + [(value, False) for value in (None, 1, True, ["pool"], {"pool": 1}, "\ud800", "gοld")],  # noqa: RUF001  # Greek
)
def test_any_value_can_be_asked_whether_it_could_be_a_plan(value: Json, expected: bool) -> None:
    assert is_plan_name(value) is expected


# Strictness

KINDS: dict[str, tuple[Json, ...]] = {
    "null": (None,),
    "boolean": (True, False),
    "integer": (0, 1),
    "number": (1.5, float("nan")),
    "string": ("text", ""),
    "array": ([], ["text"], [None]),
    "object": ({"text": 1},),
}


def kind_of(path: str) -> str:
    if path in OBJECTS:
        return "object"
    if path in LISTS:
        return "array"
    if path in BOOLEANS:
        return "boolean"
    return "integer" if path in NUMBERS else "string"


WRONG_TYPES = [
    (path, value)
    for path in EVERYWHERE
    for kind, values in KINDS.items()
    if kind != kind_of(path) and not (kind == "null" and path in NULLABLE)
    for value in values
]


@pytest.mark.parametrize(("path", "value"), WRONG_TYPES, ids=short)
def test_a_value_of_another_json_type_is_refused_by_its_path(path: str, value: Json) -> None:
    assert fields(changed(path, value)) == [path]


@pytest.mark.parametrize("path", REQUIRED)
def test_a_required_field_that_is_missing_is_named(path: str) -> None:
    assert judge(without(path)) == [Reason(field=path, message="is required")]


@pytest.mark.parametrize("path", REQUIRED)
def test_null_is_no_value_for_a_required_field(path: str) -> None:
    assert fields(changed(path, None)) == [path]


@pytest.mark.parametrize("path", [*NULLABLE, *LISTS, *NUMBERS, *BOOLEANS, "security.mfa", "security.passwordPolicy"])
def test_an_optional_field_may_be_left_out(path: str) -> None:
    assert judge(without(path)) == []


def test_every_field_is_either_required_or_optional_in_these_tests() -> None:
    optional = {*NULLABLE, *LISTS, *NUMBERS, *BOOLEANS, "security.mfa", "security.passwordPolicy", METADATA}
    items = {"identityProviders[0]", DOMAIN, CALLBACK, LOGOUT}
    assert {*REQUIRED, *optional, *items} == set(EVERYWHERE)
    assert leaves_of(FULL) == {path for path in EVERYWHERE if kind_of(path) not in ("object", "array")}


def leaves_of(detail: Json, path: str = "") -> set[str]:
    if isinstance(detail, dict):
        return set().union(*(leaves_of(value, f"{path}.{name}".lstrip(".")) for name, value in detail.items()))
    if isinstance(detail, list):
        return set().union(*(leaves_of(value, f"{path}[{index}]") for index, value in enumerate(detail)))
    return {path}


def joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


@pytest.mark.parametrize("path", OBJECTS)
@pytest.mark.parametrize("name", ["surprise", "password", "Region", "__proto__", "tenant-name"])
def test_an_unknown_field_is_refused_by_its_path_at_every_level(path: str, name: str) -> None:
    expected = Reason(field=joined(path, name), message="is not a field of this event; remove it")
    assert judge(extended(path, name)) == [expected]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("", "tenant_id"),
        ("", "tenant_name"),
        ("", "identity_providers"),
        ("", "app_client"),
        ("appClient", "callback_urls"),
        ("appClient", "callbackURLs"),
        ("routing", "email_domains"),
        ("routing", "tenant_code"),
        ("identityProviders[0]", "metadata_url"),
        ("security", "password_policy"),
        ("security.passwordPolicy", "minimum_length"),
        ("security.passwordPolicy", "requireLowerCase"),
        ("", "TenantId"),
        ("", "tenantid"),
        ("", "tenantID"),
    ],
)
def test_a_field_has_one_spelling_which_is_camel_case(path: str, name: str) -> None:
    assert fields(extended(path, name)) == [joined(path, name)]


@pytest.mark.parametrize("detail", [None, True, 0, 1.5, "text", [], [POOL], json.dumps(POOL)], ids=short)
def test_a_detail_that_is_no_object_is_refused_as_a_whole(detail: Json) -> None:
    assert judge(detail) == [Reason(field="detail", message="must be a JSON object")]


@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"tenantId": "\\ud800"}', "[" * 100_000], ids=short)
def test_text_that_is_no_json_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TenantCreated.model_validate_json(text)
    [reason] = reasons(caught.value)
    assert reason.field == "detail"
    assert reason.message.startswith("Invalid JSON")


def test_everything_wrong_is_said_at_once() -> None:
    detail = {"tenantId": "A", "tier": "gold!", "admin": {"email": "x"}, "routing": {"subdomain": "www"}, "plan": 1}
    assert fields(detail) == ["tenantId", "tenantName", "tier", "admin.email", "routing.subdomain", "plan"]


# Hostile input

LONG = 100_000


@pytest.mark.parametrize("path", STRINGS)
@pytest.mark.parametrize("value", ["\ud800", "acme\udfff", "\udc00\ud800"], ids=ascii)
def test_a_lone_surrogate_is_refused_in_every_value(path: str, value: str) -> None:
    [reason] = judge(changed(path, value))
    assert reason.field == path
    reason.model_dump_json().encode()


@pytest.mark.parametrize("path", OBJECTS)
def test_a_lone_surrogate_is_refused_in_every_name(path: str) -> None:
    for name in ("\ud800", "tenantId\udfff", "\udc00\ud800"):
        [reason] = judge(extended(path, name))
        assert reason == Reason(field=path or "detail", message="must be valid Unicode")


@pytest.mark.parametrize("path", STRINGS)
@pytest.mark.parametrize("unit", ["a", "a.", "-", "@", "é", "https://", "a@a.example "])
def test_a_string_of_100_kb_is_refused_at_once(path: str, unit: str) -> None:
    [reason] = judge(changed(path, (unit * LONG)[:LONG]))
    assert reason.field == path
    assert len(reason.message) <= TEXT_MAX


@pytest.mark.parametrize("path", OBJECTS)
@pytest.mark.parametrize(
    "name",
    ["x" * LONG, "名" * LONG, "", "jane.doe@acme.example", "Jane Doe", "a.b", *(f"a{c}b" for c in UNSEEN.values())],
    ids=lambda name: ascii(name[:12]),
)
def test_an_unknown_name_that_looks_like_no_fields_is_not_repeated(path: str, name: str) -> None:
    assert fields(extended(path, name)) == [f"{path}.(unreadable name)".lstrip(".")]


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("brackets", [("[", "1", "]"), ('{"a":', "1", "}")], ids=["arrays", "objects"])
def test_deep_nesting_is_refused_where_it_begins(path: str, brackets: tuple[str, str, str]) -> None:
    opening, middle, closing = brackets
    deep = json.loads(opening * 900 + middle + closing * 900)
    found = fields(changed(path, deep))
    assert found
    assert all(field.startswith(path) for field in found)


def test_deep_nesting_in_an_unknown_field_is_refused_by_that_name() -> None:
    assert fields(extended("", "deep", json.loads("[" * 900 + "]" * 900))) == ["deep"]


def test_there_are_no_more_reasons_than_anybody_reads() -> None:
    detail = FULL | {f"field{number}": number for number in range(LONG)}
    assert len(judge(detail)) == REASONS_MAX
    assert judge({"tier": "gold!", **detail} | {"tenantId": 1})[0].field == "tenantId"


def test_the_longest_rejection_fits_into_one_item_with_the_raw_event() -> None:
    longest = REASONS_MAX * (TEXT_MAX + TEXT_MAX) * len("🏭".encode())
    assert longest + 64 * 1024 < 400_000  # DynamoDB: 400 KB an item


MARKER = "SECRET-MARKER-xyz"
around = st.text(max_size=20) | st.sampled_from(["", "a@", "@a.example", "https://", "xn--", "'", '"', "<", "(", ":"])
marked = st.builds("{}{}{}".format, around, st.sampled_from([MARKER, MARKER.lower(), MARKER.upper()]), around)
marked_values = st.recursive(
    marked,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(st.just("known"), inner, min_size=1),
    max_leaves=4,
)


@bounded
@given(st.dictionaries(st.sampled_from(EVERYWHERE), marked_values, min_size=1, max_size=4))
@example({"admin.email": f'"{MARKER}"@acme.example'})
@example({"admin.email": f"admin@{MARKER}_.example"})
@example({"admin.email": f"admin@acme.example {MARKER}"})
@example({"identityProviders[0].metadataUrl": f"https://user:{MARKER}@idp.acme.example/"})
def test_a_reason_repeats_no_value_that_was_received(values: dict[str, Json]) -> None:
    detail = copy.deepcopy(FULL)
    for path in sorted(values):  # what holds others comes first
        try:
            detail = changed(path, values[path], detail)
        except (TypeError, KeyError, IndexError):
            continue  # its place was taken by a marked value
    for reason in judge(detail):
        assert MARKER.lower() not in reason.model_dump_json().lower()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("admin@xn--ls8h.example", "💩"),
        ("admin@xn--1ch.example", "≠"),
        ("ad;min@acme.example", ";"),
        ("admin@ac%me.example", "%"),
        ("<b>@acme.example", "<"),
    ],
)
def test_a_reason_repeats_no_character_of_an_address(value: str, shown: str) -> None:
    [reason] = judge(changed("admin.email", value))
    assert shown not in reason.message


def json_values(characters: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    text = st.text(characters, max_size=20)
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | text
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
        max_leaves=10,
    )


any_character = st.characters(exclude_categories=())
"""Lone surrogates too: `json.loads` makes them of escapes."""
any_json = json_values(any_character)
field_names = st.sampled_from([*(steps_of(path)[-1] for path in STRINGS if not path.endswith("]")), "admin", "routing"])
near_misses = st.builds(changed, st.sampled_from(EVERYWHERE), any_json) | st.builds(
    extended, st.sampled_from(OBJECTS), st.text(any_character, max_size=20), any_json
)
any_detail = any_json | near_misses | st.dictionaries(field_names, any_json)


@bounded
@given(any_detail)
def test_whatever_a_detail_is_it_is_accepted_or_refused_with_reasons_that_can_be_sent(detail: Json) -> None:
    try:
        event = TenantCreated.model_validate(detail)
    except ValidationError as error:
        found = reasons(error)
        assert 0 < len(found) <= REASONS_MAX
        for reason in found:
            assert reason.field
            assert reason.message
            assert max(len(reason.field), len(reason.message)) <= TEXT_MAX
            assert not reason.message.startswith(("Input ", "String ", "List ", "Value ", "Extra ", "Field "))
            json.dumps(reason.model_dump(), ensure_ascii=False).encode()
    else:
        assert TenantCreated.model_validate_json(event.model_dump_json(by_alias=True)) == event
        assert schema_problems(detail) == []


@bounded
@given(st.text(any_character, max_size=100) | st.text(st.sampled_from("aA0@.-_+'\"<>[]()xn \\:,"), max_size=100))
@example("a@xn--a.xn--")
@example("@[IPv6:::1]")
def test_whatever_an_address_is_it_is_accepted_or_refused(value: str) -> None:
    if not judge(changed("admin.email", value)):
        address = TenantCreated.model_validate(changed("admin.email", value)).admin.email
        assert address == value.lower()
        assert judge(changed("admin.email", address)) == []


# JSON Schemas

VALIDATORS = {
    name: Draft202012Validator(json_schema(name), format_checker=Draft202012Validator.FORMAT_CHECKER)
    for name in Contracts.ALL
}


def schema_problems(detail: Json, detail_type: str = "TenantCreated") -> list[str]:
    return [error.message for error in VALIDATORS[detail_type].iter_errors(detail)]


label = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
domain = st.builds("{}.{}".format, label, st.sampled_from(["example", "co.uk", "xn--p1ai"]))
visible_name = st.text(
    st.characters(categories=["L", "N", "P", "S"], exclude_characters="\u115f\u1160\u2800\u3164\uffa0"),
    min_size=1,
    max_size=200,
)
address = st.builds("https://{}/{}".format, domain, st.from_regex(r"[a-z/?=&]{0,100}", fullmatch=True))
provider: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {
        "name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,22}", fullmatch=True),
        "type": st.just("SAML"),
        "metadataUrl": address,
    },
    optional={
        "metadataDocument": st.none(),
        "attributeMapping": st.none()
        | st.dictionaries(
            st.sampled_from(["email", "name", "given_name", "zoneinfo"]),
            st.from_regex(r"[A-Za-z0-9:/._-]{1,256}", fullmatch=True),
            min_size=1,
        ),
    },
)
well_formed: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {
        "tenantId": st.from_regex(r"[a-z0-9-]{3,40}", fullmatch=True),
        "tenantName": visible_name,
        "tier": st.sampled_from(["pool", "bridge", "silo"])
        | st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?", fullmatch=True),
        "admin": st.fixed_dictionaries(
            {"email": st.from_regex(r"[A-Za-z0-9+_'-]{1,64}@[a-z]{1,10}\.(example|com)", fullmatch=True)},
            optional={"name": st.none() | visible_name},
        ),
        "routing": st.fixed_dictionaries(
            {"subdomain": label.filter(lambda text: text[2:4] != "--" and text not in RESERVED_SUBDOMAINS)},
            optional={
                "emailDomains": st.lists(domain, max_size=20, unique=True),
                "tenantCode": st.none() | st.from_regex(r"[A-Z0-9]([A-Z0-9-]{0,30}[A-Z0-9])?", fullmatch=True),
            },
        ),
    },
    optional={
        "identityProviders": st.lists(
            provider, max_size=20, unique_by=(lambda one: one["name"].lower(), lambda one: one["metadataUrl"])
        ),
        "appClient": st.none()
        | st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(["callbackUrls", "logoutUrls"], st.lists(address, max_size=20, unique=True)),
        ),
        "security": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "mfa": st.sampled_from(["OFF", "OPTIONAL", "ON"]),
                "passwordPolicy": st.fixed_dictionaries(
                    {},
                    optional={
                        "minimumLength": st.integers(8, 99),
                        "temporaryPasswordValidityDays": st.integers(1, 365),
                        "passwordHistorySize": st.integers(0, 24),
                        "requireLowercase": st.booleans(),
                        "requireSymbols": st.booleans(),
                    },
                ),
            },
        ),
        "region": st.none() | st.sampled_from(botocore.session.get_session().get_available_regions("cognito-idp")),
    },
)


@bounded
@given(well_formed)
def test_every_well_formed_event_is_accepted_by_model_and_schema(detail: Json) -> None:
    assert judge(detail) == []
    assert schema_problems(detail) == []


@pytest.mark.parametrize("detail_type", Contracts.ALL)
def test_the_schema_of_every_event_is_a_valid_json_schema(detail_type: str) -> None:
    schema = json_schema(detail_type)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == detail_type
    assert schema["description"]
    assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize("detail_type", Contracts.ALL)
def test_a_schema_names_only_camel_case_fields_and_allows_no_others(detail_type: str) -> None:
    schema = json_schema(detail_type)
    for part in (schema, *schema.get("$defs", {}).values()):
        assert part["additionalProperties"] is False
        assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name) for name in part["properties"])


def test_there_is_no_schema_of_an_unknown_event() -> None:
    with pytest.raises(KeyError):
        json_schema("TenantDeleted")


@pytest.mark.parametrize("path", REQUIRED)
def test_the_schema_too_misses_a_required_field(path: str) -> None:
    assert schema_problems(without(path))


@pytest.mark.parametrize("path", OBJECTS)
def test_the_schema_too_refuses_an_unknown_field(path: str) -> None:
    assert schema_problems(extended(path, "surprise"))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("tenantId", "ab"),
        ("tenantId", "a" * 41),
        ("tenantName", ""),
        ("tenantName", "n" * 201),
        ("tier", "gold!"),
        ("tier", ""),
        ("tier", "g" * 65),
        ("admin.email", f"a@{dns_name(EMAIL_MAX - 1)}"),
        ("routing.subdomain", "a" * 64),
        ("routing.emailDomains", ["a.example"] * 21),
        ("routing.tenantCode", "A" * 33),
        ("identityProviders[0].name", "a" * 24),
        ("identityProviders[0].name", "my_sso"),
        ("identityProviders[0].type", "LDAP"),
        ("security.passwordPolicy.minimumLength", 7),
        ("security.passwordPolicy.minimumLength", 100),
        ("security.passwordPolicy.passwordHistorySize", 25),
        ("security.passwordPolicy.temporaryPasswordValidityDays", 0),
        ("security.passwordPolicy.requireNumbers", "yes"),
        ("appClient.callbackUrls", [f"https://a.example/{number}" for number in range(21)]),
        ("appClient.callbackUrls[0]", "https://acme.example/".ljust(1025, "a")),
        ("appClient.logoutUrls[0]", 7),
        ("identityProviders", SILO["identityProviders"] * 21),
        ("region", "europe"),
    ],
    ids=short,
)
def test_the_schema_too_knows_the_bounds_that_a_schema_can_express(path: str, value: Json) -> None:
    assert schema_problems(changed(path, value))


# What AWS allows


def aws_shape(service: str, shape: str) -> Json:
    return botocore.session.get_session().get_service_model(service).shape_for(shape)


def test_the_limits_are_those_of_cognito() -> None:
    assert aws_shape("cognito-idp", "UsernameType").metadata["max"] == USERNAME_MAX
    provider_name = aws_shape("cognito-idp", "ProviderNameTypeV2").metadata
    assert provider_name["max"] == len("0123abcd-") + PROVIDER_NAME_MAX
    assert provider_name["pattern"].endswith(r"[^_\p{Z}]+")  # so no underscore
    assert aws_shape("cognito-idp", "PasswordPolicyMinLengthType").metadata["max"] == 99
    assert aws_shape("cognito-idp", "PasswordHistorySizeType").metadata["max"] == 24
    assert aws_shape("cognito-idp", "TemporaryPasswordValidityDaysType").metadata["max"] == 365
    assert aws_shape("cognito-idp", "RedirectUrlType").metadata["max"] == 1024
    assert set(PROVIDER_TYPES) == set(aws_shape("cognito-idp", "IdentityProviderTypeType").enum)


def test_the_longest_tenant_id_leaves_room_in_the_names_that_aws_limits() -> None:
    longest = "a" * 40
    assert len(f"{longest}-{10**9}") <= aws_shape("stepfunctions", "Name").metadata["max"]
    assert len(longest) <= aws_shape("cognito-idp", "GroupNameType").metadata["max"]
    assert len(f"/tenant-onboarding/tenants/{longest}") <= 1011  # Systems Manager's documentation of PutParameter


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-eusc"])
def test_every_region_that_the_sdk_knows_is_a_region_to_us(partition: str) -> None:
    regions = botocore.session.get_session().get_available_regions("dynamodb", partition_name=partition)
    assert regions
    for region in regions:
        assert judge(changed("region", region)) == []


# Fingerprints


def test_order_and_spacing_do_not_change_a_fingerprint() -> None:
    reverse = json.dumps(dict(reversed(FULL.items())), indent=8)
    assert canonical_sha256(json.loads(reverse)) == canonical_sha256(FULL)
    assert canonical_sha256(json.loads('{"a": "\\u00e9", "b": {"d": 1, "c": 2}}')) == canonical_sha256(
        json.loads('{"b":{"c":2,"d":1},"a":"é"}')
    )


def test_a_fingerprint_never_changes_for_records_hold_it() -> None:
    canonical = b'{"a":[1,null,"\\u00e9"],"tenantId":"acme"}'
    assert canonical_sha256({"tenantId": "acme", "a": [1, None, "é"]}) == hashlib.sha256(canonical).hexdigest()


DIFFERENT: list[Json] = [None, True, False, 0, 1, 1.0, "1", "", [], {}, [1], [1, 2], [2, 1], {"a": 1}, {"a": None}]
DIFFERENT += [{"b": 1}, {"a": "1"}, [[]], [{}], "é", "e\u0301", "\ud800", "\udc00", {"\ud800": 1}, POOL, SILO, FULL]


def test_different_payloads_have_different_fingerprints() -> None:
    for one, other in itertools.combinations(DIFFERENT, 2):
        assert canonical_sha256(one) != canonical_sha256(other), (one, other)


@pytest.mark.parametrize("path", EVERYWHERE)
def test_a_change_anywhere_changes_the_fingerprint(path: str) -> None:
    assert len({canonical_sha256(detail) for detail in (FULL, without(path), changed(path, "other"))}) == 3


def test_a_default_spelt_out_is_another_payload_for_what_was_received_counts() -> None:
    assert canonical_sha256(POOL) != canonical_sha256(POOL | {"identityProviders": []})


@bounded
@given(any_json)
def test_everything_received_has_a_fingerprint_that_survives_the_wire(detail: Json) -> None:
    fingerprint = canonical_sha256(detail)
    assert re.fullmatch(r"[0-9a-f]{64}", fingerprint)
    assert canonical_sha256(json.loads(json.dumps(detail, indent=1))) == fingerprint


# Events of ours

OUTGOING: list[OutgoingEvent] = [
    TenantOnboardingStarted(tenant_id="acme", attempt=1, tier="silo", execution_arn="arn:aws:states:x"),
    TenantOnboardingStarted(tenant_id="a-b-c-1-2", attempt=12, redrive=3, tier="pool", execution_arn="arn"),
    TenantOnboarded(
        tenant_id="acme",
        attempt=2,
        redrive=1,
        tier="bridge",
        region="eu-central-1",
        user_pool_id="eu-central-1_AbCdEf",
        app_client_id="client",
        issuer="https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf",
        domain="t-0f1e.auth.eu-central-1.amazoncognito.com",
        identity_providers=["0f1e2d3c-Sso"],
        group_name="acme",
        subdomain="acme",
        tenant_code="ACME-42",
    ),
    TenantOnboarded(
        tenant_id="---",
        attempt=1,
        tier="pool",
        region="eu-central-1",
        user_pool_id="pool",
        app_client_id="client",
        issuer="issuer",
        domain="domain",
        group_name="group",
        subdomain="acme",
    ),
    TenantOnboardingFailed(
        tenant_id="acme",
        attempt=1,
        tier="silo",
        step="CreateUserPool",
        error="QuotaExceededError",
        message='LimitExceededException: "<b>" 名\n',
        next_action="Ask for a higher quota, then retry.",
    ),
]
REJECTED = TenantOnboardingRejected(
    event_id="6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    tenant_id=None,
    reasons=[Reason(field="tenantId", message="is required")],
    event_key="6a7e8feb-b491-4cf7-a9f1-bf3703467718:TenantOnboardingRejected",
)
event_ids = [event.event_key for event in OUTGOING]


@pytest.mark.parametrize("event", OUTGOING, ids=event_ids)
def test_an_event_key_says_tenant_type_attempt_and_redrive(event: OutgoingEvent) -> None:
    expected = f"{event.tenant_id}:{type(event).__name__}:{event.attempt}:{event.redrive}"
    assert event.event_key == expected
    assert json.loads(event.to_json())["eventKey"] == expected


def test_event_keys_and_outbox_keys_are_told_apart_by_type_attempt_and_redrive() -> None:
    made = [
        model(tenant_id="acme", attempt=attempt, redrive=redrive, tier="pool", **rest)
        for model, rest in (
            (TenantOnboardingStarted, {"execution_arn": "arn"}),
            (TenantOnboardingFailed, {"step": "s", "error": "e", "message": "m", "next_action": "n"}),
        )
        for attempt, redrive in ((1, 0), (1, 1), (11, 0), (1, 10))
    ]
    assert len({event.event_key for event in made}) == len(made)
    assert len({event.outbox_key for event in made}) == len(made)


@pytest.mark.parametrize("event", OUTGOING, ids=event_ids)
def test_an_event_reads_back_from_the_outbox_as_it_was_put_there(event: OutgoingEvent) -> None:
    again = outgoing_event(event.outbox_key, event.to_json())
    assert again == event
    assert type(again) is type(event)
    assert again.to_json() == event.to_json()


@pytest.mark.parametrize("event", OUTGOING, ids=event_ids)
def test_an_outbox_key_is_one_step_of_a_dynamodb_path(event: OutgoingEvent) -> None:
    assert re.fullmatch(r"[A-Za-z]+-\d+-\d+", event.outbox_key)


NEARLY_FULL = SharedPoolNearlyFull(
    region="eu-central-1",
    pool_key="shared-001",
    user_pool_id="eu-central-1_AbCdEf123",
    counter="groups",
    count=8_000,
    limit=10_000,
    percent=80,
    threshold=80,
    event_key="eu-central-1:shared-001:SharedPoolNearlyFull:80:groups:10000",
)


@pytest.mark.parametrize("event", [*OUTGOING, REJECTED, NEARLY_FULL], ids=lambda event: event.event_key)
def test_an_event_of_ours_is_camel_case_and_valid_under_its_own_schema(event: Contract) -> None:
    assert isinstance(event, OutgoingEvent | TenantOnboardingRejected | SharedPoolNearlyFull)
    detail = json.loads(event.to_json())
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name) for name in detail)
    assert schema_problems(detail, type(event).__name__) == []
    assert Contracts.ALL[type(event).__name__].model_validate(detail) == event


@pytest.mark.parametrize("event", OUTGOING, ids=event_ids)
def test_the_key_of_an_event_is_derived_from_camel_case_too(event: OutgoingEvent) -> None:
    detail = json.loads(event.to_json())
    del detail["eventKey"]
    assert type(event).model_validate(detail) == event


def test_a_key_that_was_published_once_is_kept() -> None:
    detail = json.loads(OUTGOING[0].to_json()) | {"eventKey": "acme:from-an-older-version"}
    assert outgoing_event("TenantOnboardingStarted-1-0", json.dumps(detail)).event_key == "acme:from-an-older-version"


def test_a_tenant_without_a_code_has_no_code_in_the_event() -> None:
    assert "tenantCode" in json.loads(OUTGOING[2].to_json())
    assert "tenantCode" not in json.loads(OUTGOING[3].to_json())


def test_a_rejection_without_a_possible_tenant_id_says_null() -> None:
    detail = json.loads(REJECTED.to_json())
    assert set(detail) == {"eventId", "tenantId", "reasons", "eventKey"}
    assert detail["tenantId"] is None
    assert detail["reasons"] == [{"field": "tenantId", "message": "is required"}]


@pytest.mark.parametrize("key", ["TenantCreated-1-0", "TenantOnboardingRejected-1-0", "Contract-1-0", "-1-0", ""])
def test_an_outbox_holds_only_the_three_events_of_a_tenant(key: str) -> None:
    with pytest.raises(KeyError):
        outgoing_event(key, "{}")


@pytest.mark.parametrize("model", Contracts.OUTGOING)
@pytest.mark.parametrize("detail", [{}, {"tenant_id": "acme"}, {"tenantId": "acme", "attempt": None}, [], None, "x"])
def test_an_unfinished_event_of_ours_is_refused_like_any_other(model: type[OutgoingEvent], detail: Json) -> None:
    assert judge(detail, model)


@pytest.mark.parametrize(
    ("field", "value"),
    [("attempt", 0), ("attempt", "1"), ("attempt", True), ("redrive", -1), ("tenantId", "A"), ("tier", "gold")],
)
def test_an_event_of_ours_has_bounds_too(field: str, value: Json) -> None:
    detail = json.loads(OUTGOING[0].to_json())
    assert [reason.field for reason in judge(detail | {field: value}, TenantOnboardingStarted)] == [field]


def test_the_contract_names_seven_events() -> None:
    assert list(Contracts.ALL) == [
        "TenantCreated",
        "TenantOnboardingStarted",
        "TenantOnboarded",
        "TenantOnboardingFailed",
        "TenantAbandoned",
        "TenantOnboardingRejected",
        "SharedPoolNearlyFull",
    ]


def test_a_domain_name_has_at_most_253_characters() -> None:
    adapter = TypeAdapter(DomainName)
    assert len(adapter.validate_python(dns_name(253))) == 253
    with pytest.raises(ValidationError):
        adapter.validate_python(dns_name(254))
