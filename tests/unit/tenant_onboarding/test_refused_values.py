"""A value out of bounds is refused by its path, in words that tell what it must be."""

import re

import pytest

from tenant_onboarding.contracts.fields import RESERVED_SUBDOMAINS
from tenant_onboarding.names import EMAIL_MAX
from tests.unit.tenant_onboarding.any_json import UNSEEN
from tests.unit.tenant_onboarding.judgement import HTTPS_WORDS, judge, short
from tests.unit.tenant_onboarding.sample_events import (
    CALLBACK,
    DAYS,
    DOMAIN,
    HISTORY,
    LENGTH,
    LOGOUT,
    METADATA,
    PROVIDER,
    SILO,
    Json,
    changed,
    dns_name,
)


def refused(path: str, words: str, *values: Json) -> list[tuple[str, Json, str]]:
    return [(path, value, words) for value in values]


UNSEEN_WORDS = "must not contain line breaks, control, invisible or unassigned characters"
SPACE_WORDS = "must not begin or end with white space"
ID_WORDS = "must be 2 to 40 characters of a-z, 0-9 and hyphen, with no hyphen at either end"
LABEL_WORDS = "must be a DNS label: 1 to 63 characters of a-z, 0-9 and hyphen"
ENCODED_WORDS = "must not have hyphens in the third and fourth place"
DOMAIN_WORDS = "must be a domain name such as acme.example, at most 253 characters"
MARKS_WORDS = "must not have more than 6 combining marks in a row"
REDIRECT_WORDS = "must be an https:// address, an app's own scheme such as myapp://signed-in, or http://localhost"
CODE_WORDS = "must be 1 to 32 characters of A-Z, 0-9 and hyphen, with no hyphen at either end"
PROVIDER_WORDS = "must be 1 to 23 characters of A-Z, a-z, 0-9 and hyphen, with no hyphen first"
TYPE_WORDS = "must be one of SAML, OIDC, Google, Facebook, SignInWithApple, LoginWithAmazon"
TIER_WORDS = "must be a tier or a plan: 1 to 64 letters, digits, spaces, dots, hyphens and underscores"
MFA_WORDS = "must be 'OFF', 'OPTIONAL' or 'ON'"
REGION_WORDS = "must be an AWS Region such as eu-central-1"

TOO_MANY_DOMAINS = [f"d{number}.example" for number in range(21)]
TOO_MANY_PROVIDERS = SILO["identityProviders"] * 21
LONG_ADDRESS = "https://idp.acme.example/".ljust(2049, "a")

REFUSED: list[tuple[str, Json, str]] = [
    *refused(
        "tenantId", ID_WORDS, "", "a", "a" * 41, "a" * 300, "-acme", "acme-", "--all-failed", "--yes", "--help", "--"
    ),
    *refused(
        "tenantId", ID_WORDS, "Acme", "ac me", " acme", "acme\n", "acme_1", "acme.1", "acme/1", "acme#1", "acme\0"
    ),
    *refused("tenantId", ID_WORDS, "acmé", "аcme", "ａcme", "acme\u0131", "١٢٣", "acme\u200b"),  # noqa: RUF001  # homographs
    *refused("tenantName", "must not be empty", ""),
    *refused("tenantName", "must have at most 200 characters", "n" * 201),
    *refused("tenantName", SPACE_WORDS, " ", " Acme", "Acme\u3000", "Acme\r\n"),
    *refused("tenantName", MARKS_WORDS, "Z" + "\u0301" * 7, "Z" + "\u0301" * 150, "\u0301" * 7),
    *refused(
        "tenantName", UNSEEN_WORDS, "\u200dAcme", "Acme\u200c", "A \u200dc", "A\u200c\u200dc", "1\u200d2", "👩\u200d💻"
    ),
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
        DOMAIN, DOMAIN_WORDS, "jane@acme.example", "@acme.example", "*.acme.example", "acme.example\n", "acme_x.example"
    ),
    *refused(DOMAIN, DOMAIN_WORDS, "192.0.2.7", "acme.123", "ａcme.example", "acme．example", "☃.example", "½.example"),  # noqa: RUF001  # full-width
    *refused(DOMAIN, DOMAIN_WORDS, "ü" * 64 + ".example", "ü" * 100_000 + ".example", "-ü.example", "ü\u00ad.example"),
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
    *refused(CALLBACK, REDIRECT_WORDS, "", "http://acme.example/", "http://localhost.acme.example/", "acme:", "/cb"),
    *refused(CALLBACK, REDIRECT_WORDS, "http://localhost:0/", "http://localhost:65536/", "http://localhost@a.example/"),
    *refused(
        CALLBACK, REDIRECT_WORDS, "http://127.0.0.1/", "myapp://cb#token", "myapp://a b", "MyApp://cb", "1app://cb"
    ),
    *refused(CALLBACK, REDIRECT_WORDS, "javascript://%0aalert(1)", "data://text", "file:///etc/passwd", "intent://a#b"),
    *refused(CALLBACK, REDIRECT_WORDS, "ws://acme.example/", "blob://a", "view-source://a", "vbscript://a", "tel://1"),
    *refused(
        CALLBACK, HTTPS_WORDS, "https://acme.example/#", "https://acme.example/cb#token", "https://*.acme.example"
    ),
    *refused(CALLBACK, HTTPS_WORDS, "https://a:b@acme.example/", "https://acme.example@evil.example/", "https://a"),
    *refused(CALLBACK, HTTPS_WORDS, "https://192.0.2.7/cb", "https://[2001:db8::1]/cb", "https://192.0.2.0x7/cb"),
    *refused(LOGOUT, HTTPS_WORDS, "https://acme.example/#", "https://a:b@acme.example/"),
    *refused(LOGOUT, HTTPS_WORDS, "https://acme.example\\@evil.example", "https://acme.example/ "),
    *refused(LOGOUT, REDIRECT_WORDS, "http://acme.example/", "javascript:alert(1)"),
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
    *refused(LENGTH, "must be a whole number", True, 14.5, "14"),
    *refused(LENGTH, "must be at most 99", 100.0, 1e300),
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
    ("admin@mün chen.example", "ASCII"),
    ("admin@münchen", "ASCII"),
    ("ädmin@acme.example", "ASCII"),
    ("аdmin@acme.example", "ASCII"),  # noqa: RUF001  # Cyrillic a
    ("admin＠acme.example", "ASCII"),  # noqa: RUF001  # full-width at-sign
    (f"{'a' * 65}@acme.example", "too long before the @-sign"),
    (f"a@{'l' * 64}.example", "must be an email address"),
    (f"{'a' * 50}@{dns_name(EMAIL_MAX + 1 - 51)}", "at most 254 ASCII characters"),
    ("a" * 100_000, "at most 254 ASCII characters"),
]


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


@pytest.mark.parametrize("name", ["www", "api", "admin", "mail", "login", "localhost", "wpad", "cognito"])
def test_the_hosts_that_a_tenant_must_never_have_are_reserved(name: str) -> None:
    assert name in RESERVED_SUBDOMAINS


@pytest.mark.parametrize(
    "path", ["identityProviders[0].type", "tier", "security.mfa", "routing.subdomain", "tenantId", "admin.email"]
)
def test_a_regular_expression_is_never_shown_to_an_emitter(path: str) -> None:
    [reason] = judge(changed(path, "?"))
    assert not re.search(r"[\^\\$]|\[.*\]|pattern", reason.message)
