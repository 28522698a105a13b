"""The page on cost says what the recorded measurements and prices come to; the arithmetic is that of AWS."""

import json
import re
from typing import Any

import pytest

from benchmarks import cost, cost_page
from benchmarks.capacity_units import Index, indexes_of, item_bytes, read_units, write_units
from benchmarks.standing import counted, runs_a_month

MEASURED: dict[str, Any] = json.loads(cost.USAGE.read_text())
RATES = {
    name: {"dollars": 1.0, "per": 1_000, "unit": name, "source": "https://aws.example", "seen": "known"}
    for name in cost.prices()
}
STATUS = Index(name="status", key=["status", "at"], projected=frozenset(("id", "status", "at", "step")))


def item(**texts: str) -> dict[str, dict[str, str]]:
    return {name: {"S": text} for name, text in texts.items()}


def test_the_page_is_what_the_script_makes_of_what_was_measured() -> None:
    assert cost.PAGE.read_text() == cost.page(MEASURED, cost.prices())


@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_the_totals_of_the_page_are_the_sums_of_its_rows(tier: str) -> None:
    """Read from the page itself, as a reader adds up; each row is rounded to a tenth of a cent."""
    table = cost.PAGE.read_text().split("| dollars | `pool` | `bridge` | `silo` |", 1)[1].split("\n\n")[0]
    column = ["pool", "bridge", "silo"].index(tier)
    cells = [row.strip(" |").split(" | ")[1:] for row in table.splitlines()[2:]]
    *rows, total = (float(row[column].strip("*")) for row in cells)
    assert sum(rows) == pytest.approx(total, abs=0.0005 * (len(rows) + 1))


@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_the_readme_says_about_what_a_thousand_tenants_cost(tier: str) -> None:
    """Within a fifth, as the functions' time is another one at each measurement."""
    readme = (cost.FOLDER.parent / "README.md").read_text()
    (about,) = re.findall(r"\| onboarding 1,000 tenants, at list prices \| about \$([\d.]+), once", readme)
    total = sum(cost.onboarding(MEASURED["tenants"][tier], 512, cost.prices()).values())
    assert total == pytest.approx(float(about), rel=0.2)


def test_every_price_says_what_for_where_it_stands_and_how_it_was_seen() -> None:
    for name, rate in cost.prices().items():
        assert set(rate) == {"dollars", "per", "unit", "source", "seen"}, name
        assert rate["source"].startswith("https://aws.amazon.com/"), name
        assert rate["seen"] in {"AWS", "second hand", "known"}, name


def test_every_price_is_used_and_every_line_has_a_name() -> None:
    bill = cost.onboarding(MEASURED["tenants"]["pool"], 512, cost.prices())
    month = cost.standing(MEASURED, cost.prices())
    used = {*bill, *month, *cost.PLANS.values(), "dynamodb_storage"}
    assert used == cost.prices().keys()
    assert {*bill, *month} == cost_page.NAMES.keys()


def test_a_thousand_tenants_cost_what_one_takes_a_thousand_times() -> None:
    one = {
        "transitions": 10,
        "invocations": {"intake": 1, "mail_feedback": 1, "parameters": 1, "placement": 3},
        "milliseconds": 4_000,
        "dynamodbWrites": {"tenants": 20, "routes": 5},
        "dynamodbReads": {"tenants": 1.5},
        "events": 3,
        "mails": 1,
        "parameters": 1,
        "logBytes": 7_000,
    }
    assert cost.onboarding(one, 512, RATES) == {
        "states_transition": 10,
        "lambda_request": 6,
        "lambda_gb_second": 2,
        "dynamodb_write": 25,
        "dynamodb_read": 1.5,
        "events": 3,
        "sqs_request": 9,
        "ses_mail": 1,
        "ssm_parameter": 1,
        "logs_byte": 7_000,
        "xray_trace": 4,
    }


def test_a_month_counts_what_stands_and_what_the_schedules_do() -> None:
    there: dict[str, Any] = {"alarms": 2, "dashboards": 1, "metricFilters": 1}
    there |= {"keys": 1, "secrets": 2, "queuesUnderKey": 2, "tablesUnderKey": 3, "reuseSeconds": 3_600}
    there |= {"polledQueues": 1, "megabytes": 1_024, "snapshotMegabytes": [512, 256]}
    there |= {"runs": {"reconcile": 100, "newer": 5}}
    tick = {"milliseconds": 2_000, "logBytes": 30, "calls": {"dynamodb:Query": 4}}
    measured = {"standing": there, "metrics": 9, "ticks": {"reconcile": tick}}
    month = {name: dollars * 1_000 for name, dollars in cost.standing(measured, RATES).items()}
    assert month == pytest.approx(
        {
            "alarm": 2,
            "metric": 10,
            "dashboard": 1,
            "kms_key": 1,
            "secret": 2,
            "kms_request": 2 * 3 * 730 + 3 * 1 * 8_760,
            "lambda_request": 100,
            "lambda_gb_second": 200,
            "snapshot_gb_second": 0.75 * 730 * 3_600,
            "dynamodb_read": 400,
            "logs_byte": 3_000,
            "sqs_request": 5 * 131_400,
            "xray_trace": 100,
        }
    )
    assert cost.unmeasured(measured) == ["newer"]


