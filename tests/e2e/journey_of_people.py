"""What is done to people by the account API, every way once, and what reconcile finishes of it."""

import boto3
import pyotp

from orchestrator.aws.dynamodb import Change
from orchestrator.tenants import due
from orchestrator.users import counts
from tests.e2e.accounts import FIRST, SECOND, Somebody
from tests.e2e.members import SignedIn, joined, signed_in
from tests.e2e.world import World

LONG_AGO = "2026-01-01T00:00:00.000Z"
LEFT_BEHIND: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("AdminUpdateUserAttributes", "PATCH", {"role": "admin"}),
    ("AdminDisableUser", "PATCH", {"status": "DISABLED"}),
    ("AdminEnableUser", "PATCH", {"status": "ACTIVE"}),
    ("AdminDeleteUser", "DELETE", {}),
)
"""What is done to somebody in turn, and the call in which each of them fails at first."""


def of_an_admin(world: World, tenant_id: str) -> tuple[SignedIn, SignedIn]:
    """Let an admin do all that one can; return the admin, and somebody whom others may do something to."""
    admin = Somebody(world, tenant_id, f"first.user@{tenant_id}.example")
    asks = SignedIn(admin, signed_in(admin)["accessToken"])
    gone, colleague = (joined(asks, f"{name}@{tenant_id}.example") for name in ("gone", "colleague"))
    asks.ask("POST", "", email=f"nobody@{tenant_id}.example")
    found = {each["email"].partition("@")[0]: f"/{each['userId']}" for each in asks.ask("GET", "").json()["users"]}
    assert asks.ask("POST", f"{found['nobody']}/resend-invitation").status_code == 202
    assert asks.ask("DELETE", found["nobody"]).status_code == 204
    for body in ({"role": "admin"}, {"status": "DISABLED"}, {"status": "ACTIVE"}):
        assert asks.ask("PATCH", found["gone"], **body).status_code == 200
    assert asks.ask("DELETE", found["gone"]).status_code == 204
    assert gone.ask("GET", "/me").status_code == 403
    return asks, colleague


def of_oneself(asks: SignedIn) -> None:
    """Let somebody change the own name, password and authenticator; the local AWS cannot remove the last."""
    assert asks.ask("PATCH", "/me", name="Jane Doe").status_code == 200
    assert asks.ask("PUT", "/me/password", currentPassword=FIRST, newPassword=SECOND).status_code == 204
    begun = asks.ask("POST", "/me/mfa", password=SECOND).json()
    totp = pyotp.TOTP(begun["secretCode"])
    assert asks.ask("POST", "/me/mfa", password=SECOND, code=totp.now()).status_code == 204
    assert asks.ask("DELETE", "/me/mfa", password=SECOND, code=totp.now()).status_code >= 400


def make_due(world: World) -> None:
    """Let what is under way with people be so for long."""
    table = world.stack.settings.tenants_table
    items = boto3.resource("dynamodb").Table(table).scan()["Items"]
    for item in items:
        if str(item["item"]).startswith(f"DUE#{due.PERSON}#") and "dueAt" in item:
            key = {name: str(item[name]) for name in ("tenantId", "item")}
            change = Change(table, key).set("dueAt", LONG_AGO)
            world.stack.clients.dynamodb.update_item(**change.arguments())


def uncount(world: World, tenant_id: str) -> None:
    """Let the count of a tenant's people be one of an earlier release, which did not know everybody."""
    change = Change(world.stack.settings.users_table, counts.key(tenant_id)).remove(counts.WHOLE)
    change.set(counts.TO_PUBLISH, counts.SEATS)
    world.stack.clients.dynamodb.update_item(**change.arguments())
