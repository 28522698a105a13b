"""`onboard amend` shows what changes, or every reason why not."""

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.aws.settings import JUDGED_BY, Settings
from orchestrator.onboarding import judgement, request
from orchestrator.operations.amendments import CANNOT
from orchestrator.tenants import lifecycle, tiers
from tests.unit.cli.command_line import Run as Onboard
from tests.unit.cli.command_line import run as onboard
from tests.unit.cli.command_line import stack as deployed
from tests.unit.identity.providers import METADATA
from tests.unit.operations.amendment_desk import ADMIN, SAML, Desk, desk
from tests.unit.simulated_aws import Stack

__all__ = ["deployed", "desk", "onboard"]


@pytest.fixture
def file(tmp_path: Path) -> Callable[[Any], Path]:
    """Write a detail into a file."""

    def file(detail: Any) -> Path:
        path = tmp_path / "acme.json"
        path.write_text(json.dumps(detail))
        return path

    return file


File = Callable[[Any], Path]


def test_the_command_says_what_changes_and_starts_the_next_attempt(
    desk: Desk, deployed: Stack, onboard: Onboard, file: File
) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    amended = file(detail | {"admin": ADMIN | {"email": "right@acme.example"}})
    tried = onboard("amend", "acme", amended, "--dry-run")
    assert (tried.code, tried.err) == (0, "")
    assert tried.out.splitlines()[-1] == "acme: would start attempt 2"
    assert desk.stack.record()["status"] == lifecycle.FAILED
    ran = onboard("amend", "acme", amended)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "acme: attempt 2 started"
    assert [line.split() for line in ran.out.splitlines() if "admin@" in line] == [
        ["admin.email", "admin@acme.example", "right@acme.example"]
    ]


def test_the_command_says_every_reason_why_not(desk: Desk, deployed: Stack, onboard: Onboard, file: File) -> None:
    detail = desk.stop_before("RegisterRouting")
    ran = onboard("amend", "acme", file(detail | {"admin": {"email": "right@acme.example"}}))
    assert (ran.code, ran.err) == (1, "")
    assert "is part of the tenant's admin in Cognito already; abandon the tenant, then emit it anew" in ran.out
    assert ran.out.splitlines()[-1] == f"acme: {CANNOT}"


def test_the_command_prints_one_document(desk: Desk, deployed: Stack, onboard: Onboard, file: File) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    wrong = onboard("amend", "acme", file(detail | {"more": 1}), "--json")
    assert (wrong.code, wrong.err) == (1, "")
    assert json.loads(wrong.out) == {
        "dryRun": False,
        "tenantId": "acme",
        "attempt": None,
        "message": CANNOT,
        "changes": [],
        "reasons": [{"field": "more", "message": "is not a field of this event; remove it"}],
    }
    ran = onboard("amend", "acme", file(detail | {"tenantName": "Acme Ltd."}), "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["changes"] == [{"field": "tenantName", "before": "Acme Inc.", "after": "Acme Ltd."}]


def test_a_file_that_cannot_be_read_is_one_line(deployed: Stack, onboard: Onboard, tmp_path: Path) -> None:
    ran = onboard("amend", "acme", tmp_path / "missing.json")
    assert ran.code != 0
    assert "missing.json" in ran.err
    assert "Traceback" not in ran.err


def test_a_long_value_is_shown_by_its_beginning(desk: Desk, deployed: Stack, onboard: Onboard, file: File) -> None:
    detail = desk.stop_before("AssignSharedPool", tier="bridge", identityProviders=[SAML])
    document = SAML | {"metadataUrl": None, "metadataDocument": METADATA}
    ran = onboard("amend", "acme", file(detail | {"identityProviders": [document]}), "--dry-run")
    assert ran.code == 0
    assert "entityID" in ran.out.replace("\n", "").replace(" ", "")
    assert "SingleSignOnService" not in ran.out


def test_the_command_judges_by_what_the_stack_chose(desk: Desk, deployed: Stack, onboard: Onboard, file: File) -> None:
    """Its plans and Regions are not the defaults of the program."""
    detail = desk.stop_before("CreateUserPool", tier="silo")
    assert onboard("amend", "acme", file(detail | {"region": "us-east-1"})).code == 1
    assert onboard("amend", "acme", file(detail | {"tier": "premium"})).code == 1
    ran = onboard("amend", "acme", file(detail | {"tier": "team", "tenantName": "Acme Ltd."}))
    assert (ran.code, desk.stack.record()["tier"]) == (0, "bridge")


def test_an_output_of_the_stack_tells_all_that_an_event_is_judged_by() -> None:
    """What comes from other outputs apart: the account, the Region, the product's domain, the partition."""
    read = {
        node.attr
        for module in (judgement, tiers, request)
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "settings"
    }
    elsewhere = {"account_id", "app_domain", "partition", "region", "routes_table", "tenants_table"}
    assert read - elsewhere == set(JUDGED_BY)
    assert set(JUDGED_BY) <= Settings.model_fields.keys()
