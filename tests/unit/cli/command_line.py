"""The command line in process: a stack that it finds by its outputs, what runs a command, and what it printed."""

import json
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from orchestrator import cli
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli import exit_status
from orchestrator.onboarding.outcome import record_outcome
from tests.unit.conftest import tenant_created
from tests.unit.faults import Wire
from tests.unit.kept_aws import KeptAws
from tests.unit.simulated_aws import Stack, arn_of, ended


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(
    _aws: None, wire: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Run `onboard` with these arguments."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["onboard", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def stack(
    clients: Clients,
    settings: Settings,
    wire: Wire,
    published: Callable[[], list[dict[str, Any]]],
    kept: KeptAws,
) -> Stack:
    """A deployed stack, found by its outputs, without tenants."""
    judged_by = json.dumps({"plans": "basic=pool,team=bridge", "regions": "eu-west-1"})
    outputs = outputs_of(settings, JudgedBy=judged_by)
    kept.once(("deployed", repr(outputs)), lambda: deploy("TenantOnboarding", outputs))
    return Stack(clients, settings, wire, published)


def outputs_of(settings: Settings, **others: str) -> dict[str, str]:
    """Return the outputs of a stack with these settings; `others` replace some."""
    return {
        "TenantsTableName": settings.tenants_table,
        "RoutesTableName": settings.routes_table,
        "SharedPoolsTableName": settings.shared_pools_table,
        "UsersTableName": settings.users_table,
        "UserKeysArn": settings.user_keys,
        "ProofRequestsQueueUrl": settings.proof_requests_queue,
        "EventBusName": settings.event_bus,
        "AppDomain": settings.app_domain,
        "Sender": settings.sender,
        "JudgedBy": "{}",
        "LimitedBy": json.dumps({"sender_identity_arn": settings.sender_identity_arn}),
        "MadeWith": json.dumps({"pre_sign_up_arn": settings.pre_sign_up_arn}),
        "Given": json.dumps(
            {
                "member_roles": ",".join(settings.member_roles),
                "mails_per_tenant_day": str(settings.mails_per_tenant_day),
            }
        ),
        "OnboardingStateMachineArn": settings.state_machine_arn,
        "AbandonmentStateMachineArn": settings.abandonment_state_machine_arn,
        "WelcomeFunctionName": "welcome",
    } | others


def deploy(name: str, outputs: dict[str, str]) -> None:
    """Deploy a stack that has outputs and little else."""
    template = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


def fail(stack: Stack, tenant_id: str) -> None:
    """Let a tenant's first attempt have failed."""
    stack.receive(tenant_created(tenant_id), f"event-{tenant_id}")
    record_outcome(stack.clients, stack.settings, ended(arn_of(tenant_id)))


def document(ran: Ran) -> Any:
    """Return the one document that was printed, and nothing else was."""
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def refusal(ran: Ran, code: int = exit_status.NO) -> str:
    """Return the one line that says why not, and nothing else was printed."""
    assert (ran.code, ran.out) == (code, "")
    [line] = ran.err.splitlines()
    assert line.startswith("onboard: ")
    return line.removeprefix("onboard: ")


def wrong_use(ran: Ran) -> str:
    """Return the one line that says what is wrong with the words of a command, and nothing else was printed."""
    return refusal(ran, exit_status.WRONG_USE)
