"""A request is known by the fingerprint of what was received, to the last detail and for good."""

import hashlib
import itertools
import json
import re

import pytest
from hypothesis import given

from orchestrator.onboarding.request import canonical_sha256
from tests.unit.tenant_onboarding.any_json import any_json, bounded
from tests.unit.tenant_onboarding.sample_events import EVERYWHERE, FULL, POOL, SILO, Json, changed, without


def test_order_and_spacing_do_not_change_a_fingerprint() -> None:
    reverse = json.dumps(dict(reversed(FULL.items())), indent=8)
    assert canonical_sha256(json.loads(reverse)) == canonical_sha256(FULL)
    assert canonical_sha256(json.loads('{"a": "\\u00e9", "b": {"d": 1, "c": 2}}')) == canonical_sha256(
        json.loads('{"b":{"c":2,"d":1},"a":"é"}')
    )


def test_a_fingerprint_never_changes_for_records_hold_it() -> None:
    canonical = b'{"a":[1,null,"\\u00e9"],"tenantId":"acme"}'
    assert canonical_sha256({"tenantId": "acme", "a": [1, None, "é"]}) == hashlib.sha256(canonical).hexdigest()


DIFFERENT: list[Json] = [
    None,
    True,
    False,
    0,
    1,
    1.5,
    1e300,
    float("inf"),
    "1",
    "",
    [],
    {},
    [1],
    [1, 2],
    [2, 1],
    {"a": 1},
    {"a": None},
]
DIFFERENT += [{"b": 1}, {"a": "1"}, [[]], [{}], "é", "e\u0301", "\ud800", "\udc00", {"\ud800": 1}, POOL, SILO, FULL]


def test_different_payloads_have_different_fingerprints() -> None:
    for one, other in itertools.combinations(DIFFERENT, 2):
        assert canonical_sha256(one) != canonical_sha256(other), (one, other)


def test_a_number_with_a_fraction_of_nothing_is_that_integer() -> None:
    one, other = ({"a": [number, {"b": -number}], "c": 1.5} for number in (14, 14.0))
    assert canonical_sha256(one) == canonical_sha256(other)


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
