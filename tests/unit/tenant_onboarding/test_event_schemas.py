"""The JSON schema of each event agrees with its model."""

import json
import re

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from tenant_onboarding.contracts.detail_types import Contracts, json_schema
from tenant_onboarding.contracts.fields import RESERVED_SUBDOMAINS
from tenant_onboarding.names import EMAIL_MAX
from tests.unit.tenant_onboarding.any_json import bounded
from tests.unit.tenant_onboarding.judgement import judge, schema_problems, short
from tests.unit.tenant_onboarding.sample_events import (
    OBJECTS,
    REQUIRED,
    SILO,
    Json,
    changed,
    dns_name,
    extended,
    without,
)

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
        "tenantId": st.from_regex(r"[a-z0-9][a-z0-9-]{0,38}[a-z0-9]", fullmatch=True).filter(
            lambda text: text != "summary"
        ),
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
        "metadata": st.dictionaries(
            st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,39}", fullmatch=True),
            visible_name.filter(lambda text: "@" not in text),
            max_size=10,
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
        ("tenantId", "a"),
        ("tenantId", "--all-failed"),
        ("tenantId", "summary"),
        ("routing.subdomain", "www"),
        ("routing.subdomain", "xn--cme-7cd"),
        ("routing.emailDomains", ["a.example", "a.example"]),
        ("identityProviders[0].metadataDocument", "<EntityDescriptor/>"),
        ("identityProviders[0].metadataUrl", None),
        ("appClient.callbackUrls[0]", "http://acme.example/"),
        ("appClient.callbackUrls[0]", "javascript://alert"),
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
