"""Each field has one name and one JSON type; whatever else comes is refused by its path."""

import json

import pytest
from pydantic import ValidationError

from tenant_onboarding.contracts.reasons import Reason, reasons
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.tenant_onboarding.judgement import fields, judge, short
from tests.unit.tenant_onboarding.sample_events import (
    BOOLEANS,
    CALLBACK,
    DOMAIN,
    EVERYWHERE,
    FULL,
    KINDS,
    LISTS,
    LOGOUT,
    METADATA,
    NULLABLE,
    NUMBERS,
    OBJECTS,
    POOL,
    REQUIRED,
    Json,
    changed,
    extended,
    without,
)


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


DEFAULTED = ["security.mfa", "security.passwordPolicy", "users", "users.signUp"]


@pytest.mark.parametrize("path", [*NULLABLE, *LISTS, *NUMBERS, *BOOLEANS, *DEFAULTED])
def test_an_optional_field_may_be_left_out(path: str) -> None:
    assert judge(without(path)) == []


def test_every_field_is_either_required_or_optional_in_these_tests() -> None:
    optional = {*NULLABLE, *LISTS, *NUMBERS, *BOOLEANS, *DEFAULTED, METADATA}
    optional |= {"metadata.stripeCustomer"}
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
    detail = {"tenantId": "A", "tier": "gold!", "admin": {"email": "x"}, "routing": {"subdomain": "-"}, "plan": 1}
    assert fields(detail) == ["tenantId", "tenantName", "tier", "admin.email", "routing.subdomain", "plan"]
