"""People with a token of the account API: an admin who looks after the others, and whoever is invited."""

from dataclasses import dataclass
from typing import Any

import requests

from orchestrator.local.first_sign_in import temporary_password
from orchestrator.operations import deployment
from tests.e2e.accounts import FIRST, SECONDS, Somebody
from tests.e2e.world import World, tenant, wait_until


@dataclass(frozen=True)
class SignedIn:
    """Somebody with a token."""

    somebody: Somebody
    token: str

    def ask(self, method: str, path: str, **body: object) -> requests.Response:
        """Ask for the tenant's people, or one of them."""
        address = self.somebody.world.stack.local_address(deployment.outputs()["AccountApiUrl"])
        brought = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, f"{address}/users{path}", json=body or None, headers=brought, timeout=SECONDS)


def admin_of(world: World, tenant_id: str, tier: str = "pool") -> SignedIn:
    """Onboard a tenant, and let its admin choose a password."""
    world.onboard(tenant(tenant_id, tier=tier))
    admin = Somebody(world, tenant_id, f"first.user@{tenant_id}.example")
    (mail,) = world.mails_to(admin.email)
    asked = admin.ask("sign-in", email=admin.email, password=temporary_password(mail)).json()
    tokens = admin.ask("challenge", session=asked["session"], answers={"newPassword": FIRST}).json()
    return SignedIn(admin, tokens["accessToken"])


def joined(admin: SignedIn, email: str) -> SignedIn:
    """Let the admin invite somebody, who comes."""
    invited = admin.ask("POST", "", email=email)
    assert (invited.status_code, invited.json()["status"]) == (201, "INVITED"), invited.text
    colleague = Somebody(admin.somebody.world, admin.somebody.tenant_id, email)
    wait_until(lambda: bool(colleague.links()), "the invitation's mail")
    assert colleague.click(colleague.links()[-1], FIRST).status_code == 201
    return SignedIn(colleague, signed_in(colleague)["accessToken"])


def signed_in(somebody: Somebody) -> dict[str, Any]:
    """Return the tokens of somebody who signs in."""
    found: dict[str, Any] = somebody.ask("sign-in", email=somebody.email, password=FIRST).json()
    return found
