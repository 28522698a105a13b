"""A tenant of every tier, with and without identity providers, and the stack whose steps it goes through."""

import itertools
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import OnboardingError
from orchestrator.aws.settings import Settings
from orchestrator.tenants import tiers
from orchestrator.tenants.ledger import Record
from tenant_onboarding.contracts.fields import Tier
from tests.unit.conftest import tenant_created
from tests.unit.faults import DeathError, Wire
from tests.unit.identity.providers import ACME, DETAILS, PEM, SECRET_TEXT
from tests.unit.identity.user_pools import OF_SERVER
from tests.unit.kept_aws import KeptAws
from tests.unit.simulated_aws import Stack

Made = TypeVar("Made")
Run = Callable[..., None]
Published = Callable[[], list[dict[str, Any]]]

SHARED_POOL = "TenantOnboarding-shared-001"
SILO_POOL = "TenantOnboarding-silo-acme"
OWN_CLIENT = "TenantOnboarding-tenant-acme"


@dataclass(frozen=True)
class Case:
    """A tenant acme of a tier, with providers of these types; what it then has of its own."""

    tier: Tier
    providers: tuple[str, ...] = ()
    path: str = ""
    provider_names: frozenset[str] = frozenset()
    """As Cognito knows them."""

    @property
    def username(self) -> str:
        """The name of the tenant's local admin, if it has one."""
        return "admin@acme.example" if self.tier == "silo" else "acme/admin@acme.example"

    @property
    def users(self) -> set[str]:
        """The names of all its users: a federated tenant has no local admin."""
        return set() if self.providers else {self.username}


LAST = "RegisterRouting SendWelcomeEmail CompleteOnboarding"
SHARED = "AssignSharedPool CreateTenantGroup"
OWN = "CreateUserPool ConfigureUserPool CreateTenantGroup"
CASES = {
    "pool": Case("pool", (), f"{SHARED} CreateTenantAdmin {LAST}"),
    "bridge": Case("bridge", (), f"{SHARED} CreateAppClient CreateTenantAdmin {LAST}"),
    "bridge with SAML": Case(
        "bridge",
        ("SAML",),
        f"{SHARED} CreateIdentityProviders CreateAppClient {LAST}",
        frozenset({f"{ACME}-AcmeSSO"}),
    ),
    "silo": Case("silo", (), f"{OWN} CreateAppClient CreateTenantAdmin {LAST}"),
    "silo with OIDC and SAML": Case(
        "silo",
        ("OIDC", "SAML"),
        f"{OWN} CreateIdentityProviders CreateAppClient {LAST}",
        frozenset({f"{ACME}-AcmeLogin", f"{ACME}-AcmeSSO"}),
    ),
    "silo with social providers": Case(
        "silo",
        ("Google", "SignInWithApple", "Facebook", "LoginWithAmazon"),
        f"{OWN} CreateIdentityProviders CreateAppClient {LAST}",
        frozenset({"Google", "SignInWithApple", "Facebook", "LoginWithAmazon"}),
    ),
}
_numbers = itertools.count(1)
"""Of events, each of which is one's own also where an AWS is given back that earlier ones left."""
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@dataclass(frozen=True)
class World:
    """One stack, and how a tenant goes through it."""

    clients: Clients
    settings: Settings
    wire: Wire
    run: Run
    stack: Stack
    kept: KeptAws
    secrets: dict[str, str] = field(default_factory=dict)
    """Their ARNs by name."""

    def claim(self, case: Case, tenant_id: str = "acme", **changes: Any) -> tuple[str, ...]:
        """Let intake take the event of a tenant like the case's; return the steps of its path."""
        if case.providers:
            changes = {"identityProviders": [self._provider(kind, tenant_id) for kind in case.providers]} | changes
        detail = tenant_created(tenant_id, tier=case.tier, **changes)
        assert self.stack.receive(detail, f"event-{next(_numbers)}") == "started"
        return tiers.path(case.tier, federated=bool(case.providers))

    def lead_to(self, step: str, case: Case) -> tuple[str, ...]:
        """Lead acme through the steps before one; return the steps of its path."""
        return self.once(("lead to", step, case), lambda: self._lead_to(step, case))

    def _lead_to(self, step: str, case: Case) -> tuple[str, ...]:
        path = self.claim(case)
        for each in path[: path.index(step)]:
            self.run(each)
        return path

    def onboard(self, case: Case, tenant_id: str = "acme", **changes: Any) -> Record:
        """Lead a tenant through all steps of its path; return its record."""
        return self.once(("onboard", case, tenant_id, repr(changes)), lambda: self._onboard(case, tenant_id, **changes))

    def _onboard(self, case: Case, tenant_id: str, **changes: Any) -> Record:
        for step in self.claim(case, tenant_id, **changes):
            self.run(step, tenant_id=tenant_id)
        return self.stack.record(tenant_id)

    def once(self, what: Hashable, make: Callable[[], Made]) -> Made:
        """Do what was never done in this stack as it is now; otherwise have what came of it."""

        def noted() -> tuple[Made, dict[str, str]]:
            return make(), self.secrets

        made, secrets = self.kept.once((what, self.settings.model_dump_json()), noted)
        self.secrets.update(secrets)
        return made

    def _provider(self, kind: str, tenant_id: str) -> dict[str, Any]:
        if kind == "SAML":
            return DETAILS[kind] | {"metadataUrl": f"https://idp.{tenant_id}.example/metadata"}
        text = PEM if kind == "SignInWithApple" else SECRET_TEXT
        name = f"tenant-onboarding/{tenant_id}/{kind}"
        if name not in self.secrets:
            self.secrets[name] = self.clients.secrets.create_secret(Name=name, SecretString=text)["ARN"]
        return DETAILS[kind] | {"clientSecretArn": self.secrets[name]}


