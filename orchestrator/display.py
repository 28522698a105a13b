"""What the command line shows: tables and a tenant's page. Names come from tenants, so they are text, never markup."""

from datetime import UTC, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Document = dict[str, Any]

COLOURS = {
    "PENDING": "yellow",
    "IN_PROGRESS": "cyan",
    "RUNNING": "cyan",
    "COMPLETED": "green",
    "DONE": "green",
    "FAILED": "bold red",
    "REJECTED": "magenta",
}


def tenants(rows: list[Document]) -> Table:
    """Return the table of tenants: tier, step, status, and the time since or taken."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("tenant", "tier", "step", "status", "attempt", "time"):
        table.add_column(column, no_wrap=column != "step")
    for row in rows:
        step = row["failure"]["step"] if row["failure"] else row["currentStep"]
        table.add_row(
            Text(row["tenantId"]),
            row["tier"],
            "" if row["status"] == "COMPLETED" else step,
            _status(row["status"]),
            str(row["attempt"]),
            _time_taken(row["requestedAt"], row["completedAt"]),
        )
    return table


def tenant(page: Document) -> RenderableType:
    """Return a tenant's page: facts, steps, resources, and what failed and what to do next."""
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_row("tenant", Text(f"{page['tenantId']} ({page['tenantName']})"))
    facts.add_row("tier", page["tier"])
    facts.add_row("status", _status(page["status"]))
    facts.add_row("attempt", str(page["attempt"]))
    facts.add_row("requested", page["requestedAt"])
    facts.add_row("completed", page["completedAt"] or "")
    for name, value in page["resources"].items():
        if value:
            facts.add_row(name, Text(value if isinstance(value, str) else ", ".join(value), overflow="fold"))
    parts: list[RenderableType] = [facts, "", _steps(page["steps"])]
    if page["failure"]:
        parts += ["", _failure(page["failure"])]
    return Group(*parts)


def rejected(rows: list[Document]) -> Table:
    """Return the table of rejected events, a line for each reason."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("event", "tenant", "field", "reason"):
        table.add_column(column, overflow="fold")
    for row in rows:
        for number, reason in enumerate(row["reasons"]):
            first = (row["eventId"], row["tenantId"] or "") if number == 0 else ("", "")
            table.add_row(*(Text(cell) for cell in (*first, reason["field"], reason["message"])))
    return table


def pools(rows: list[Document]) -> Table:
    """Return the table of shared user pools with their counters beside their limits."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("shared user pool", "status", "user pool id", "groups", "app clients", "identity providers"):
        table.add_column(column, overflow="fold")
    for row in rows:
        counters = (f"{row[name]}/{row['limits'][name]}" for name in ("groups", "appClients", "identityProviders"))
        table.add_row(row["poolKey"], row["status"], row["userPoolId"] or "", *counters)
    return table


def audit(document: Document) -> RenderableType:
    """Return what an audit found: counters that are not what is there, what is missing, and what is nobody's."""
    parts: list[RenderableType] = []
    if document["drift"]:
        columns = {"poolKey": "shared user pool", "counter": "counter", "counted": "counted", "found": "in Cognito"}
        parts += [_table("Drift", document["drift"], columns | {"awaited": "yet to be made"}), ""]
    columns = {"kind": "what", "name": "name or id", "userPoolId": "user pool id", "why": "why"}
    for title in ("missing", "orphans"):
        if document[title]:
            parts += [_table(title.capitalize(), document[title], columns), ""]
    if document["changing"]:
        parts.append(f"Changed meanwhile, so not compared: {', '.join(document['changing'])}")
    number = sum(len(document[title]) for title in ("drift", "missing", "orphans"))
    looked_at = f"{document['tenants']} tenants and {len(document['compared'])} counters by {document['calls']} calls"
    parts.append(f"Findings: {number or 'none'}; looked at {looked_at}.")
    return Group(*parts)


def facts(values: Document) -> Table:
    """Return names and values, one a line."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in values.items():
        table.add_row(name, Text(str(value or ""), overflow="fold"))
    return table


def _table(title: str, rows: list[Document], columns: dict[str, str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="bold", pad_edge=False)
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if row[name] is None else str(row[name])) for name in columns))
    return table


def _status(status: str) -> Text:
    return Text(status, style=COLOURS.get(status, ""))


def _steps(steps: list[Document]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("step", "status", "tries", "started", "finished"):
        table.add_column(column)
    for step in steps:
        table.add_row(
            step["name"],
            _status(step["status"]),
            str(step["attempts"] or ""),
            (step["startedAt"] or "")[11:23],
            (step["finishedAt"] or "")[11:23],
        )
    return table


def _failure(failure: Document) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for label, key in (("failed at", "step"), ("error", "error"), ("why", "message"), ("what next", "nextAction")):
        table.add_row(Text(label, style="bold"), Text(failure[key], overflow="fold"))
    return table


def _time_taken(since: str, until: str | None) -> str:
    start = datetime.fromisoformat(since)
    end = datetime.fromisoformat(until) if until else datetime.now(UTC)
    seconds = max((end - start).total_seconds(), 0.0)
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004  # two minutes
