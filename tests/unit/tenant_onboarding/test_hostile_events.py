"""Whatever is sent, it is refused at once, in bounded words that repeat nothing of it."""

import copy
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from tenant_onboarding.contracts.reasons import REASONS_MAX, TEXT_MAX, Reason, reasons
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.tenant_onboarding.any_json import MARKER, UNSEEN, any_character, any_json, bounded
from tests.unit.tenant_onboarding.judgement import fields, judge, schema_problems
from tests.unit.tenant_onboarding.sample_events import (
    EVERYWHERE,
    FULL,
    OBJECTS,
    STRINGS,
    Json,
    changed,
    extended,
    steps_of,
)

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
