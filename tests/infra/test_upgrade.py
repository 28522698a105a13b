"""A deployment over an earlier release replaces nothing that holds data; the end-to-end tests do it."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from orchestrator.local import assembly
from orchestrator.local.synth import synthesize
from tests.infra.template import Template, of_type, only
from tests.infra.upgrade_rules import (
    RULES,
    a_table_gets_or_loses_one_index_at_most,
    nothing_that_must_stay_is_replaced,
    what_must_stay_is_there,
)
from tests.upgrade.earlier_release import ARCHIVE, CONTEXT, pack, unpack

LARGEST_ARCHIVE = 300_000
TABLE = "AWS::DynamoDB::GlobalTable"
Rule = Callable[[Template, Template], list[str]]


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly of the earlier release."""
    return unpack(tmp_path_factory.mktemp("earlier"))


@pytest.fixture
def home(earlier: Path) -> Template:
    """The earlier release's template of the home Region, each test's own copy."""
    return templates(earlier)["TenantOnboarding"]


def templates(folder: Path) -> dict[str, Template]:
    return {each.name: json.loads(each.template.read_text()) for each in assembly.stacks(folder)}


def test_what_is_deployed_now_goes_over_the_earlier_release(earlier: Path) -> None:
    """In the home Region and elsewhere: every table, queue, log, user pool and address stays what it is."""
    before, after = templates(earlier), templates(synthesize(CONTEXT))
    assert before.keys() <= after.keys()
    complaints = {(name, rule.__name__): rule(before[name], after[name]) for name in before for rule in RULES}
    assert {where: found for where, found in complaints.items() if found} == {}


def test_a_release_goes_over_itself(home: Template) -> None:
    assert [complaint for rule in RULES for complaint in rule(home, deepcopy(home))] == []


def rename_a_table(later: Template) -> None:
    only(later, TABLE, "TablesRoutes")[1]["TableName"] = "routes"


def key_a_table_otherwise(later: Template) -> None:
    only(later, TABLE, "TablesRoutes")[1]["KeySchema"][0]["AttributeName"] = "host"


def name_a_queue(later: Template) -> None:
    only(later, "AWS::SQS::Queue", "IntakeQueue")[1]["QueueName"] = "intake"


def ask_operators_for_more(later: Template) -> None:
    ((_, pool),) = of_type(later, "AWS::Cognito::UserPool").items()
    pool["Properties"]["Schema"] = [{"Name": "team", "AttributeDataType": "String"}]


def put_an_alias_before_another_function(later: Template) -> None:
    name, _ = only(later, "AWS::Lambda::Function", "WelcomeFunction")
    later["Resources"][name]["Properties"]["FunctionName"] = "welcome"


def move_a_table(later: Template) -> None:
    name, _ = only(later, TABLE, "TablesRoutes")
    later["Resources"]["Elsewhere"] = later["Resources"].pop(name)


def forget_a_log(later: Template) -> None:
    later["Resources"].pop(next(iter(of_type(later, "AWS::Logs::LogGroup"))))


def make_another_type_of_it(later: Template) -> None:
    later["Resources"][only(later, TABLE, "TablesRoutes")[0]]["Type"] = "AWS::DynamoDB::Table"


def index(name: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }


def add_two_indexes(later: Template) -> None:
    name = next(iter(of_type(later, "AWS::DynamoDB::Table")))
    later["Resources"][name]["Properties"].setdefault("GlobalSecondaryIndexes", []).extend([index("one"), index("two")])


def change_an_index(later: Template) -> None:
    found = next(
        each["Properties"]["GlobalSecondaryIndexes"]
        for kind in (TABLE, "AWS::DynamoDB::Table")
        for each in of_type(later, kind).values()
        if each["Properties"].get("GlobalSecondaryIndexes")
    )
    found[0]["Projection"] = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["novelty"]}


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (rename_a_table, nothing_that_must_stay_is_replaced),
        (key_a_table_otherwise, nothing_that_must_stay_is_replaced),
        (name_a_queue, nothing_that_must_stay_is_replaced),
        (ask_operators_for_more, nothing_that_must_stay_is_replaced),
        (put_an_alias_before_another_function, nothing_that_must_stay_is_replaced),
        (move_a_table, what_must_stay_is_there),
        (forget_a_log, what_must_stay_is_there),
        (make_another_type_of_it, what_must_stay_is_there),
        (add_two_indexes, a_table_gets_or_loses_one_index_at_most),
        (change_an_index, a_table_gets_or_loses_one_index_at_most),
    ],
    ids=lambda each: each.__name__,
)
def test_a_template_that_must_not_go_over_it_is_noticed(
    spoil: Callable[[Template], None], rule: Rule, home: Template
) -> None:
    """One mistake, one rule that says so."""
    later = deepcopy(home)
    spoil(later)
    assert rule(home, later) != []


def test_one_new_index_and_what_is_new_altogether_may_come(home: Template) -> None:
    later = deepcopy(home)
    for table in of_type(later, "AWS::DynamoDB::Table").values():
        table["Properties"].setdefault("GlobalSecondaryIndexes", []).append(index("one"))
    later["Resources"]["Another"] = {"Type": TABLE, "Properties": {"GlobalSecondaryIndexes": [index("a"), index("b")]}}
    assert [complaint for rule in RULES for complaint in rule(home, later)] == []


def test_what_is_replaced_takes_what_refers_to_it_along(home: Template) -> None:
    """An alias belongs to one function: with a new function it is a new alias, which user pools do not know."""
    later = deepcopy(home)
    put_an_alias_before_another_function(later)
    complaints = nothing_that_must_stay_is_replaced(home, later)
    assert [each.split(" for its ")[1] for each in complaints] == ["FunctionName", "FunctionName"]
    assert any(each.startswith("WelcomeAlias") for each in complaints)


def test_the_archive_is_small_and_made_of_what_is_in_it(earlier: Path, tmp_path: Path) -> None:
    """Packed again it is the same, so that whoever makes it anew sees what differs."""
    assert ARCHIVE.stat().st_size < LARGEST_ARCHIVE
    pack(earlier, tmp_path / "again")
    assert files(unpack(tmp_path / "unpacked", tmp_path / "again")) == files(earlier)


def files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