def test_a_schedule_that_was_not_measured_is_named_on_the_page() -> None:
    measured = MEASURED | {"standing": MEASURED["standing"] | {"runs": {"newer": 30}}}
    assert "What a run of `newer` takes is not in it" in cost.page(measured, cost.prices())


def test_an_amount_is_never_said_to_be_less_than_it_is() -> None:
    assert cost_page.money(0.461) == "$0.47"
    assert cost_page.money(13.66) == "$13.66"


def test_a_template_is_counted() -> None:
    properties = {"Handler": "handlers.tick.handler", "MemorySize": 256}
    function = {"Type": "AWS::Lambda::Function", "Properties": properties}
    quick = {"Type": "AWS::Lambda::Function", "Properties": {"MemorySize": 128, "SnapStart": {"ApplyOn": "X"}}}
    alias = {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": {"Ref": "F"}}}
    rule = {"ScheduleExpression": "rate(1 day)", "Targets": [{"Arn": {"Ref": "A"}}]}
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}}
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"SSESpecification": {"SSEType": "KMS"}}}
    resources = {
        "F": function,
        "G": quick,
        "A": alias,
        "R": {"Type": "AWS::Events::Rule", "Properties": rule},
        "Q": queue,
        "T": table,
    }
    found = counted({"Resources": resources | {"Key": {"Type": "AWS::KMS::Key"}}})
    assert found["runs"] == {"tick": 30}
    assert found["snapshotMegabytes"] == [128]
    assert (found["keys"], found["queuesUnderKey"], found["tablesUnderKey"], found["megabytes"]) == (1, 1, 1, 256)


def test_a_schedule_of_another_kind_is_not_guessed_at() -> None:
    assert runs_a_month("rate(5 minutes)") == 8_760
    with pytest.raises(ValueError, match="not a rate"):
        runs_a_month("cron(0 0 * * ? *)")


def test_an_item_is_as_large_as_dynamodb_says() -> None:
    content = {"text": {"S": "größe"}, "number": {"N": "-12.5"}, "flag": {"BOOL": True}, "nothing": {"NULL": True}}
    assert item_bytes(content) == len("textnumberflagnothing") + 7 + 3 + 1 + 1
    assert item_bytes({"map": {"M": {"a": {"S": "bc"}}}}) == 3 + (3 + 1 + 1 + 2)
    assert item_bytes({"list": {"L": [{"S": "x"}, {"N": "7"}]}, "set": {"SS": ["ab", "c"]}}) == 4 + (3 + 2 + 1 + 2) + 6
    with pytest.raises(ValueError, match="unknown type"):
        item_bytes({"binary": {"B": "AA=="}})


def test_a_write_takes_a_unit_a_kilobyte_of_the_larger_item_and_twice_that_in_a_transaction() -> None:
    small, large = item(id="x"), item(id="x" * 1_500)
    assert write_units(None, small, transactional=False) == 1
    assert write_units(small, large, transactional=False) == 2
    assert write_units(large, None, transactional=True) == 4
    assert write_units(None, None, transactional=False) == 1


def test_an_index_takes_a_write_where_its_entry_changes_and_two_where_it_moves() -> None:
    before = item(id="x", status="A", at="1", step="one", more="1")
    assert STATUS.units(before, before | item(more="2")) == 0
    assert STATUS.units(before, before | item(step="two")) == 1
    assert STATUS.units(before, before | item(status="B")) == 2
    assert STATUS.units(item(id="x"), before) == 1
    assert STATUS.units(before, None) == 1
    assert STATUS.units(None, item(id="x")) == 0
    assert write_units(before, before | item(step="two"), [STATUS], transactional=True) == 3


def test_a_read_takes_half_a_unit_unless_it_is_consistent() -> None:
    assert read_units([item(id="x"), item(id="y")], consistent=True) == 1
    assert read_units([item(id="x" * 5_000)], consistent=False) == 1
    assert read_units([{}], consistent=False) == 0.5


def test_the_indexes_of_a_table_are_those_that_it_describes() -> None:
    by_status, by_time = [{"AttributeName": "status"}], [{"AttributeName": "at"}]
    description = {
        "KeySchema": [{"AttributeName": "id"}],
        "GlobalSecondaryIndexes": [
            {"IndexName": "wide", "KeySchema": by_status, "Projection": {"NonKeyAttributes": ["step"]}},
            {"IndexName": "narrow", "KeySchema": by_time, "Projection": {"ProjectionType": "KEYS_ONLY"}},
        ],
    }
    wide, narrow = indexes_of(description)
    assert wide.projected == {"id", "status", "step"}
    assert narrow.projected == {"id", "at"}
    assert indexes_of({"KeySchema": [{"AttributeName": "id"}]}) == ()
