"""A mail domain routes once DNS proves it, by the command that operators use, on the deployed template's tables."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.dns_server import Zone, serving
from tests.e2e.world import World, tenant


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


def claiming(tenant_id: str, domain: str) -> dict[str, Any]:
    detail = tenant(tenant_id)
    return detail | {"routing": detail["routing"] | {"emailDomains": [domain]}}


def test_a_domain_leads_to_the_tenant_that_proves_it_and_to_no_other(everything: World, zone: Zone) -> None:
    domain, address = "proved.example", "jane@proved.example"
    for tenant_id in ("prover", "rival"):
        everything.onboard(claiming(tenant_id, domain))
    _, (claim,) = onboard(zone, "domains", "list", "prover")
    assert onboard(zone, "domains", "verify", "prover")[0] == 1
    assert onboard(zone, "resolve", "--email", address) == (1, None)

    zone.txt[claim["record"]["name"]] = [f'"{claim["record"]["value"]}"', '"v=spf1 -all"']
    assert onboard(zone, "domains", "verify", "rival")[0] == 1
    assert onboard(zone, "domains", "verify", "prover")[0] == 0
    _, found = onboard(zone, "resolve", "--email", address)
    assert (found["tenantId"], found["userNameTemplate"]) == ("prover", "{tenantId}/{email}")

    override = ("--override", "--reason", "the company was bought")
    assert onboard(zone, "domains", "verify", "rival", domain, *override)[0] == 1
    _, (taken,) = onboard(zone, "domains", "list", "rival")
    assert (taken["state"], taken["takenBy"]) == ("TAKEN", "prover")
    assert (
        subprocess.run(
            [sys.executable, "-m", "orchestrator.cli", "domains", "release", "prover", domain, "--yes"], check=False
        ).returncode
        == 0
    )
    assert onboard(zone, "domains", "verify", "rival", domain, *override)[0] == 0
    _, (held,) = onboard(zone, "domains", "list", "rival")
    assert held["override"]["by"].startswith("arn:aws:")
    assert onboard(zone, "resolve", "--email", address)[1]["tenantId"] == "rival"
