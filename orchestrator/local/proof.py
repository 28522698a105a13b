"""What the demo proves of each tenant, from outside: its mail, its sign-in, its routes, and what it shares."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.text import Text

from orchestrator import status
from orchestrator.local import authenticator, colleague, saml_provider
from orchestrator.local.first_sign_in import (
    OWN_PASSWORD,
    Mail,
    SignedIn,
    delivered_mails,
    sign_in,
    sign_in_with_code,
    temporary_password,
)
from orchestrator.local.ministack import ROOT
from orchestrator.local.product import Product
from orchestrator.local.stack import LocalStack
from orchestrator.local.visit import visit
from tenant_onboarding.authorizer import registry

EXAMPLES = ROOT / "examples" / "events"
POOL, BRIDGE, FEDERATED, SILO = ("acme", "globex"), "hooli", "umbrella", "tyrell"
JOINED = POOL[-1]
"""The tenant that a colleague of its admin joins."""
TENANTS = (*POOL, BRIDGE, FEDERATED, SILO)


@dataclass
class Checks:
    """Claims as they are printed, each with whether it held."""

    console: Console
    failures: list[str] = field(default_factory=list)

    def check(self, claim: str, *, held: bool) -> None:
        """Print a claim, and remember it if it did not hold."""
        if not held:
            self.failures.append(claim)
        mark = ("ok", "green") if held else ("NOT SO", "bold red")
        self.console.print(Text.assemble(mark, " ", claim))

    @contextmanager
    def attempt(self, claim: str) -> Iterator[None]:
        """Whatever goes wrong inside is a claim that did not hold."""
        try:
            yield
        except Exception as error:  # the demo must show any failure, and go on
            self.check(f"{claim} ({type(error).__name__}: {error})", held=False)


@dataclass
class Proof:
    """The proof that every tenant of the examples can sign in, and is kept from the others as its tier promises."""

    stack: LocalStack
    product: Product
    checks: Checks
    signed_in: dict[str, bool] = field(default_factory=dict)

    def run(self) -> None:
        """Check tenant by tenant, then what they share."""
        pages = {tenant_id: status.show(self.stack.clients, self.stack.settings, tenant_id) for tenant_id in TENANTS}
        for tenant_id, page in pages.items():
            with self.checks.attempt(f"{tenant_id} is reachable"):
                self._tenant(page or {})
        with self.checks.attempt(f"{JOINED}: a colleague joins"):
            self._colleague(pages[JOINED] or {})
        with self.checks.attempt(f"{JOINED}: the colleague signs in without the SDK"):
            self._visit()
        with self.checks.attempt("each tenant has what its tier promises"):
            self._isolation({tenant_id: (page or {})["resources"] for tenant_id, page in pages.items()})

    def _tenant(self, page: dict[str, Any]) -> None:
        tenant_id = page["tenantId"]
        mails = [mail for mail in delivered_mails(self._endpoint) if mail["Subject"].startswith(page["tenantName"])]
        self.checks.check(f"{tenant_id}: one welcome email", held=len(mails) == 1)
        if page["resources"]["identityProviders"]:
            with self.checks.attempt(f"{tenant_id}: sign-in at its own identity provider"):
                self._federation(tenant_id, page["resources"], mails[-1])
        else:
            with self.checks.attempt(f"{tenant_id}: the admin signs in"):
                user = self._password(tenant_id, page["resources"], mails[-1])
                self._bound(tenant_id, page["tier"], "admin", user)
                if page["tier"] == "silo":
                    self._own_security(tenant_id, page["resources"])
        self._routes(tenant_id, page)

    def _password(self, tenant_id: str, resources: dict[str, str], mail: Mail) -> SignedIn:
        user = sign_in(self.stack.clients, self._endpoint, resources, temporary_password(mail))
        says, groups = user.claims["custom:tenantId"], user.claims["cognito:groups"]
        self.signed_in[tenant_id] = says == tenant_id and tenant_id in groups
        claim = f"{tenant_id}: the admin signs in with the mailed password; the ID token says custom:tenantId={says}"
        self.checks.check(f"{claim}, groups {groups}", held=self.signed_in[tenant_id])
        return user

    def _bound(self, tenant_id: str, tier: str, role: str, user: SignedIn) -> None:
        wanted: dict[str, str | None] = {"tenantId": tenant_id, "tenantTier": tier, "tenantRole": role}
        says = ", ".join(f"{name}={value}" for name, value in wanted.items())
        claim = f"{tenant_id}: ID token and access token say {says}"
        self.checks.check(claim, held=user.bindings == [wanted, wanted])

    def _colleague(self, page: dict[str, Any]) -> None:
        user_id, user = colleague.join(self.stack, page)
        wanted = {"userId": user_id, "tenantRole": colleague.ROLE}
        claim = (
            f"{page['tenantId']}: a colleague is invited, confirms by the mailed link and signs in; the token has their"
        )
        self.checks.check(
            f"{claim} userId and tenantRole={colleague.ROLE}", held=wanted.items() <= user.access_claims.items()
        )

    def _visit(self) -> None:
        host = f"{JOINED}.{self.stack.settings.app_domain}"
        done = visit(self.product, host, colleague.address(JOINED), OWN_PASSWORD)
        claim = f"{JOINED}: the colleague signs in without the SDK, and goes on; the product's API takes each token"
        self.checks.check(f"{claim} at {host}", held=done.tenants == [JOINED, JOINED])
        self.checks.check(
            f"{JOINED}: after the sign-out, the refresh token is refused", held=done.refused_after_sign_out
        )

    def _own_security(self, tenant_id: str, resources: dict[str, str]) -> None:
        clients = self.stack.clients.in_region(resources["region"])
        pool = clients.cognito.describe_user_pool(UserPoolId=resources["userPoolId"])["UserPool"]
        asked = event_of(tenant_id)["security"]
        length, mfa = pool["Policies"]["PasswordPolicy"]["MinimumLength"], pool["MfaConfiguration"]
        held = (length, mfa) == (asked["passwordPolicy"]["minimumLength"], asked["mfa"])
        self.checks.check(f"{tenant_id}: its user pool asks for {length} characters, and MFA is {mfa}", held=held)
        totp = authenticator.enrol(self.stack.clients, self.stack.settings.routes_table, resources)
        claims = sign_in_with_code(clients, self._endpoint, resources, totp).claims
        claim = f"{tenant_id}: with an authenticator added, the next sign-in asks for a one-time code and takes it"
        self.checks.check(claim, held=claims["custom:tenantId"] == tenant_id)

    def _federation(self, tenant_id: str, resources: dict[str, Any], mail: Mail) -> None:
        callback = f"https://{tenant_id}.{self.stack.settings.app_domain}{self.stack.settings.callback_path}"
        redirect = saml_provider.authorize(self._endpoint, resources, callback)
        told = redirect.entity_id in mail["BodyText"] and redirect.acs_address in mail["BodyText"]
        claim = f"{tenant_id}: the authorize endpoint redirects to {redirect.address}"
        self.checks.check(f"{claim}, with what the email said", held=told and tenant_id in redirect.address)
        user = f"somebody@{tenant_id}.example"
        somebody = saml_provider.sign_in(self._endpoint, resources, callback, redirect, user)
        provider = somebody.claims["identities"][0]["providerName"]
        untold = "custom:tenantId" not in somebody.claims
        self.signed_in[tenant_id] = [provider] == resources["identityProviders"] and untold
        claim = f"{tenant_id}: whoever that provider lets in is signed in as a user of {provider}"
        self.checks.check(f"{claim}, with no tenant attribute from there", held=self.signed_in[tenant_id])
        self._bound(tenant_id, "bridge", "member", somebody)

    def _routes(self, tenant_id: str, page: dict[str, Any]) -> None:
        routing, resources = event_of(tenant_id)["routing"], page["resources"]
        keys = [registry.subdomain_key(routing["subdomain"]), registry.code_key(routing["tenantCode"])]
        own = registry.client_key(resources["userPoolId"], resources["appClientId"])
        keys.append(registry.tenant_key(tenant_id) if page["tier"] == "pool" else own)
        table = self.stack.settings.routes_table
        found = [registry.resolve(self.stack.clients.dynamodb, table, key) or {} for key in keys]
        expected = {"tenantId": tenant_id, **{name: resources[name] for name in ("userPoolId", "appClientId")}}
        held = all(expected.items() <= each.items() for each in found)
        self.checks.check(f"{tenant_id}: {', '.join(keys)} lead to its user pool and app client", held=held)

    def _isolation(self, made: dict[str, dict[str, Any]]) -> None:
        shared = {made[tenant_id]["userPoolId"] for tenant_id in TENANTS if tenant_id != SILO}
        held = len(shared) == 1 and made[SILO]["userPoolId"] not in shared
        self.checks.check("pool and bridge tenants share a user pool, the silo tenant has its own", held=held)
        shared = {made[tenant_id]["appClientId"] for tenant_id in POOL}
        own = {made[tenant_id]["appClientId"] for tenant_id in (BRIDGE, FEDERATED, SILO)}
        held = len(shared) == 1 and len(own) == len(TENANTS) - len(POOL) and not own & shared
        self.checks.check("pool tenants share an app client, bridge and silo tenants have their own", held=held)

    @property
    def _endpoint(self) -> str:
        return self.stack.ministack.endpoint


def event_of(tenant_id: str) -> dict[str, Any]:
    """Return the example event of a tenant."""
    event: dict[str, Any] = json.loads(next(EXAMPLES.glob(f"*-{tenant_id}.json")).read_text())
    return event
