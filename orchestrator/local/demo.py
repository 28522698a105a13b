"""The demo: real events through the deployed template, a failure and its repair, and proof of every claim."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from orchestrator import display, lifecycle, operations, routes, status
from orchestrator.contracts import TENANT_CREATED
from orchestrator.events import put
from orchestrator.local import saml_provider
from orchestrator.local.first_sign_in import (
    Mail,
    SignedIn,
    delivered_mails,
    enrol_authenticator,
    sign_in,
    sign_in_with_code,
    temporary_password,
)
from orchestrator.local.ministack import ROOT
from orchestrator.local.stack import LocalStack

EXAMPLES = ROOT / "examples" / "events"
FAILING = "acme"
WAIT_SECONDS = 60
TENANTS = ("acme", "globex", "hooli", "umbrella", "tyrell")
EXPECTED_REJECTIONS = {
    "04-invalid.json": {"tenantId", "tier", "admin.email", "routing.subdomain", "coupon"},
    "05-taken-subdomain.json": {"routing.subdomain"},
}


@dataclass
class Demo:
    """One run of the demo on a local stack."""

    stack: LocalStack
    console: Console
    event_ids: dict[str, str] = field(default_factory=dict)
    signed_in: dict[str, bool] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def run(self) -> bool:
        """Play the demo through; tell whether every expectation held."""
        first, *others = sorted(EXAMPLES.glob("*.json"))
        self._say("The welcome sender is not a verified identity yet. One tenant signs up:")
        with self._live_table():
            self._emit(first)
            self._wait(FAILING, lifecycle.FAILED)
        self._fail_and_repair()
        self._say(
            "Seven more events: another pool tenant with the same admin, an exact duplicate, two that are wrong,\n"
            "a bridge tenant, a bridge tenant that brings its own identity provider, and a silo tenant:"
        )
        with self._live_table():
            for file in others:
                self._emit(file)
            for tenant_id in TENANTS:
                self._wait(tenant_id, lifecycle.COMPLETED)
            self._until(lambda: len(self._rejected()) >= len(EXPECTED_REJECTIONS))
            self._until(lambda: not self.stack.messages_waiting())
        self._prove()
        return not self.failures

    def summary(self, elapsed_seconds: float) -> dict[str, Any]:
        """Return what `--json` prints."""
        rows = sorted(status.list_tenants(*self._aws), key=lambda row: str(row["tenantId"]))
        facts = ("tenantId", "tier", "status")
        return {
            "tenants": [
                {**{fact: row[fact] for fact in facts}, "signedIn": self.signed_in.get(row["tenantId"], False)}
                for row in rows
            ],
            "rejected": [{"eventId": row["eventId"], "reasons": row["reasons"]} for row in self._rejected()],
            "elapsedSeconds": round(elapsed_seconds, 1),
        }

    @property
    def _aws(self) -> tuple[Any, Any]:
        return self.stack.clients, self.stack.settings

    def _fail_and_repair(self) -> None:
        page = status.show(*self._aws, FAILING)
        self._check("the tenant failed at SendWelcomeEmail, nowhere else", held=_failed_at(page) == "SendWelcomeEmail")
        self._say(f"What an operator sees (onboard show {FAILING}):")
        if page:
            self.console.print(display.tenant(page))
        self._say("The operator verifies the sender in Amazon SES and retries:")
        sender = self.stack.settings.sender
        self.stack.clients.ses_once.create_email_identity(EmailIdentity=sender)
        with self._live_table():
            retried = operations.retry(*self._aws, FAILING)
            self._wait(FAILING, lifecycle.COMPLETED)
        self._check(f"onboard retry {FAILING}: {retried.message}", held=retried.attempt == 2)  # noqa: PLR2004  # the second

    def _prove(self) -> None:
        self._say("Proof:")
        for tenant_id in TENANTS:
            page = status.show(*self._aws, tenant_id) or {}
            if page["resources"]["identityProviders"]:
                self._prove_federation(tenant_id, page)
            else:
                self._prove_sign_in(tenant_id, page)
            self._prove_routes(tenant_id, page)
        redone = [s["name"] for s in (status.show(*self._aws, FAILING) or {})["steps"] if s["attempts"] > 1]
        self._check("the retry did no finished step again", held=redone == ["SendWelcomeEmail"])
        known = {row["tenantId"] for row in status.list_tenants(*self._aws)}
        self._check("the duplicate and the wrong events made no tenant", held=known == set(TENANTS))
        self._prove_isolation()
        self._prove_rejections()

    def _prove_sign_in(self, tenant_id: str, page: dict[str, Any]) -> None:
        (mail,) = self._only_mail(tenant_id, page)
        try:
            password = temporary_password(mail)
            user = sign_in(self.stack.clients, self.stack.ministack.endpoint, page["resources"], password)
        except Exception as error:  # any failure to sign in is what the demo must show
            self._check(f"{tenant_id}: the admin signs in ({type(error).__name__}: {error})", held=False)
            return
        claims = user.claims
        self.signed_in[tenant_id] = claims["custom:tenantId"] == tenant_id and tenant_id in claims["cognito:groups"]
        self._check(
            f"{tenant_id}: the admin signs in with the mailed password; the ID token says "
            f"custom:tenantId={claims['custom:tenantId']}, groups {claims['cognito:groups']}",
            held=self.signed_in[tenant_id],
        )
        if page["tier"] == "silo":
            self._prove_own_security(tenant_id, page["resources"], password, user)

    def _prove_own_security(self, tenant_id: str, resources: dict[str, str], password: str, user: SignedIn) -> None:
        aws = self.stack.clients, self.stack.ministack.endpoint
        pool = aws[0].cognito.describe_user_pool(UserPoolId=resources["userPoolId"])["UserPool"]
        asked = _event_of(tenant_id)["security"]
        length = pool["Policies"]["PasswordPolicy"]["MinimumLength"]
        held = length == asked["passwordPolicy"]["minimumLength"] <= len(password) and pool["MfaConfiguration"] == "ON"
        self._check(f"{tenant_id}: its user pool asks for {length} characters, and MFA is ON", held=held)
        try:
            totp = enrol_authenticator(aws[0], resources, user.access_token)
            claims = sign_in_with_code(*aws, resources, totp)
        except Exception as error:  # as above
            self._check(f"{tenant_id}: the next sign-in asks for a code ({type(error).__name__}: {error})", held=False)
            return
        claim = f"{tenant_id}: with an authenticator added, the next sign-in asks for a one-time code and takes it"
        self._check(claim, held=claims["custom:tenantId"] == tenant_id)

    def _prove_federation(self, tenant_id: str, page: dict[str, Any]) -> None:
        (mail,) = self._only_mail(tenant_id, page)
        resources, endpoint = page["resources"], self.stack.ministack.endpoint
        callback = f"https://{tenant_id}.{self.stack.settings.app_domain}{self.stack.settings.callback_path}"
        try:
            redirect = saml_provider.authorize(endpoint, resources, callback)
            claims = saml_provider.sign_in(endpoint, resources, callback, redirect, f"somebody@{tenant_id}.example")
        except Exception as error:  # as above
            self._check(f"{tenant_id}: sign-in at its own provider ({type(error).__name__}: {error})", held=False)
            return
        told = redirect.entity_id in mail["BodyText"] and redirect.acs_address in mail["BodyText"]
        claim = f"{tenant_id}: the authorize endpoint redirects to {redirect.address}"
        self._check(f"{claim}, as the email said", held=told and tenant_id in redirect.address)
        provider = claims["identities"][0]["providerName"]
        self.signed_in[tenant_id] = [provider] == resources["identityProviders"] and "custom:tenantId" not in claims
        claim = f"{tenant_id}: whoever its provider lets in is signed in as a user of {provider}"
        self._check(f"{claim}, with no tenant attribute from there", held=self.signed_in[tenant_id])

    def _only_mail(self, tenant_id: str, page: dict[str, Any]) -> list[Mail]:
        sent = delivered_mails(self.stack.ministack.endpoint)
        mails = [mail for mail in sent if mail["Subject"].startswith(page["tenantName"])]
        self._check(f"{tenant_id}: one welcome email", held=len(mails) == 1)
        return mails[-1:]

    def _prove_isolation(self) -> None:
        made = {tenant_id: (status.show(*self._aws, tenant_id) or {})["resources"] for tenant_id in TENANTS}
        pools = {tenant_id: resources["userPoolId"] for tenant_id, resources in made.items()}
        shared = {pools[tenant_id] for tenant_id in TENANTS if tenant_id != "tyrell"}
        held = len(shared) == 1 and pools["tyrell"] not in shared
        self._check("pool and bridge tenants share a user pool, the silo tenant has its own", held=held)
        clients = {resources["appClientId"] for resources in made.values()}
        held = made["acme"]["appClientId"] == made["globex"]["appClientId"] and len(clients) == len(TENANTS) - 1
        self._check("bridge and silo tenants have app clients of their own", held=held)

    def _prove_routes(self, tenant_id: str, page: dict[str, Any]) -> None:
        routing = _event_of(tenant_id)["routing"]
        keys = [routes.subdomain_key(routing["subdomain"]), routes.code_key(routing["tenantCode"])]
        if page["tier"] != "pool":
            keys.append(routes.client_key(page["resources"]["userPoolId"], page["resources"]["appClientId"]))
        expected = (tenant_id, page["resources"]["userPoolId"], page["resources"]["appClientId"])
        found = [
            routes.resolve(self.stack.clients.dynamodb, self.stack.settings.routes_table, key) or {} for key in keys
        ]
        right = all(
            (each.get("tenantId"), each.get("userPoolId"), each.get("appClientId")) == expected for each in found
        )
        self._check(f"{tenant_id}: {', '.join(keys)} lead to its user pool and app client", held=right)

    def _prove_rejections(self) -> None:
        rejected = {row["eventId"]: row["reasons"] for row in self._rejected()}
        for name, fields in EXPECTED_REJECTIONS.items():
            reasons = rejected.pop(self.event_ids[name], [])
            right = {reason["field"] for reason in reasons} == fields
            self._check(f"{name} is rejected, and every reason said", held=right)
        self._check("nothing else is rejected", held=not rejected)
        self.console.print(display.rejected(self._rejected()))

    def _emit(self, file: Path) -> None:
        bus, detail = self.stack.settings.event_bus, file.read_text()
        self.event_ids[file.name] = put(
            self.stack.clients.events, bus, source="demo", detail_type=TENANT_CREATED, detail=detail
        )

    def _rejected(self) -> list[dict[str, Any]]:
        return status.list_rejected(*self._aws)

    def _wait(self, tenant_id: str, for_status: str) -> None:
        def reached() -> bool:
            page = status.show(*self._aws, tenant_id)
            return page is not None and page["status"] in (for_status, lifecycle.FAILED)

        self._until(reached)
        page = status.show(*self._aws, tenant_id)
        self._check(f"{tenant_id} is {for_status}", held=page is not None and page["status"] == for_status)

    def _until(self, holds: Callable[[], bool]) -> None:
        until = time.monotonic() + WAIT_SECONDS
        while not holds() and time.monotonic() < until:
            time.sleep(0.2)

    def _check(self, claim: str, *, held: bool) -> None:
        if not held:
            self.failures.append(claim)
        mark = ("ok", "green") if held else ("NOT SO", "bold red")
        self.console.print(Text.assemble(mark, " ", claim))

    def _say(self, text: str) -> None:
        self.console.print()
        self.console.print(text, style="bold")

    @contextmanager
    def _live_table(self) -> Iterator[None]:
        """The table redraws itself where there is a terminal; elsewhere it is printed once, at the end."""

        def table() -> Table:
            return display.tenants(status.list_tenants(*self._aws))

        if self.console.is_terminal:
            with Live(console=self.console, get_renderable=table, refresh_per_second=4):
                yield
        else:
            yield
            self.console.print(table())


def _event_of(tenant_id: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(next(EXAMPLES.glob(f"*-{tenant_id}.json")).read_text())
    return event


def _failed_at(page: dict[str, Any] | None) -> str | None:
    return page["failure"]["step"] if page and page["failure"] else None
