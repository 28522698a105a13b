"""The pages of one tenant and of one rejected event: a row for each fact, and no gap where there is none."""

from typing import Any

import pytest

from orchestrator.tenants import lifecycle
from tests.unit.cli.command_line import Run, fail, run, stack
from tests.unit.conftest import tenant_created
from tests.unit.simulated_aws import Stack

__all__ = ["run", "stack"]

PROVIDER = {
    "name": "AcmeSSO",
    "type": "SAML",
    "metadataUrl": "https://login.acme.example/metadata",
}


def bare_names(shown: str) -> list[str]:
    """Return the names of rows above the table of steps that have no value."""
    facts = shown.partition("\n\n")[0]
    return [line for line in facts.splitlines() if len(line.split()) == 1]


@pytest.mark.parametrize("tenant_id", ["acme", "globex"])
def test_a_tenants_page_has_no_empty_rows_and_no_wide_gaps(stack: Stack, run: Run, tenant_id: str) -> None:
    fail(stack, tenant_id)
    shown = run("show", tenant_id).out
    assert "\n\n\n" not in shown
    assert bare_names(shown) == []
    assert "completed" not in shown.partition("\n\n")[0]


def test_what_was_asked_for_is_a_row_a_field(stack: Stack, run: Run) -> None:
    stack.receive(tenant_created(tier="bridge", identityProviders=[PROVIDER]))
    rows = [line.split() for line in run("show", "acme").out.splitlines()]
    assert ["identityProviders[0].name", "AcmeSSO"] in rows
    assert ["identityProviders[0].metadataUrl", "https://login.acme.example/metadata"] in rows
    assert "{" not in run("show", "acme").out


@pytest.mark.parametrize(("status", "by"), [(lifecycle.ABANDONED, "(forgotten)"), (lifecycle.FAILED, "")])
def test_who_acted_on_an_abandoned_tenant_is_said_to_be_forgotten(stack: Stack, run: Run, status: str, by: str) -> None:
    fail(stack, "acme")
    act: Any = {"what": "retry", "attempt": 1, "at": "2026-01-31T09:30:00.000Z"}
    stack.change("acme", status=status, actions=[act])
    shown = run("show", "acme").out
    assert ("(forgotten)" in shown) is bool(by)


def test_a_rejected_event_is_shown_with_a_line_for_each_field(stack: Stack, run: Run) -> None:
    stack.receive({"tenantId": "acme", "colour": "red"}, "event-9")
    shown = run("rejected", "show", "event-9").out
    assert '\n    "tenantId": "acme",\n    "colour": "red"\n' in shown
