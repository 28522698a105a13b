"""What the command line shows: tables and a tenant's page. Names come from tenants, so they are text, never markup."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestrator.cli.tables import headed
from orchestrator.tenants.lifecycle import ABANDONED, UNDER_WAY

Document = dict[str, Any]

SHORT = 100
"""Characters of a value that tell it from another."""
COLOURS = {
    "PENDING": "yellow",
    "IN_PROGRESS": "cyan",
    "RUNNING": "cyan",
    "COMPLETED": "green",
    "DONE": "green",
    "ABANDONING": "cyan",
    "ABANDONED": "dim",
    "INVITED": "yellow",
    "ACTIVE": "green",
    "FAILED": "bold red",
    "REJECTED": "magenta",
    "DELAYED": "yellow",
    "DELIVERED": "green",
    "BOUNCED": "bold red",
    "COMPLAINED": "bold red",
}


ENDED_WELL = ("COMPLETED", "ABANDONED")
ASKED = ("region", "security", "identityProviders", "appClient")
"""What of a request the page does not say otherwise."""
REMOVED = {
    "userPool": "user pool",
    "admin": "user",
    "appClient": "app client",
    "identityProviders": "identity providers",
    "group": "group",
    "placeIn": "place in the shared user pool",
    "routingKeys": "routing keys",
    "toBeLookedFor": "in doubt, looked for by name",
}


def tenants(rows: list[Document]) -> Table:
    """Return the table of tenants: tier, step, status, and the time since or taken."""
    table = headed(("tenant", "tier", "step", "status", "attempt", "time"))
    for row in rows:
        step = row["failure"]["step"] if row["failure"] else row["currentStep"]
        table.add_row(
            Text(row["tenantId"]),
            row["tier"],
            "" if row["status"] in ENDED_WELL else step,
            coloured(row["status"]),
            str(row["attempt"]),
            _time_taken(row["requestedAt"], _ended_at(row)),
        )
    return table


def waiting(rows: list[Document]) -> Table:
    """Return the table of tenants whose first sign-in is awaited."""
    table = headed(("tenant", "tier", "completed", "password ends"))
    for row in rows:
        table.add_row(*map(plain, (row["tenantId"], row["tier"], row["completedAt"], row["passwordExpiresAt"])))
    return table


def people(rows: list[Document]) -> Table:
    """Return the table of a tenant's people, with what lets in whoever has never signed in."""
    table = headed(("user id", "email", "name", "role", "status", "since", "never signed in"))
    for row in rows:
        known = map(plain, (row["userId"], row["email"], row["name"], row["role"]))
        table.add_row(*known, coloured(row["status"]), row["createdAt"], plain(row["nextAction"] or ""))
    return table


def tenant(page: Document) -> RenderableType:
    """Return a tenant's page: facts, steps, resources, and what failed and what to do next."""
    told: dict[str, object] = {
        "tenant": f"{page['tenantId']} ({page['tenantName']})",
        "tier": page["tier"],
        "status": coloured(page["status"]),
        "attempt": page["attempt"],
        "requested": page["requestedAt"],
        "completed": page["completedAt"],
        "host": page["routing"]["host"],
        "code": page["routing"]["tenantCode"],
        "email domains": page["routing"]["emailDomains"],
        "sign-up": page["signUp"],
        "metadata": [f"{key}={value}" for key, value in page["metadata"].items()],
    }
    told |= page["resources"]
    told = {name: value for name, value in told.items() if value}
    parts: list[RenderableType] = [facts(told), "", _steps(page["steps"])]
    if page["welcomeEmail"]:
        parts += ["", _welcome_email(page["welcomeEmail"])]
    if page["request"]:
        asked = {name: page["request"][name] for name in ASKED if page["request"].get(name)}
        parts += ["", facts(dict(_fields(asked)))] if asked else []
    if page["actions"]:
        parts += ["", _actions(page["actions"], forgotten=page["status"] == ABANDONED)]
    if page["warnings"]:
        parts += ["", _table("Warnings", page["warnings"], {"field": "field", "message": "warning"})]
    if page["failure"]:
        parts += ["", failure(page["failure"])]
    return Group(*parts)


