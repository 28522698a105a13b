"""Tenants of every tier in one stack, and one person who is a user of each, as another one every time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.identity.tenant_region import clients_there
from orchestrator.tenants.records import read_record
from orchestrator.users import local_users, session_keys, sessions
from orchestrator.users.app_client import Caller
from orchestrator.users.sessions import Challenge, Door, Tokens
from orchestrator.users.store import User
from tenant_onboarding.authorizer.key_sets import KeySets
from tests.unit import sign_in_at_cognito
from tests.unit.every_tier import CASES, World
from tests.unit.faults import Wire
from tests.unit.sign_in_at_cognito import Cognito, authenticators
from tests.unit.tenant_onboarding.user_pools import KeyServer, key_server
from tests.unit.users.people import JANE

TENANTS = {
    "acme": "pool",
    "globex": "pool",
    "hooli": "bridge",
    "initech": "bridge",
    "tyrell": "silo",
    "umbrella": "silo",
}
"""Two of each tier, so that each has one that shares what can be shared, and one that does not."""
FEDERATED = {"wayne": "bridge with SAML"}
CALLER = Caller("198.51.100.7", "a browser")
OTHER = "Another-Horse-8-Battery"


def password_at(tenant_id: str) -> str:
    """Return the password of a tenant's user."""
    return f"Correct-Horse-7-{tenant_id}"


@dataclass
class SignIns:
    """Who signs in where."""

    clients: Clients
    settings: Settings
    wire: Wire
    cognito: Cognito
    served: KeyServer
    keys: KeySets
    caller: Caller = field(default=CALLER)

    def host(self, tenant_id: str) -> str:
        """Return the host name of a tenant."""
        return f"{tenant_id}.{self.settings.app_domain}"

    def door(self, tenant_id: str) -> Door:
        """Return what signing in at a tenant's host needs."""
        return sessions.door(self.clients, self.settings, self.keys, self.host(tenant_id))

    def sign_in(self, tenant_id: str, password: str = "", email: str = JANE) -> Tokens | Challenge:
        """Sign in at a tenant's host, by default with the password of the user there."""
        return sessions.sign_in(self.door(tenant_id), email, password or password_at(tenant_id), self.caller)

    def tokens(self, tenant_id: str, password: str = "") -> Tokens:
        """Sign in where nothing else is asked."""
        found = self.sign_in(tenant_id, password)
        assert isinstance(found, Tokens)
        return found

    def challenge(self, tenant_id: str, email: str = JANE) -> Challenge:
        """Sign in where something is asked first."""
        found = self.sign_in(tenant_id, email=email)
        assert isinstance(found, Challenge)
        return found

    def answer(self, tenant_id: str, session: str, **answers: str) -> Tokens | Challenge:
        """Answer a challenge at a tenant's host."""
        return sessions.answer(self.door(tenant_id), session, answers, self.caller)

    def refresh(self, tenant_id: str, token: str) -> Tokens:
        """Ask for new tokens at a tenant's host."""
        return sessions.refresh(self.door(tenant_id), token, self.caller)

    def sign_out(self, tenant_id: str, token: str) -> None:
        """Sign out at a tenant's host."""
        sessions.sign_out(self.door(tenant_id), token)

    def record(self, tenant_id: str) -> dict[str, Any]:
        """Return the record of a tenant."""
        record = read_record(self.clients.dynamodb, self.settings.tenants_table, tenant_id)
        assert record
        return record

    def user(self, tenant_id: str, email: str = JANE) -> dict[str, str]:
        """Return a tenant's user, as administrators name it."""
        record = self.record(tenant_id)
        return {"UserPoolId": record["resources"]["userPoolId"], "Username": local_users.user_name(record, email)}

    def make(self, tenant_id: str, email: str = JANE) -> None:
        """Make a user of a tenant, with a password to keep."""
        record = self.record(tenant_id)
        there = clients_there(self.clients, self.settings, record).cognito
        new = User("01JDXJ3Z5Y8V6W2K4M7N9P1Q3R", tenant_id, email, "hashed", "Jane", "member", "ACTIVE", "2026-01-01")
        local_users.set_password(there, local_users.make(there, record, new), password_at(tenant_id))

    def make_temporary(self, tenant_id: str) -> None:
        """Let the password of a tenant's user be one to replace at the next sign-in."""
        new = self.user(tenant_id) | {"Password": password_at(tenant_id)}
        self.clients.cognito.admin_set_user_password(**new, Permanent=False)

    def enrol(self, tenant_id: str) -> str:
        """Let a tenant's user have an authenticator, where the user pool offers it; return its secret."""
        user = self.user(tenant_id)
        self.want_mfa(tenant_id, "OPTIONAL")
        return self.cognito.enrol(user["UserPoolId"], user["Username"])

    def want_mfa(self, tenant_id: str, mfa: Any) -> None:
        """Let a tenant's user pool offer, or demand, a second factor."""
        pool = self.user(tenant_id)["UserPoolId"]
        factor: Any = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
        self.clients.cognito.set_user_pool_mfa_config(UserPoolId=pool, MfaConfiguration=mfa, **factor)

    def code(self, secret: str) -> str:
        """Return what an authenticator shows."""
        return authenticators.code(secret, self.cognito.now())

    def session_keys_are(self, text: str) -> None:
        """Let the secret of session keys be another."""
        self.clients.secrets.put_secret_value(SecretId=self.settings.session_keys, SecretString=text)
        session_keys._of_period.cache_clear()


@contextmanager
def signing_in(world: World, *tenant_ids: str, **changes: Any) -> Iterator[SignIns]:
    """Onboard tenants, by default all of `TENANTS`, and make the user of each; `changes` are of their events."""
    session_keys._of_period.cache_clear()
    for tenant_id in tenant_ids or TENANTS:
        assert world.onboard(CASES[(TENANTS | FEDERATED)[tenant_id]], tenant_id, **changes)["status"] == "COMPLETED"
    with sign_in_at_cognito.standing_in() as cognito, key_server() as served:
        served.answer = cognito.serve
        people = SignIns(world.clients, world.settings, world.wire, cognito, served, KeySets(served.address))
        for tenant_id in tenant_ids or TENANTS:
            if tenant_id in TENANTS:
                people.make(tenant_id)
        world.wire.attempts.clear()
        yield people
