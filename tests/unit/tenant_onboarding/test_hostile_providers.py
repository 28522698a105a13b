"""Whatever providers are sent, they are accepted or refused at once, in words that repeat nothing of them."""

import copy
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from tenant_onboarding.contracts.reasons import REASONS_MAX, TEXT_MAX, reasons
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.tenant_onboarding.any_json import MARKER, any_character, any_json, bounded
from tests.unit.tenant_onboarding.judgement import judge, schema_problems
from tests.unit.tenant_onboarding.sample_events import Json, changed
from tests.unit.tenant_onboarding.sample_providers import (
    LEAST,
    METADATA,
    OIDC,
    PATH,
    SAML,
    SAML_DOCUMENT,
    SECRETS,
    event,
    full,
    missing,
)

EVERY_FIELD = sorted({field for kind in LEAST for field in full(kind)} | {"metadataDocument", *SECRETS})
around = st.text(max_size=20) | st.sampled_from(["", "https://", "https://u:", "arn:aws:", "<a>", "<!--", "<![CDATA["])
marked = st.builds("{}{}{}".format, around, st.sampled_from([MARKER, MARKER.lower()]), around)
marked_values = st.recursive(
    marked,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.sampled_from(["email", "name", "custom:tenantId"]), inner, min_size=1)
    ),
    max_leaves=4,
)


@bounded
@given(
    st.sampled_from(list(LEAST)), st.dictionaries(st.sampled_from(EVERY_FIELD), marked_values, min_size=1, max_size=4)
)
@example("SAML", {"metadataDocument": f"<{MARKER}>"})
@example("SAML", {"metadataDocument": METADATA.replace("SAML:2.0", MARKER)})
@example("OIDC", {"issuer": f"https://idp.acme.example/?{MARKER}"})
@example("OIDC", {"clientSecretArn": MARKER})
def test_a_reason_repeats_no_value_that_was_received(kind: str, values: dict[str, Json]) -> None:
    for reason in judge(event(full(kind) | values)):
        assert MARKER.lower() not in reason.model_dump_json().lower()


@bounded
@given(
    st.lists(
        any_json
        | st.builds(
            lambda kind, values: full(kind) | values,
            st.sampled_from(list(LEAST)),
            st.dictionaries(st.sampled_from(EVERY_FIELD) | st.text(any_character, max_size=20), any_json, max_size=3),
        ),
        max_size=4,
    )
)
@example([{"type": "SAML", "name": "\ud800"}])
@example([{"type": "\ud800"}])
@example([SAML_DOCUMENT | {"metadataDocument": f"{METADATA}\ud800"}])
@example([SAML | {"attributeMapping": {"\ud800": "mail"}}])
@example([SAML | {"attributeMapping": {"email": float("nan")}}])
def test_whatever_providers_are_they_are_accepted_or_refused_with_reasons_that_can_be_sent(
    providers: list[Json],
) -> None:
    detail = event(*copy.deepcopy(providers))
    try:
        accepted = TenantCreated.model_validate(detail)
    except ValidationError as error:
        found = reasons(error)
        assert 0 < len(found) <= REASONS_MAX
        for reason in found:
            assert reason.field.startswith("identityProviders")
            assert 0 < len(reason.message) <= TEXT_MAX
            assert not reason.message.startswith(("Input ", "String ", "List ", "Value ", "Extra ", "Dictionary "))
            json.dumps(reason.model_dump(), ensure_ascii=False).encode()
    else:
        assert TenantCreated.model_validate_json(accepted.model_dump_json(by_alias=True)) == accepted
        assert schema_problems(detail) == []


@bounded
@given(
    st.lists(
        st.sampled_from([*"<>!/?-[]=\"'&; \nax:", "<!--", "-->", "xmlns", METADATA[:300], METADATA[300:]]), max_size=30
    ).map("".join)
)
def test_whatever_a_document_is_it_is_accepted_or_refused(document: str) -> None:
    for reason in judge(event(SAML_DOCUMENT | {"metadataDocument": document})):
        assert reason.field == f"{PATH}.metadataDocument"


@pytest.mark.parametrize("field", [field for field in EVERY_FIELD if field not in SECRETS])
@pytest.mark.parametrize("brackets", [("[", "1", "]"), ('{"email":', "1", "}")], ids=["arrays", "objects"])
def test_deep_nesting_is_refused_where_it_begins(field: str, brackets: tuple[str, str, str]) -> None:
    opening, middle, closing = brackets
    deep = json.loads(opening * 900 + middle + closing * 900)
    kind = next(kind for kind in LEAST if field in full(kind) or field == "metadataDocument")
    for reason in judge(event(missing(full(kind), "metadataUrl") | {field: deep})):
        assert reason.field.startswith(f"{PATH}.{field}")


@pytest.mark.parametrize("unit", ["a", "é", "https://", '"', "-", "<", "\ud800"])
@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind in LEAST for field in full(kind)])
def test_a_string_of_a_megabyte_is_refused_at_once(kind: str, field: str, unit: str) -> None:
    found = judge(event(full(kind) | {field: unit * 1_000_000}))
    assert [reason.field for reason in found] == [f"{PATH}.{field}"]


def test_a_path_within_the_event_is_that_of_the_provider() -> None:
    detail = changed("identityProviders", [SAML, OIDC | {"name": "two", "scopes": ["email"]}])
    assert [reason.field for reason in judge(detail)] == ["identityProviders[1].scopes"]
