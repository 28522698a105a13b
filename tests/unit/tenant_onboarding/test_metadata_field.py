"""Metadata is a small map of texts that may be shown to anybody: at most so many, so long, and no email address."""

import pytest

from tenant_onboarding.contracts.fields import METADATA_MAX, METADATA_VALUE_MAX
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.tenant_onboarding.judgement import judge, schema_problems, short
from tests.unit.tenant_onboarding.sample_events import FULL, Json, changed, without

KEY_WORDS = "must have a key of 1 to 40 characters of A-Z, a-z, 0-9, hyphen and underscore, with a letter first"
UNREADABLE = "metadata.(unreadable name)"
MAIL_WORDS = "must not be an email address: metadata goes into events and lists"

TAKEN: list[Json] = [
    {},
    {"stripeCustomer": "cus_NffrFeUfNV2Hib"},
    {"a": "1", "A": "1", "a-1": "=#=", "a_b": "=1+1"},
    {"k" * 40: "v" * METADATA_VALUE_MAX},
    {"segment": "Großkunden 株式会社 🏭", "handle": "@acme", "at": "a @ b"},
    {f"key{number}": "v" for number in range(METADATA_MAX)},
]
REFUSED: list[tuple[Json, str, str]] = [
    (None, "metadata", "must be a JSON object"),
    (["a"], "metadata", "must be a JSON object"),
    ("a=b", "metadata", "must be a JSON object"),
    ({f"key{number}": "v" for number in range(METADATA_MAX + 1)}, "metadata", "must have at most 10 items"),
    *(({key: "v"}, UNREADABLE, KEY_WORDS) for key in ("", "a.b", "a=b", "a#b", "a b", "a\n", "ä")),
    *(({key: "v"}, f"metadata.{key}", KEY_WORDS) for key in ("1a", "-a", "_a", "a" * 41)),
    *(({"a": value}, "metadata.a", "must be a string") for value in (1, True, None, ["v"], {"b": "v"})),
    ({"a": ""}, "metadata.a", "must not be empty"),
    ({"a": "v" * (METADATA_VALUE_MAX + 1)}, "metadata.a", "must have at most 200 characters"),
    *(({"a": value}, "metadata.a", MAIL_WORDS) for value in ("jane@acme.example", "Jane <jane@acme.example>")),
    *(({"a": value}, "metadata.a", "must not begin or end with white space") for value in (" v", "v ", " ")),
    *(
        ({"a": value}, "metadata.a", "must not contain line breaks, control, invisible or unassigned characters")
        for value in ("a\nb", "a\0b", "a\u202eb", "a\u200bb")
    ),
]


@pytest.mark.parametrize("metadata", TAKEN, ids=short)
def test_a_small_map_of_texts_is_taken_as_it_is_by_model_and_schema(metadata: Json) -> None:
    event = changed("metadata", metadata)
    assert TenantCreated.model_validate(event).metadata == metadata
    assert schema_problems(event) == []


@pytest.mark.parametrize(("metadata", "field", "words"), REFUSED, ids=short)
def test_anything_else_is_refused_by_its_path_and_by_the_schema(metadata: Json, field: str, words: str) -> None:
    event = changed("metadata", metadata)
    assert [(reason.field, reason.message) for reason in judge(event)] == [(field, words)]
    assert schema_problems(event)


def test_an_event_without_it_has_none() -> None:
    assert TenantCreated.model_validate(without("metadata")).metadata == {}
    assert FULL["metadata"]