def to_be_removed(planned: Document) -> RenderableType:
    """Return what abandoning a tenant removes, a line for each kind that there is."""
    found = {label: planned[name] for name, label in REMOVED.items() if planned[name]}
    return Group(f"To be removed of {planned['tenantId']}", facts(found))


def amendment(document: Document) -> RenderableType:
    """Return what an amendment changes, or why it cannot be, and what came of it."""
    changes = [{name: _short(value) for name, value in each.items()} for each in document["changes"]]
    parts: list[RenderableType] = []
    if changes:
        parts += [_table("Changes", changes, {"field": "field", "before": "before", "after": "after"}), ""]
    if document["reasons"]:
        parts += [_table("Why not", document["reasons"], {"field": "field", "message": "reason"}), ""]
    return Group(*parts, plain(f"{document['tenantId']}: {document['message']}"))


def rejected(rows: list[Document]) -> Table:
    """Return the table of rejected events, a line for each reason."""
    table = headed(("event", "tenant", "field", "reason"))
    for row in rows:
        for number, reason in enumerate(row["reasons"]):
            first = (row["eventId"], row["tenantId"] or "") if number == 0 else ("", "")
            table.add_row(*map(plain, (*first, reason["field"], reason["message"])))
    return table


def rejection(page: Document) -> RenderableType:
    """Return a rejected event's page: facts, every reason, the event as it came, and what to do next."""
    known = ("eventId", "tenantId", "rejectedAt", "keptUntil", "rawLength", "rawSha256")
    reasons = _table("Reasons", page["reasons"], {"field": "field", "message": "reason"})
    cut = f" (the first {len(page['raw'].encode()):,} bytes)" if page["rawIsCut"] else ""
    held: list[RenderableType] = []
    if page["heldBy"]:
        held = [_table("Held by", page["heldBy"], {"key": "key", "tenantId": "tenant", "status": "status"}), ""]
    raw = Text.assemble((f"Event{cut}\n", "bold"), plain(indented(page["raw"])))
    next_action = facts({"what next": page["nextAction"]}, style="bold")
    return Group(
        facts({name: page[name] for name in known if page[name]}), "", reasons, "", *held, raw, "", next_action
    )


def pools(rows: list[Document]) -> Table:
    """Return the table of shared user pools with their counters beside their limits."""
    table = headed(("shared user pool", "status", "user pool id", "groups", "app clients", "identity providers"))
    for row in rows:
        counters = (f"{row[name]}/{row['limits'][name]}" for name in ("groups", "appClients", "identityProviders"))
        table.add_row(row["poolKey"], row["status"], row["userPoolId"] or "", *counters)
    return table


def operators(rows: list[Document]) -> Table:
    """Return the table of who may use the status API."""
    table = headed(("email", "group", "state", "since"))
    for row in rows:
        state = "disabled" if not row["enabled"] else "awaits first sign-in" if row["awaitsFirstSignIn"] else "active"
        table.add_row(*map(plain, (row["email"], ", ".join(row["groups"]) or "none", state, row["createdAt"])))
    return table


def domains(rows: list[Document]) -> RenderableType:
    """Return the table of claims to email domains, and below it what is to be published for those not verified."""
    table = headed(("domain", "tenant", "state", "since", "how"))
    for row in rows:
        since = row["verifiedAt"] or row["claimedAt"]
        state = f"TAKEN by {row['takenBy']}" if row["takenBy"] else row["state"]
        table.add_row(*map(plain, (row["domain"], row["tenantId"], state, since, _how(row))))
    wanted = [row["record"] for row in rows if row["state"] != "VERIFIED"]
    records = [plain(f'{each["name"]} {each["type"]} "{each["value"]}"') for each in wanted]
    return Group(table, "", Text("To be published", "bold"), *records) if records else table


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


