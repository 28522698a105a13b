"""The published schema is the contract: it says nearly all that intake asks of an event, and nothing else."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from jsonschema.exceptions import ValidationError as SchemaError  # type: ignore[import-untyped]  # the same
from jsonschema.validators import extend  # type: ignore[import-untyped]  # the same

from infra import NODE
from tenant_onboarding.contracts.detail_types import Contracts, json_schema
from tenant_onboarding.contracts.fields import RESERVED_SUBDOMAINS, RESERVED_TENANT_ID
from tests.unit.tenant_onboarding.any_json import any_json, bounded
from tests.unit.tenant_onboarding.event_fields import FIELDS
from tests.unit.tenant_onboarding.judgement import VALIDATORS, judge
from tests.unit.tenant_onboarding.mutations import BASES, EACH, SEED, Mutation, all_mutations, fields, replaced
from tests.unit.tenant_onboarding.sample_events import Json

MOST_MISSED = 0.05
"""Of what intake refuses for its form, what the schema may let through."""
LEAST_EACH = 200
AJV = Path(__file__).parents[3] / ".cache/ajv"
PROGRAM = Path(__file__).with_name("ajv.mjs")


def is_refused(event: Json) -> bool:
    """Tell whether intake refuses an event for its form, or for a word that it reserves, which the schema says too."""
    routing = event.get("routing")
    subdomain = routing.get("subdomain") if isinstance(routing, dict) else None
    is_reserved = isinstance(subdomain, str) and subdomain in RESERVED_SUBDOMAINS
    return is_reserved or event.get("tenantId") == RESERVED_TENANT_ID or bool(judge(event))


def by_jsonschema(events: list[Json]) -> list[bool]:
    """Return what jsonschema lets through; what a definition says of a value is asked once."""
    said: dict[tuple[str, str], bool] = {}
    refer = Draft202012Validator.VALIDATORS["$ref"]

    def refer_once(validator: Any, ref: str, instance: Json, schema: Any) -> Iterator[SchemaError]:
        key = ref, repr(instance)
        if key not in said:
            said[key] = next(refer(validator, ref, instance, schema), None) is None
        if not said[key]:
            yield SchemaError(ref)

    plain = VALIDATORS["TenantCreated"]
    validator = extend(Draft202012Validator, {"$ref": refer_once})(plain.schema, format_checker=plain.format_checker)
    return [validator.is_valid(event) for event in events]


def by_ajv(events: list[Json]) -> list[bool]:
    """Return what Ajv lets through, once it compiled every schema of ours by its defaults without a warning."""
    if not (AJV / ".ready").exists():
        pytest.skip(f"{AJV} is not there: run `make setup`")
    schemas = {name: json_schema(name) for name in Contracts.ALL}
    asked = json.dumps({"schemas": schemas, "events": [json.dumps(event) for event in events]})
    command = [str(NODE), str(PROGRAM), str(AJV / "node_modules/ajv")]
    ran = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["warnings"] == []
    return list(told["valid"])


Validate = Callable[[list[Json]], list[bool]]
validators = pytest.mark.parametrize("validate", [by_jsonschema, by_ajv], ids=["jsonschema", "Ajv"])


def test_every_field_of_an_event_is_mutated_often_enough() -> None:
    counted = Counter(mutation.field for mutation in all_mutations())
    assert counted.keys() == fields().keys()
    assert min(counted.values()) == EACH >= LEAST_EACH
    assert FIELDS.keys() <= counted.keys()


def test_the_same_seed_makes_the_same_mutations_and_another_makes_others() -> None:
    few = [repr(mutation) for mutation in all_mutations(each=3)]
    assert few == [repr(mutation) for mutation in all_mutations(each=3)]
    assert few != [repr(mutation) for mutation in all_mutations(SEED + 1, each=3)]


@pytest.fixture(scope="module")
def mutations() -> list[tuple[Mutation, bool]]:
    """All mutations, and of each whether intake refuses it."""
    return [(each, is_refused(each.event)) for each in all_mutations()]


@validators
def test_the_schema_refuses_nothing_that_intake_takes_and_lets_through_little_that_it_refuses(
    mutations: list[tuple[Mutation, bool]], validate: Validate
) -> None:
    judged = list(zip(mutations, validate([each.event for each, _ in mutations]), strict=True))
    assert [each for (each, wrong), valid in judged if not wrong and not valid] == []
    refused = Counter(each.field for (each, wrong), _ in judged if wrong)
    missed = Counter(each.field for (each, wrong), valid in judged if wrong and valid)
    for field, number in sorted(refused.items(), key=lambda item: missed[item[0]] / item[1], reverse=True):
        print(f"{missed[field] / number:6.1%} {missed[field]:4} of {number:4} {field}")  # noqa: T201  # for -s
    share = missed.total() / refused.total()
    print(f"{share:6.1%} {missed.total():4} of {refused.total()} in all; seed {SEED}")  # noqa: T201  # for -s
    assert share < MOST_MISSED


@bounded
@given(st.sampled_from(sorted(fields())), any_json | st.from_regex(r"[ -~\u00a0-\u2fff]{1,70}", fullmatch=True))
def test_whatever_is_in_a_field_the_schema_refuses_nothing_that_intake_takes(field: str, value: Json) -> None:
    mutated = replaced(field, value)
    assert is_refused(mutated) or VALIDATORS["TenantCreated"].is_valid(mutated)


@bounded
@given(st.sampled_from(sorted(fields())), st.integers())
def test_whichever_seed_there_is_the_schema_refuses_nothing_that_intake_takes(field: str, seed: int) -> None:
    for mutated in all_mutations(seed, each=1, only=field):
        assert is_refused(mutated.event) or VALIDATORS["TenantCreated"].is_valid(mutated.event)


@validators
def test_what_is_mutated_is_let_through_itself(validate: Validate) -> None:
    assert [kind for kind in BASES if judge(BASES[kind])] == []
    assert all(validate(list(BASES.values())))
