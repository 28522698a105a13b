"""The doctor, at the command line and as a function under IAM, says the truth about the account that it is in."""

import json
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import boto3
import pytest

from orchestrator import preflight, status
from orchestrator.aws import writes
from orchestrator.preflight.quotas import QUOTAS
from orchestrator.tenants import open_sign_up
from tests.e2e.inventory import every
from tests.e2e.world import SILO_REGION, World

READS = ("Get", "List", "Query", "BatchGet")


@pytest.fixture(scope="module", autouse=True)
def warm(running_world: World) -> None:
    """The emulator loads a service on its first call, which may take longer than the doctor waits."""
    preflight.look(running_world.stack.clients, running_world.stack.settings)


@pytest.fixture(scope="module", autouse=True)
def nobody_is_open(running_world: World) -> None:
    """Tenants of other tests, with which anybody may register, are found no more: the stack declares no captcha."""
    dynamodb, table = running_world.stack.clients.dynamodb, running_world.stack.settings.tenants_table
    for tenant_id in list(open_sign_up.tenants(dynamodb, table)):
        writes.transact(dynamodb, open_sign_up.forget(table, tenant_id, "OPEN"))


def doctor(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Run `onboard doctor --json` and return its exit status and document."""
    command = [sys.executable, "-m", "orchestrator.cli", "doctor", "--json", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert ran.stderr == ""
    return ran.returncode, json.loads(ran.stdout)


def by_check(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the findings by check and Region."""
    return {(each["check"], each["region"]): each for each in document["findings"]}


def test_what_is_so_is_said(everything: World) -> None:
    """The sender is verified at home only; Service Quotas is not there, so its limits are assumed, and that is said."""
    code, document = doctor()
    found, home = by_check(document), everything.stack.settings.region
    assert code == 1
    assert [key for key, each in found.items() if each["status"] == "FAIL"] == [("sender-identity", SILO_REGION)]
    mailing = ("sender-identity", "mail-sandbox", "mail-sending", "mail-rate")
    for check in (*mailing, "user-pools", "shared-user-pools", "trigger"):
        assert found[check, home]["status"] == "OK", found[check, home]
    assert found["trigger", SILO_REGION]["status"] == "OK"
    assumed = {key for key, each in found.items() if each["source"] == "assumed"}
    assert len(assumed) == len(QUOTAS) + 2  # user pools in two Regions, and parameters
    assert all("AWS's default" in found[key]["says"] for key in assumed)
    assert found["alarm-listeners", home] | {"status": "WARN", "value": 0} == found["alarm-listeners", home]
    pools = every("list_user_pools", "UserPools", home)
    assert found["user-pools", home]["value"] == len(list(pools))
    stack = everything.stack
    completed = len(status.list_tenants(stack.clients, stack.settings, status="COMPLETED", limit=1000))
    assert found["parameters", home]["value"] == completed
    assert found["arrivals", home]["value"] == pytest.approx(completed)
    assert document["first"]["daysLeft"] > 0


def test_the_function_finds_the_same_with_its_own_permissions(everything: World) -> None:
    """Nothing that it reads is denied to it, and it changes nothing."""
    everything.wait_until_quiet()
    start = len(everything.proxy.seen)
    functions = boto3.client("lambda")
    pages = functions.get_paginator("list_functions").paginate()
    (name,) = [
        each["FunctionName"] for page in pages for each in page["Functions"] if "Preflight" in each["FunctionName"]
    ]
    answer = functions.invoke(FunctionName=name)
    document = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, document
    assert "not allowed" not in json.dumps(document)
    told = {key: (each["status"], each["value"], each["limit"]) for key, each in by_check(document).items()}
    _, printed = doctor()
    assert told == {key: (each["status"], each["value"], each["limit"]) for key, each in by_check(printed).items()}
    seen = everything.proxy.seen[start:]
    (process,) = {call.process for call in seen if "ServiceQuotas" in call.operation}
    calls = Counter(call.operation for call in seen if call.process == process)
    named = {call for call in calls if "/" not in call}  # of REST services the proxy knows the path only
    assert [call for call in named if not call.split(":")[1].startswith(READS)] == []
    assert (calls["dynamodb:Query"], calls["cognito-idp:ListUserPools"]) == (4, 2)
