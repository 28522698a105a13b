"""People of tenants of every tier, signed in, with the tokens that they got; and the API that they ask with them."""

from dataclasses import dataclass
from typing import Any

import jwt
import requests

from orchestrator.local import first_sign_in, saml_provider
from orchestrator.local.first_sign_in import SignedIn, temporary_password
from orchestrator.local.product import Product
from tests.e2e.world import World, federated, tenant

ROUND = "signs-in"
TENANTS = {
    f"{ROUND}-{name}": tier
    for name, tier in {
        "pool": "pool",
        "pool-too": "pool",
        "bridge": "bridge",
        "bridge-too": "bridge",
        "federated": "bridge",
        "silo": "silo",
        "silo-too": "silo",
    }.items()
}
FEDERATED = f"{ROUND}-federated"
KINDS = ("access", "id")
DENIED = (403, {"message": "Forbidden"})
SECONDS = 30


@dataclass(frozen=True)
class Person:
    """Somebody of a tenant, signed in."""

    tenant_id: str
    tier: str
    resources: dict[str, Any]
    signed_in: SignedIn

    def token(self, kind: str) -> str:
        return self.signed_in.access_token if kind == "access" else self.signed_in.id_token

    @property
    def host(self) -> str:
        return host_of(self.tenant_id)


def host_of(tenant_id: str) -> str:
    return f"{tenant_id}.app.example"


def everybody(world: World) -> dict[str, Person]:
    """Onboard the tenants, and return somebody of each.

    They sign in once all are there: the local AWS runs eight functions at a time, which onboardings may use up, and the
    trigger, as any function, is then throttled.
    """
    for tenant_id, tier in TENANTS.items():
        world.emit(federated(tenant_id) if tenant_id == FEDERATED else tenant(tenant_id, tier=tier))
    for tenant_id in TENANTS:
        world.wait_for(tenant_id, "COMPLETED", "FAILED")
    world.wait_until_quiet()
    return {tenant_id: sign_in(world, tenant_id) for tenant_id in TENANTS}


def sign_in(world: World, tenant_id: str) -> Person:
    page = world.wait_for(tenant_id, "COMPLETED", "FAILED")
    assert page["status"] == "COMPLETED", page["failure"]
    endpoint, resources = world.stack.ministack.endpoint, page["resources"]
    if resources["identityProviders"]:
        callback = f"https://{host_of(tenant_id)}/auth/callback"
        redirect = saml_provider.authorize(endpoint, resources, callback)
        signed_in = saml_provider.sign_in(endpoint, resources, callback, redirect, f"u@{tenant_id}.example")
    else:
        (mail,) = world.mails_to(f"first.user@{tenant_id}.example")
        signed_in = first_sign_in.sign_in(world.stack.clients, endpoint, resources, temporary_password(mail))
    return Person(tenant_id, page["tier"], resources, signed_in)


def me(sample: Product, host: str, token: str | None) -> tuple[int, Any]:
    """Ask the product's API who one is, at a host."""
    headers = {"Host": host} | ({"Authorization": f"Bearer {token}"} if token is not None else {})
    answer = requests.get(f"{sample.api_url}/me", headers=headers, timeout=SECONDS)
    return answer.status_code, answer.json()


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def made_by_cognito(person: Person) -> set[str]:
    """Return the groups that the trigger takes away; the local AWS looks for what it says of groups elsewhere."""
    return {f"{person.resources['userPoolId']}_{name}" for name in person.resources.get("identityProviders", [])}
