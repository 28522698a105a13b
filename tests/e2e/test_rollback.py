"""A deployment that breaks onboarding is taken back by the commands of the guide, word by word."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from orchestrator import operations
from tests.e2e.versions import deployed, leads
from tests.e2e.world import World, tenant

GUIDE = (Path(__file__).parents[2] / "docs" / "undoing.md").read_text().split("## Roll back")[1]
A_TIME = "2026-01-31T12:00"
"""That of the guide's example."""


@pytest.mark.skipif(not shutil.which("aws"), reason="no AWS CLI here: install Debian's package awscli")
def test_a_bad_deployment_is_taken_back_and_its_tenants_are_repaired(everything: World) -> None:
    everything.onboard(tenant("before-it"))
    time.sleep(1)  # versions are told apart by the second
    before_number, before_it = leads("Welcome"), time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    with deployed("Welcome", ONBOARDING_SENDER="unverified@app.example"):
        everything.emit(tenant("struck-by-it"))
        everything.wait_for("struck-by-it", "FAILED")
        take_back(before_it)
        assert leads("Welcome") == before_number
    everything.onboard(tenant("after-it"))
    operations.retry(everything.stack.clients, everything.stack.settings, "struck-by-it")
    everything.wait_for("struck-by-it", "COMPLETED")


def take_back(to: str) -> None:
    """Run the guide's commands with a time of one's own."""
    commands = GUIDE.split("```")[1]
    assert A_TIME in commands
    program = ["bash", "-ec", commands.replace(A_TIME, to)]
    subprocess.run(program, check=True, capture_output=True)
