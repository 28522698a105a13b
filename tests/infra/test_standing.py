"""What the page on cost counts by the month is what the template has."""

import json

from benchmarks import cost
from benchmarks.standing import counted
from tests.infra.template import Template, functions


def test_the_page_counts_what_the_template_has(template: Template) -> None:
    """If not: `.venv/bin/python -m benchmarks.cost --write` counts anew and writes the page."""
    assert json.loads(cost.USAGE.read_text())["standing"] == counted(template)


def test_what_is_counted_is_there(template: Template) -> None:
    found = counted(template)
    assert {"alarms", "dashboards", "polledQueues", "megabytes"} <= {name for name, number in found.items() if number}
    assert found["runs"].keys() <= functions(template).keys()


def test_one_alarm_more_is_noticed(template: Template) -> None:
    template["Resources"]["Another"] = {"Type": "AWS::CloudWatch::Alarm", "Properties": {}}
    assert json.loads(cost.USAGE.read_text())["standing"] != counted(template)
