"""What a TenantCreated event may hold, what is left out, and what its fields must be to one another."""

import json

import pytest
from pydantic import TypeAdapter, ValidationError

from tenant_onboarding.contracts.fields import DomainName, EmailAddress, is_plan_name
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tenant_onboarding.names import EMAIL_MAX, USERNAME_MAX, is_tenant_id
from tests.unit.tenant_onboarding.judgement import judge, schema_problems, short
from tests.unit.tenant_onboarding.sample_events import BRIDGE, FULL, NULLABLE, POOL, SILO, Json, changed, dns_name


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
    ("tenantId", "hp"),
    ("tenantId", "3m"),
    ("tenantId", "a--b"),
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
    ("tenantName", "\u0634\u0631\u06a9\u062a \u0646\u0631\u0645\u200c\u0627\u0641\u0632\u0627\u0631"),
    ("tenantName", "ශ්\u200dරී ලංකා"),
    ("tenantName", "র\u200d্যাংগস"),
    ("tenantName", "Auf\u200clage"),
    ("tenantName", "ကြွှေ့ Việt Nam"),
    ("tenantName", "Z" + "\u0301" * 6),
    ("tenantName", "${tenantName} {{7*7}} %s {0}"),
    ("admin.name", 'O\'Brien, "Bob" <b>'),
    ("admin.name", "n" * 200),
    ("admin.email", "a@b.co"),
    ("admin.email", "first.last+tag@acme.example"),
    ("admin.email", "o'brien_{x}/y@acme.example"),
    ("admin.email", "ADMIN@ACME.EXAMPLE"),
    ("admin.email", "admin@xn--mnchen-3ya.example"),
    ("admin.email", "admin@example.com"),
    ("admin.email", "admin@Bücher.example"),
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
    ("routing.emailDomains[0]", "Acme.Example"),
    ("routing.emailDomains[0]", "bücher.example"),
    ("routing.emailDomains[0]", "BÜCHER.Example"),
    ("routing.emailDomains[0]", "bu\u0308cher.example"),
    ("routing.emailDomains[0]", "l·l.example"),
    ("routing.emailDomains[0]", "\u0646\u0631\u0645\u200c\u0627\u0641\u0632\u0627\u0631.example"),
    ("routing.emailDomains[0]", "例え.テスト"),
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
    ("appClient.callbackUrls[0]", "https://acme.example:65535/"),
    ("appClient.callbackUrls[0]", "myapp://callback"),
    ("appClient.callbackUrls[0]", "myapp://"),
    ("appClient.callbackUrls[0]", "com.acme.app-2://signed-in/?next=%2F"),
    ("appClient.callbackUrls[0]", "http://localhost"),
    ("appClient.callbackUrls[0]", "http://localhost:3000/callback?a=b"),
    ("appClient.logoutUrls[0]", "filemaker://bye"),
    ("appClient.logoutUrls[0]", "https://acme.example/".ljust(1024, "a")),
    ("appClient.logoutUrls", ["https://acme.example/bye", "https://acme.example/Bye"]),
    ("security", {}),
    ("security.mfa", "OFF"),
    ("security.mfa", "OPTIONAL"),
    ("security.mfa", "ON"),
    ("security.passwordPolicy.minimumLength", 8),
    ("security.passwordPolicy.minimumLength", 99),
    ("security.passwordPolicy.minimumLength", 14.0),
    ("security.passwordPolicy.passwordHistorySize", -0.0),
    ("security.passwordPolicy", {}),
    ("security.passwordPolicy.temporaryPasswordValidityDays", 1),
    ("security.passwordPolicy.temporaryPasswordValidityDays", 365),
    ("security.passwordPolicy.passwordHistorySize", 0),
    ("security.passwordPolicy.passwordHistorySize", 24),
    ("security.passwordPolicy.requireLowercase", False),
    ("users", {}),
    ("users.signUp", "INVITE_ONLY"),
    ("users.signUp", "EMAIL_DOMAINS"),
    ("users.signUp", "OPEN"),
    ("region", "us-east-1"),
    ("region", "us-gov-west-1"),
    ("region", "ap-southeast-7"),
    ("region", "eusc-de-east-1"),
    *((path, None) for path in NULLABLE),
]


@pytest.mark.parametrize(("path", "value"), ACCEPTED, ids=short)
def test_a_value_within_its_bounds_is_accepted(path: str, value: Json) -> None:
    detail = changed(path, value)
    assert judge(detail) == []
    assert schema_problems(detail) == []


@pytest.mark.parametrize(("path", "value"), ACCEPTED, ids=short)
def test_an_accepted_event_is_accepted_again_when_it_is_read_back_from_the_record(path: str, value: Json) -> None:
    event = TenantCreated.model_validate(changed(path, value))
    assert TenantCreated.model_validate_json(event.model_dump_json(by_alias=True)) == event


def test_an_email_address_is_kept_in_lower_case() -> None:
    event = TenantCreated.model_validate(changed("admin.email", "First.Last+Tag@XN--Mnchen-3YA.Example"))
    assert event.admin.email == "first.last+tag@xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Acme.Example", "acme.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.Example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("XN--Bcher-kva.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
    ],
)
def test_a_domain_is_kept_as_dns_has_it_however_it_is_typed(typed: str, kept: str) -> None:
    detail = changed("admin.email", f"admin@{typed}", changed("routing.emailDomains", [typed]))
    event = TenantCreated.model_validate(detail)
    assert (event.routing.email_domains, event.admin.email) == ([kept], f"admin@{kept}")


def test_a_domain_in_two_spellings_is_listed_twice() -> None:
    [reason] = judge(changed("routing.emailDomains", ["bücher.example", "Xn--bcher-kva.example"]))
    assert reason == Reason(field="routing.emailDomains[1]", message="is listed twice")


def test_a_number_without_a_fraction_is_kept_as_that_integer() -> None:
    event = TenantCreated.model_validate(changed("security.passwordPolicy.minimumLength", 14.0))
    assert '"minimumLength":14,' in event.model_dump_json(by_alias=True)


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
    [("ab", True), ("-a", True), ("a" * 40, True), ("a", False), ("a" * 41, False), ("ABC", False), ("abc\n", False)]
    + [(value, False) for value in (None, 123, True, ["abc"], {"abc": 1}, "\ud800bc", "аbc")],  # noqa: RUF001  # Cyrillic
)
def test_any_value_can_be_asked_whether_it_could_be_a_tenant_id(value: Json, expected: bool) -> None:
    """One with a hyphen at its end could: there may be a tenant from when that was allowed."""
    assert is_tenant_id(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("pool", True), ("Gold 2.0", True), ("a", True), ("", False), ("a ", False), ("a" * 65, False), ("gold\n", False)]
    + [(value, False) for value in (None, 1, True, ["pool"], {"pool": 1}, "\ud800", "gοld")],  # noqa: RUF001  # Greek
)
def test_any_value_can_be_asked_whether_it_could_be_a_plan(value: Json, expected: bool) -> None:
    assert is_plan_name(value) is expected


def test_a_domain_name_has_at_most_253_characters() -> None:
    adapter = TypeAdapter(DomainName)
    assert len(adapter.validate_python(dns_name(253))) == 253
    with pytest.raises(ValidationError):
        adapter.validate_python(dns_name(254))
