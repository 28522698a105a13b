"""`onboard up --demo` as somebody in another terminal sees it: what it says is so, and Ctrl-C ends all of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests

from orchestrator import status
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli.operators import sign_in
from orchestrator.local import first_sign_in
from orchestrator.local.lively import SECRETLESS, UNMAILED, newcomers
from orchestrator.local.ministack import ROOT
from orchestrator.local.people import PEOPLE
from orchestrator.local.stack import FOREIGN, WITHOUT_PROXY
from orchestrator.operations import deployment
from tests.e2e.terminal import SECONDS, Terminal, running
from tests.e2e.world import wait_until

ONBOARD = Path(sys.executable).parent / "onboard"
COMPLETED = {"globex": "pool", "hooli": "bridge", "umbrella": "bridge", "tyrell": "silo"}
"""Tenants of examples/events that nothing is in the way of."""

Aws = tuple[Clients, Settings]


@pytest.fixture(scope="module")
def terminal() -> Iterator[Terminal]:
    with running([ONBOARD, "up", "--demo"], ROOT) as terminal:
        terminal.wait_for("in all.")
        yield terminal


@pytest.fixture(scope="module")
def aws(terminal: Terminal) -> Iterator[Aws]:
    """Clients and settings, as whoever exports what was printed gets them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in FOREIGN:
            patch.delenv(name, raising=False)
        for name, value in (*terminal.found(r"^  export (AWS_\w+)=(\S+)$"), *WITHOUT_PROXY.items()):
            patch.setenv(name, value)
        yield deployment.find()


def tenants(aws: Aws) -> dict[str, Any]:
    return {row["tenantId"]: row for row in status.list_tenants(*aws, limit=1000)}


def completed(aws: Aws, *tenant_ids: str) -> bool:
    found = tenants(aws)
    return all(found.get(tenant_id, {}).get("status") == "COMPLETED" for tenant_id in tenant_ids)


def test_tenants_of_all_kinds_are_there(aws: Aws) -> None:
    wait_until(lambda: completed(aws, *COMPLETED), "the examples to be completed")
    wait_until(lambda: len(status.list_rejected(*aws)) == 2, "two events to be rejected")
    found = tenants(aws)
    assert {tenant_id: found[tenant_id]["tier"] for tenant_id in COMPLETED} == COMPLETED
    failures = {tenant_id: row["failure"] for tenant_id, row in found.items() if row["failure"]}
    assert {tenant_id: (failure["step"], failure["error"]) for tenant_id, failure in failures.items()} == {
        **dict.fromkeys(UNMAILED, ("SendWelcomeEmail", "ConfigurationError")),
        SECRETLESS: ("CreateIdentityProviders", "ConfigurationError"),
    }
    assert "There is no secret text at arn:aws:secretsmanager:" in failures[SECRETLESS]["message"]
    rejected = {row["tenantId"]: {reason["field"] for reason in row["reasons"]} for row in status.list_rejected(*aws)}
    assert rejected["acme-labs"] == {"routing.subdomain"}
    assert {row["attempt"] for row in found.values()} == {1}, "the exact duplicate changed nothing"


def test_new_tenants_keep_coming(aws: Aws) -> None:
    first, second, third, *_ = (detail["tenantId"] for detail in newcomers())
    wait_until(lambda: completed(aws, first, second, third), "the first newcomers to be completed")


def test_the_failed_ones_are_repaired_by_the_commands_that_it_says(terminal: Terminal, aws: Aws) -> None:
    commands = terminal.found(r"^  onboard ((?:retry|amend) .*)$")
    assert len(commands) == 2
    for command in commands:
        done = subprocess.run(
            [ONBOARD, *command.split()], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
    wait_until(lambda: completed(aws, *UNMAILED, SECRETLESS), "the failed ones to be completed")


def test_the_dashboard_is_where_it_says(terminal: Terminal) -> None:
    (address,) = terminal.found(r"^Dashboard: (\S+)$")
    answer = requests.get(address, timeout=SECONDS)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/html")


def test_its_people_sign_in_at_once_each_with_rights_of_their_own(terminal: Terminal, aws: Aws) -> None:
    passwords = dict(terminal.found(r"^  (\S+@ops\.example) +password (\S+) "))
    assert passwords.keys() == PEOPLE.keys()
    assert len(set(passwords.values())) == len(PEOPLE)
    outputs = deployment.outputs()
    pool, client = outputs["OperatorsUserPoolId"], outputs["OperatorsClientId"]
    for email, group in PEOPLE.items():
        asked: list[str] = []

        def answer(what: str, email: str = email, asked: list[str] = asked) -> str:
            asked.append(what)
            return str(passwords[email])

        token = sign_in(aws[0].cognito, pool, client, email, answer)["AccessToken"]
        assert asked == ["Password"], "nobody has to choose another one"
        assert jwt.decode(token, options={"verify_signature": False})["cognito:groups"] == [group]


@pytest.fixture(scope="module")
def invited(terminal: Terminal) -> tuple[str, int, str]:
    """The tenant's id, the sample product's port, and the admin's temporary password."""
    ((tenant_id, port, password),) = terminal.found(r"^  http://(\w+)\.localhost:(\d+)/  \S+@\S+  password (\S+)$")
    return tenant_id, int(port), password


def test_the_sample_product_lets_in_whom_it_invites_at_their_own_address_alone(
    invited: tuple[str, int, str], aws: Aws
) -> None:
    tenant_id, port, password = invited
    resources = (status.show(*aws, tenant_id) or {})["resources"]
    token = first_sign_in.sign_in(aws[0], os.environ["AWS_ENDPOINT_URL"], resources, password).access_token
    answers = {}
    for subdomain in (tenant_id, "hooli"):
        headers = {"Host": f"{subdomain}.localhost:{port}", "Authorization": f"Bearer {token}"}
        answer = requests.get(f"http://127.0.0.1:{port}/me", headers=headers, timeout=SECONDS)
        answers[subdomain] = (answer.status_code, answer.json().get("tenantId"))
    assert answers == {tenant_id: (200, tenant_id), "hooli": (403, None)}


def test_a_colleague_visits_the_sample_product_without_the_sdk(terminal: Terminal) -> None:
    visited = r"without the SDK at globex\.app\.example, .* as of globex and globex\. .* the refresh token was (\w+)\.$"
    assert terminal.found(visited) == ["refused"]


def test_ctrl_c_ends_it_and_the_local_aws_while_tenants_still_come(
    terminal: Terminal, aws: Aws, invited: tuple[str, int, str]
) -> None:
    process, endpoint = terminal.process, os.environ["AWS_ENDPOINT_URL"]
    assert "the last of them" not in terminal.text
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 0
    wait_until(lambda: terminal.text.endswith("\nStopping.\n"), "its last words")
    assert "Traceback" not in terminal.text
    for address in (endpoint, f"http://127.0.0.1:{invited[1]}"):
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=SECONDS)