def facts(values: Mapping[str, object], style: str = "") -> Text:
    """Return names and values, one a line however long: what a terminal breaks by itself is copied whole."""
    width = max(map(len, values), default=0)
    lines = (Text.assemble((name.ljust(width), style), "  ", _value(value)) for name, value in values.items())
    return Text("\n", no_wrap=True).join(lines)


def _value(value: object) -> Text:
    return value if isinstance(value, Text) else plain(", ".join(value) if isinstance(value, list) else value)


def _table(title: str, rows: list[Document], columns: dict[str, str]) -> Table:
    table = headed(columns.values(), title=title, title_justify="left", title_style="bold")
    for row in rows:
        table.add_row(*(Text("" if row[name] is None else str(row[name])) for name in columns))
    return table


def _how(row: Document) -> str:
    override = row["override"]
    return f"{row['verifiedBy']} {override['by']}: {override['reason']}" if override else row["verifiedBy"] or ""


def _short(value: str | None) -> str:
    """Return the beginning of a long value, such as a metadata document."""
    text = value or ""
    return text if len(text) <= SHORT else f"{text[:SHORT]}..."


def indented(text: str) -> str:
    """Return a JSON document with a line for each field; any other text, and one that was cut, as it is."""
    with suppress(ValueError, RecursionError):
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text


def plain(value: object) -> Text:
    """Return a value as text that cannot steer a terminal: what does not print is shown by its escape."""
    text = "" if value is None else str(value)
    shown = (each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode() for each in text)
    return Text("".join(shown))


def coloured(status: str) -> Text:
    """Return a status in the colour that tells it from others."""
    return Text(status, style=COLOURS.get(status, ""))


def _steps(steps: list[Document]) -> Table:
    table = headed(("step", "status", "tries", "started", "finished"))
    for step in steps:
        table.add_row(
            step["name"],
            coloured(step["status"]),
            str(step["attempts"] or ""),
            (step["startedAt"] or "")[11:23],
            (step["finishedAt"] or "")[11:23],
        )
    return table


def _fields(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield each field of a request by its path, such as `identityProviders[0].name`."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _fields(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and not all(isinstance(each, str) for each in value):
        for number, each in enumerate(value):
            yield from _fields(each, f"{path}[{number}]")
    elif value not in (None, [], {}):
        yield path, json.dumps(value) if isinstance(value, bool) else value


def _actions(actions: list[Document], *, forgotten: bool) -> Table:
    nobody = "(forgotten)" if forgotten else ""
    table = headed(("action", "attempt", "at", "by", "after"))
    for each in actions:
        after = f"{each['after']['step']}: {each['after']['error']}" if each["after"] else ""
        table.add_row(*map(plain, (each["what"], each["attempt"], each["at"], each["by"] or nobody, after)))
    return table


def _welcome_email(email: Document) -> Text:
    why = f" ({email['reason']})" if email["reason"] else ""
    told: dict[str, object] = {"welcome email": Text.assemble(coloured(email["status"]), why, "  ", email["at"])}
    if email["passwordExpiresAt"]:
        told["its password"] = f"ends {email['passwordExpiresAt']} unless somebody signs in"
    if email["nextAction"]:
        told["what next"] = email["nextAction"]
    return facts(told, style="bold")


def failure(failure: Document) -> Text:
    """Return where and why a tenant failed, and what to do next."""
    labels = {"failed at": "step", "error": "error", "why": "message", "what next": "nextAction"}
    return facts({label: failure[key] for label, key in labels.items()}, style="bold")


def _ended_at(row: Document) -> str | None:
    """Return when a tenant came to the end it has now; None while something is under way for it."""
    return row["completedAt"] or (None if row["status"] in UNDER_WAY else row["statusChangedAt"])


def _time_taken(since: str, until: str | None) -> str:
    start = datetime.fromisoformat(since)
    end = datetime.fromisoformat(until) if until else datetime.now(UTC)
    return span(max((end - start).total_seconds(), 0.0))


def span(seconds: float) -> str:
    """Return a length of time as people say it."""
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004  # two minutes
