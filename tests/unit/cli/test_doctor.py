"""`onboard doctor` ends with 1 where something fails, says what to do, and prints one document for programs."""

import json
from collections.abc import Callable
from functools import partial

import pytest

from orchestrator import preflight
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import LIMITED_BY, Settings
from orchestrator.operations import deployment
from tests.unit.cli.command_line import Ran, deploy, outputs_of
from tests.unit.cli.command_line import Run as Onboard
from tests.unit.cli.command_line import run as onboard
from tests.unit.conftest import REGION
from tests.unit.faults import ALWAYS, Wire, access_denied
from tests.unit.preflight.account import ABROAD, NOW, Account, healthy

__all__ = ["onboard"]

Doctor = Callable[..., Ran]


@pytest.fixture
def account(clients: Clients, settings: Settings, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account with which nothing is wrong, and in it the stack, found by its outputs."""
    monkeypatch.setattr(deployment, "Clients", lambda _: clients)
    monkeypatch.setattr(preflight, "look", partial(preflight.look, clock=lambda: NOW))
    account = healthy(clients, settings, wire)
    chosen = account.settings
    outputs = outputs_of(
        chosen,
        AlarmTopicArn=chosen.alarm_topic_arn,
        JudgedBy=json.dumps({"regions": ",".join(chosen.regions)}),
        LimitedBy=json.dumps({name: str(getattr(chosen, name)) for name in LIMITED_BY}),
    )
    deploy("TenantOnboarding", outputs)
    return account


@pytest.fixture
def doctor(onboard: Onboard, account: Account) -> Doctor:
    """Run `onboard doctor` in the account as it is by then."""

    def doctor(*arguments: str) -> Ran:
        with account.answering():
            return onboard("doctor", *arguments)

    return doctor


def test_where_nothing_is_wrong_it_ends_with_0_strictly_too(doctor: Doctor) -> None:
    ran = doctor("--strict")
    assert (ran.code, ran.err) == (0, "")
    assert "At 0.0 tenants a day no limit is reached within ten years." in ran.out
    assert "0 UNKNOWN, 0 WARN, 0 FAIL" in ran.out
    assert "10,000?" in ran.out


def test_the_worst_comes_first_with_what_to_do(doctor: Doctor, account: Account) -> None:
    account.verified[ABROAD] = False
    account.at_once = 10
    account.completed(0.5, silo=4)
    account.quotas["L-66E6DF30"]["Value"] = 50.0
    ran = doctor()
    assert ran.code == 1
    lines = [line.split() for line in ran.out.splitlines() if line]
    assert lines[1][:3] == ["sender-identity", ABROAD, "FAIL"]
    assert {line[2] for line in lines[2:5]} == {"WARN"}
    assert "sender-identity in eu-west-1: Verify in Amazon SES in eu-west-1: welcome@product.example" in ran.out
    assert f"At 4.0 tenants a day the first limit is user-pools in {REGION}, in 12 days." in ran.out


def test_a_warning_or_an_unknown_counts_if_one_is_strict(doctor: Doctor, account: Account) -> None:
    account.at_once = 10
    assert (doctor().code, doctor("--strict").code) == (0, 1)
    account.at_once = 1_000
    with account.wire.strikes("ListUserPools", access_denied("cognito-idp:ListUserPools"), times=ALWAYS):
        assert doctor().code == 0
        strict = doctor("--strict")
    assert strict.code == 1
    assert "user-pools in eu-central-1: Allow cognito-idp:ListUserPools to whoever looks." in strict.out


def test_without_a_rate_there_is_no_forecast(doctor: Doctor, account: Account) -> None:
    with account.wire.strikes("Query", access_denied("dynamodb:Query"), times=ALWAYS):
        assert "No forecast: how many tenants come is not known." in doctor().out


def test_programs_get_one_document(doctor: Doctor, account: Account) -> None:
    account.verified[REGION] = None
    ran = doctor("--json")
    document = json.loads(ran.out)
    assert ran.code == 1
    assert document.keys() == {"lookedAt", "tenantsADay", "first", "counted", "findings"}
    worst = document["findings"][0]
    assert worst == {
        "check": "sender-identity",
        "region": REGION,
        "status": "FAIL",
        "says": "there is no identity of the sender",
        "do": f"Verify in Amazon SES in {REGION}: welcome@product.example",
        "source": "read",
        **dict.fromkeys(("value", "limit", "percent", "aDay", "daysLeft")),
    }
    assert document["counted"]["FAIL"] == 1


def test_what_the_deployment_chose_is_known(doctor: Doctor, account: Account) -> None:
    """Its Regions, limits, share of the quotas and alarms are in the stack's outputs."""
    document = json.loads(doctor("--json").out)
    limits = {each["check"]: each["value"] for each in document["findings"] if each["region"] == REGION}
    assert limits["app-clients-per-pool"] == account.settings.app_clients_per_pool
    assert limits["alarm-listeners"] == 1
    assert {each["region"] for each in document["findings"]} == {REGION, ABROAD}