@pytest.fixture
def world(clients: Clients, settings: Settings, wire: Wire, run: Run, published: Published, kept: KeptAws) -> World:
    wire.attempts.clear()
    return World(clients, settings, wire, run, Stack(clients, settings, wire, published), kept)


def user_pools(clients: Clients) -> dict[str, dict[str, Any]]:
    """Return by name what is in each user pool of the clients' Region; a name that is there twice is an error."""
    client = clients.cognito
    found: dict[str, dict[str, Any]] = {}
    for listed in client.list_user_pools(MaxResults=60)["UserPools"]:
        pool_id = listed["Id"]
        of_pool: Any = {"UserPoolId": pool_id}
        assert listed["Name"] not in found
        all_clients = client.list_user_pool_clients(**of_pool, MaxResults=60)["UserPoolClients"]
        app_clients = {each["ClientName"]: each["ClientId"] for each in all_clients}
        assert len(app_clients) == len(all_clients)
        found[listed["Name"]] = {
            "id": pool_id,
            "domain": client.describe_user_pool(**of_pool)["UserPool"].get("Domain"),
            "clients": {name: each for name, each in app_clients.items() if name != f"{listed['Name']}{OF_SERVER}"},
            "server": app_clients.get(f"{listed['Name']}{OF_SERVER}"),
            "groups": {each["GroupName"] for each in client.list_groups(**of_pool)["Groups"]},
            "users": {each["Username"] for each in client.list_users(**of_pool)["Users"]},
            "providers": {
                each["ProviderName"] for each in client.list_identity_providers(**of_pool, MaxResults=60)["Providers"]
            },
        }
    return found


def routes_of_server(resources: dict[str, Any], server_id: str, tenant_id: str | None) -> dict[str, dict[str, Any]]:
    """Return the routes of our server's own app client in a user pool, as they are to be but for the time."""
    target = {name: resources[name] for name in ("region", "userPoolId", "issuer")} | {"appClientId": server_id}
    whose: dict[str, Any] = {"tenantId": tenant_id} if tenant_id else {"shared": True}
    keys = (f"client#{target['userPoolId']}#{server_id}", f"internal#{target['userPoolId']}")
    of_key = {**whose, "internal": True, "state": "ACTIVE", "target": target}
    return {key: {"routeKey": key, **of_key} for key in keys}


def until_done(run: Run, step: str, tries: int = 8) -> None:
    """Run a step as the workflow and, after a permanent error, an operator would; each lease has ended by then."""
    for _ in range(tries - 1):
        try:
            run(step, lease=-1)
        except (OnboardingError, DeathError):
            continue
        return
    run(step, lease=-1)


def mails(wire: Wire) -> list[dict[str, Any]]:
    """Return each mail that was sent, with its address, subject and bodies."""
    return [
        {
            "to": body["Destination"]["ToAddresses"],
            "from": body["FromEmailAddress"],
            "subject": body["Content"]["Simple"]["Subject"]["Data"],
            "bodies": [part["Data"] for part in body["Content"]["Simple"]["Body"].values()],
        }
        for body in wire.bodies("SendEmail")
    ]
