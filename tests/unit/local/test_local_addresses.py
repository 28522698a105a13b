"""Where a local stack's APIs are on this machine, whatever their addresses would be on AWS."""

from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.local.stack import LocalStack
from tests.unit.cli.command_line import deploy

GATEWAY = "https://a1.execute-api.eu-central-1.amazonaws.com/account/v1"


@pytest.mark.parametrize(
    ("outputs", "path"),
    [
        ({"AccountApiId": "a1", "AccountApiUrl": GATEWAY}, "/_aws/execute-api/a1/$default/account/v1"),
        (
            {"AccountApiId": "a1", "AccountApiUrl": "https://accounts.product.example/account/v1"},
            "/_aws/execute-api/a1/$default/account/v1",
        ),
        ({"AccountApiUrl": GATEWAY}, "/_aws/execute-api/a1/$default/account/v1"),
        ({"AppDomain": "app.example"}, ""),
    ],
    ids=["as it is", "at a domain of its own", "of an earlier release", "of one that had none"],
)
def test_the_account_api_is_found(outputs: dict[str, str], path: str, clients: Clients, settings: Settings) -> None:
    deploy("TenantOnboarding", outputs)
    emulator: Any = SimpleNamespace(endpoint="http://127.0.0.1:4566")  # that is all that is asked of it
    stack = LocalStack(emulator, clients, settings, {}, [], "")
    assert stack.account_api_url == (path and f"{emulator.endpoint}{path}")
