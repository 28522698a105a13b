"""An email domain routes once DNS proves it, by the command that operators use, on the deployed template's tables."""

import subprocess
import sys
from typing import Any

from tests.dns_server import Zone
from tests.e2e.name_server import onboard, zone
from tests.e2e.world import World, tenant

__all__ = ["zone"]


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
