"""What people copy out of a table is whole, however narrow the terminal."""

import ast
import io
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from rich.console import Console, RenderableType
from rich.table import Table

from orchestrator.cli import display, doctor, tables, terminal
from tests.infra.source import modules, tree

ID = "e" * 36
TENANT = "t" * 40
WORDS = "many words that say why " * 5
LIMITS = {"groups": 10_000, "appClients": 1_000, "identityProviders": 300}
ROW = {"tier": "pool", "attempt": 1, "currentStep": "CreateTenantGroup", "completedAt": "2026-01-31T09:30:00.000Z"}
POOL = {"poolKey": TENANT, "status": "OPEN", "userPoolId": ID, "groups": 1, "appClients": 1, "identityProviders": 1}
LONG = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:" + "x" * 47
FINDING = {
    "check": "user-pools-of-the-account",
    "region": "eu-central-1",
    "status": "UNKNOWN",
    "says": f"AccessDenied: {WORDS} servicequotas:ListServiceQuotas",
}
AUDIT = {"changing": [], "tenants": 1, "compared": [], "calls": 1, "missing": [], "drift": []}
TABLES: dict[str, tuple[Callable[[Any], RenderableType], Any, tuple[str, ...]]] = {
    "tenants": (
        display.tenants,
        [
            ROW
            | {
                "tenantId": TENANT,
                "status": "COMPLETED",
                "failure": None,
                "requestedAt": "2026-01-31T09:00:00.000Z",
                "statusChangedAt": "2026-01-31T09:30:00.000Z",
            }
        ],
        (TENANT,),
    ),
    "waiting": (display.waiting, [ROW | {"tenantId": TENANT, "passwordExpiresAt": None}], (TENANT,)),
    "rejected": (
        display.rejected,
        [{"eventId": ID, "tenantId": TENANT, "reasons": [{"field": "identityProviders[0].name", "message": WORDS}]}],
        (ID, TENANT, "identityProviders[0].name"),
    ),
    "pools": (display.pools, [POOL | {"limits": LIMITS}], (TENANT, ID)),
    "audit": (
        display.audit,
        AUDIT | {"orphans": [{"kind": "group", "name": TENANT, "userPoolId": ID, "why": WORDS}]},
        (TENANT, ID),
    ),
    "operators": (
        display.operators,
        [
            {
                "email": f"{TENANT}@ops.example",
                "groups": ["operators"],
                "enabled": True,
                "awaitsFirstSignIn": False,
                "createdAt": "2026-01-31T09:00:00.000Z",
            }
        ],
        (f"{TENANT}@ops.example",),
    ),
    "to be removed": (
        display.to_be_removed,
        {"tenantId": TENANT} | dict.fromkeys(display.REMOVED) | {"userPool": ID, "routingKeys": [f"code#{TENANT}"]},
        (TENANT, ID, f"code#{TENANT}"),
    ),
    "amendment": (
        display.amendment,
        {
            "tenantId": TENANT,
            "message": "",
            "reasons": [],
            "changes": [{"field": "identityProviders[0]", "before": "two words " * 9, "after": LONG}],
        },
        (LONG, "identityProviders[0]"),
    ),
    "doctor": (
        doctor._findings,  # of a page that AWS is asked for
        [dict.fromkeys(("value", "limit", "daysLeft", "source")) | FINDING],
        ("user-pools-of-the-account", "servicequotas:ListServiceQuotas"),
    ),
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("width", [20, 80])
def test_what_is_copied_is_broken_by_no_narrow_terminal(name: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(terminal, "out", Console(width=width, file=shown))
    table, rows, whole = TABLES[name]
    terminal.show(rows, table(rows), as_json=False)
    for each in whole:
        assert each in shown.getvalue()


def test_words_still_take_as_many_lines_as_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(terminal, "out", Console(width=120, file=shown))
    table, rows, _ = TABLES["audit"]
    terminal.show(rows, table(rows), as_json=False)
    assert max(map(len, shown.getvalue().splitlines())) <= 120


ARN = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:acme:key:id:on:1:"
PRINTERS: dict[str, Callable[[], object]] = {
    "line": lambda: terminal.say(ARN),
    "complaint": lambda: terminal.complain(ARN),
    "table": lambda: terminal.show([], _of_one(ARN), as_json=False),
    "console": lambda: terminal.console().print(ARN, soft_wrap=True),
}


def _of_one(value: str) -> Table:
    table = tables.headed(("value",))
    table.add_row(value)
    return table


@pytest.mark.parametrize("name", PRINTERS)
@pytest.mark.parametrize("width", [20, 200])
def test_an_arn_is_printed_as_it_is(name: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    for console in (terminal.out, terminal.err):
        monkeypatch.setattr(console, "_file", shown)
        monkeypatch.setattr(console, "_width", width)
    monkeypatch.setattr(terminal, "console", partial(terminal.console, file=shown))
    PRINTERS[name]()
    assert ARN in shown.getvalue()


def test_no_console_is_made_otherwise() -> None:
    made = [
        f"{name}: {ast.unparse(node)}"
        for name, path in modules("orchestrator").items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Console")
    ]
    assert made == []
