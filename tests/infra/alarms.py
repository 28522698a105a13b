"""The alarms of a template, and the sections of the runbook that they lead to."""

import re
from pathlib import Path
from typing import Any

from tests.infra.template import Template, of_type

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs/operations.md").read_text()
EVERY_TICK = {"OldestInProgress", "SharedPoolsLacking", "PreflightFailures"}
"""Alarms whose silence would mean that nobody looks after the tenants."""

Alarm = dict[str, Any]  # Any: CloudFormation as JSON


def alarms(template: Template) -> dict[str, Alarm]:
    """Return the properties of each alarm by its name, without the stack's."""
    found = [resource["Properties"] for resource in of_type(template, "AWS::CloudWatch::Alarm").values()]
    return {alarm["AlarmName"]["Fn::Join"][1][1].removeprefix("-"): alarm for alarm in found}


def sections() -> dict[str, str]:
    """Return the sections of the runbook by their headings."""
    runbook = OPERATIONS.split("\n## Alarms\n", 1)[1].split("\n## ", 1)[0]
    parted = (part.partition("\n") for part in runbook.split("\n### ")[1:])
    return {heading: text for heading, _, text in parted}


def section_of(alarm: Alarm, where: str = "docs/operations.md") -> str:
    """Return the heading that an alarm's description sends its reader to."""
    (anchor,) = re.findall(rf" What to do: {re.escape(where)}#([a-z]+)$", alarm["AlarmDescription"])
    (heading,) = [heading for heading in sections() if heading.lower() == anchor]
    return heading


def dimensions(alarm: Alarm) -> dict[str, Any]:
    """Return an alarm's dimensions by name."""
    return {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}
