"""What will stop onboarding, before it does: `onboard doctor`."""

from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestrator import preflight
from orchestrator.cli import exit_status, terminal
from orchestrator.cli.display import Document, plain
from orchestrator.cli.tables import headed
from orchestrator.cli.terminal import Json, Stack
from orchestrator.operations import deployment
from orchestrator.preflight import Preflight
from tenant_onboarding.names import STACK_NAME

Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 also for a warning or an unknown result.")]
COLOURS = {"OK": "green", "UNKNOWN": "magenta", "WARN": "yellow", "FAIL": "bold red"}
A_LONG_TIME_DAYS = 3_650
"""Longer forecasts say nothing."""


def doctor(strict: Strict = False, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """Say what will stop onboarding, from quotas, usage and settings; exits with 1 if something fails, or soon will."""
    aws = deployment.find(stack)
    with terminal.progress("examining"):
        found = preflight.look(*aws)
    terminal.show(found.document(), _page(found), as_json=as_json)
    counted = found.counted
    if counted["FAIL"] or (strict and counted["WARN"] + counted["UNKNOWN"]):
        raise typer.Exit(exit_status.NO)


def _page(found: Preflight) -> RenderableType:
    document = found.document()
    advice = [each for each in document["findings"] if each["do"]]
    parts: list[RenderableType] = [
        _findings(document["findings"]),
        "",
        *map(_advice, advice),
        *([""] if advice else []),
    ]
    counted = ", ".join(f"{number} {status}" for status, number in document["counted"].items())
    return Group(*parts, _first(document), counted)


def _findings(findings: list[Document]) -> Table:
    table = headed(("check", "region", "status", "used", "of", "days left", "says"))
    for each in findings:
        assumed = "?" if each["source"] == "assumed" else ""
        table.add_row(
            each["check"],
            each["region"],
            Text(each["status"], style=COLOURS[each["status"]]),
            _number(each["value"]),
            f"{_number(each['limit'])}{assumed}",
            _days(each["daysLeft"]),
            plain(each["says"]),
        )
    return table


def _advice(finding: Document) -> Text:
    name = f"{finding['check']} in {finding['region']}: "
    return Text.assemble((name, COLOURS[finding["status"]]), plain(finding["do"]))


def _first(document: Document) -> str:
    """Return what is reached first at the present rate."""
    first, a_day = document["first"], document["tenantsADay"]
    if a_day is None:
        return "No forecast: how many tenants come is not known."
    if first is None or first["daysLeft"] > A_LONG_TIME_DAYS:
        return f"At {a_day:.1f} tenants a day no limit is reached within ten years."
    when = f"in {_days(first['daysLeft'])} days" if first["daysLeft"] else "now"
    return f"At {a_day:.1f} tenants a day the first limit is {first['check']} in {first['region']}, {when}."


def _days(days: float | None) -> str:
    return "" if days is None or days > A_LONG_TIME_DAYS else f"{days:.0f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}".removesuffix(".0")
