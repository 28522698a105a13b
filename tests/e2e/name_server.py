"""A DNS server of a test's own, and the command line that asks it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.dns_server import Zone, serving


@pytest.fixture
def zone() -> Iterator[Zone]:
    with serving(Zone()) as zone:
        yield zone


def onboard(zone: Zone, *arguments: str) -> tuple[int, Any]:
    """Run the command line against the stack and that DNS server; return the exit status and its document."""
    environment = os.environ | {"ONBOARD_NAME_SERVER": f"{zone.server.address}:{zone.server.port}"}
    command = [sys.executable, "-m", "orchestrator.cli", *arguments, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, json.loads(done.stdout or "null")
