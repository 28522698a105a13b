"""The function that looks every hour: what it finds becomes metrics and lines of a log, which name nobody."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from handlers import metrics, preflight
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.preflight import look
from tests.unit.conftest import REGION
from tests.unit.faults import Wire
from tests.unit.handlers.invocations import CONTEXT
from tests.unit.handlers.logs_and_metrics import Told, log, told
from tests.unit.preflight.account import ABROAD, NOW, Account, healthy

__all__ = ["log", "told"]


@pytest.fixture
def account(clients: Clients, settings: Settings, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account with which nothing is wrong, in which the function runs."""
    account = healthy(clients, settings, wire)
    monkeypatch.setattr(preflight, "clients", lambda: account.clients)
    for module in (preflight, metrics):
        monkeypatch.setattr(module, "settings", lambda: account.settings)
    monkeypatch.setattr(preflight, "look", partial(look, clock=lambda: NOW))
    return account


def run(account: Account) -> dict[str, Any]:
    """Let the schedule's tick come."""
    with account.answering():
        return dict(preflight.handler({}, CONTEXT))


def test_what_is_well_is_measured_too(account: Account, told: Callable[[], Told]) -> None:
    """Silence would mean that nobody looks."""
    found = run(account)
    measured = told()
    counts = {name: value for name, of, value in measured if not of}
    assert counts == {"PreflightFailures": 0, "PreflightWarnings": 0, "PreflightUnknown": 0}
    used = {(of["Check"], of["Region"]): value for name, of, value in measured if name == "LimitUsedPercent"}
    assert used == {
        ("mail-quota", REGION): pytest.approx(0.0, abs=0.1),
        ("mail-quota", ABROAD): pytest.approx(0.0, abs=0.1),
        ("user-pools", REGION): 0,
        ("user-pools", ABROAD): 0,
        ("parameters", REGION): 0,
    }
    assert found["counted"]["FAIL"] == 0


def test_what_is_not_right_is_counted_and_logged_without_names(
    account: Account,
    told: Callable[[], Told],
    log: list[dict[str, Any]],
) -> None:
    account.verified[ABROAD] = False
    account.at_once = 10
    account.completed(0.5, silo=4)
    account.quotas["L-66E6DF30"]["Value"] = 50.0
    found = run(account)
    measured = {name: value for name, of, value in told() if not of}
    assert measured == {
        "PreflightFailures": 1,
        "PreflightWarnings": found["counted"]["WARN"],
        "PreflightUnknown": 1,  # nobody has converged yet
        "DaysUntilLimit": 12.5,
    }
    lines = [line for line in log if line["message"] == "preflight found"]
    assert len(lines) == 1 + found["counted"]["WARN"] + 1
    assert {"check": "sender-identity", "region": ABROAD, "status": "FAIL"}.items() <= lines[1].items() | lines[
        0
    ].items()
    assert account.settings.sender not in json.dumps(log)


def test_a_result_fits_what_lambda_takes(account: Account) -> None:
    """It is JSON."""
    assert json.loads(json.dumps(run(account)))["findings"]
