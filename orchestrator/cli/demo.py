"""The demo: real events through the deployed template, a failure and its repair, and proof of every claim."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from orchestrator import operations, status
from orchestrator.cli import display
from orchestrator.local.product import Product
from orchestrator.local.proof import EXAMPLES, TENANTS, Checks, Proof
from orchestrator.local.stack import LocalStack
from orchestrator.tenants import lifecycle
from orchestrator.tenants.commands import command

FAILING = "acme"
WAIT_SECONDS = 90
EXPECTED_REJECTIONS = {
    "04-invalid.json": {"tenantId", "tier", "admin.email", "routing.subdomain", "coupon"},
    "05-taken-subdomain.json": {"routing.subdomain"},
}


@dataclass
class Demo:
    """One run of the demo on a local stack."""

    stack: LocalStack
    product: Product
    console: Console
    event_ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._checks = Checks(self.console)
        self._proof = Proof(self.stack, self.product, self._checks)

    @property
    def failures(self) -> list[str]:
        """The claims that did not hold."""
        return self._checks.failures

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
        self._say("Proof:")
        self._proof.run()
        self._prove_no_more_than_that()
        return not self.failures

    def summary(self, elapsed_seconds: float) -> dict[str, Any]:
        """Return what `--json` prints."""
        rows = sorted(status.list_tenants(*self._aws), key=lambda row: str(row["tenantId"]))
        facts = ("tenantId", "tier", "status")
        return {
            "tenants": [
                {**{fact: row[fact] for fact in facts}, "signedIn": self._proof.signed_in.get(row["tenantId"], False)}
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
        self._checks.check(
            "the tenant failed at SendWelcomeEmail, nowhere else", held=_failed_at(page) == "SendWelcomeEmail"
        )
        self._say(f"What an operator sees ({command('show', FAILING)}):")
        if page:
            self.console.print(display.tenant(page), soft_wrap=True)
        self._say("The operator verifies the sender in Amazon SES and retries:")
        sender = self.stack.settings.sender
        self.stack.clients.ses_once.create_email_identity(EmailIdentity=sender)
        with self._live_table():
            retried = operations.retry(*self._aws, FAILING)
            self._wait(FAILING, lifecycle.COMPLETED)
        self._checks.check(f"{command('retry', FAILING)}: {retried.message}", held=retried.attempt == 2)  # noqa: PLR2004  # the second

    def _prove_no_more_than_that(self) -> None:
        redone = [s["name"] for s in (status.show(*self._aws, FAILING) or {})["steps"] if s["attempts"] > 1]
        self._checks.check("the retry did no finished step again", held=redone == ["SendWelcomeEmail"])
        known = {row["tenantId"] for row in status.list_tenants(*self._aws)}
        self._checks.check("the duplicate and the wrong events made no tenant", held=known == set(TENANTS))
        rejected = {row["eventId"]: row["reasons"] for row in self._rejected()}
        for name, fields in EXPECTED_REJECTIONS.items():
            reasons = rejected.pop(self.event_ids[name], [])
            right = {reason["field"] for reason in reasons} == fields
            self._checks.check(f"{name} is rejected, and every reason said", held=right)
        self._checks.check("nothing else is rejected", held=not rejected)
        self.console.print(display.rejected(self._rejected()))

    def _emit(self, file: Path) -> None:
        self.event_ids[file.name] = self.stack.emit(file.read_text())

    def _rejected(self) -> list[dict[str, Any]]:
        return status.list_rejected(*self._aws)

    def _wait(self, tenant_id: str, for_status: str) -> None:
        def reached() -> bool:
            page = status.show(*self._aws, tenant_id)
            return page is not None and page["status"] in (for_status, lifecycle.FAILED)

        self._until(reached)
        page = status.show(*self._aws, tenant_id)
        self._checks.check(f"{tenant_id} is {for_status}", held=page is not None and page["status"] == for_status)

    def _until(self, holds: Callable[[], bool]) -> None:
        until = time.monotonic() + WAIT_SECONDS
        while not holds() and time.monotonic() < until:
            time.sleep(0.2)

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


def _failed_at(page: dict[str, Any] | None) -> str | None:
    return page["failure"]["step"] if page and page["failure"] else None
