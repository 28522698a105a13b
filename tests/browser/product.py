"""The sample product as somebody in front of a browser has it, and what was onboarded for it."""

import json
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, expect

from orchestrator import status
from orchestrator.local.first_sign_in import delivered_mails, temporary_password
from orchestrator.local.product import Product
from orchestrator.local.stack import LocalStack
from tests.browser import axe
from tests.browser.dashboard import EXPECTED_COMPLAINT, WAIT_MILLISECONDS
from tests.e2e.world import wait_until

TOKENS = "product.tokens"
OWN_PASSWORD = "My-own-password-of-20-chars"


@dataclass(frozen=True)
class Admin:
    """The first user of a tenant, with what the welcome email says."""

    tenant_id: str
    email: str
    password: str = field(repr=False)
    resources: dict[str, Any] = field(repr=False)


def onboard(stack: LocalStack, detail: dict[str, Any]) -> dict[str, Any]:
    """Onboard a tenant, and return what was made for it."""
    stack.emit(json.dumps(detail))
    tenant_id = detail["tenantId"]

    def ended() -> bool:
        page = status.show(stack.clients, stack.settings, tenant_id) or {}
        return page.get("status") in ("COMPLETED", "FAILED")

    wait_until(ended, f"{tenant_id} to be onboarded")
    page = status.show(stack.clients, stack.settings, tenant_id) or {}
    assert page["status"] == "COMPLETED", page["failure"]
    resources: dict[str, Any] = page["resources"]
    return resources


def admin_of(stack: LocalStack, detail: dict[str, Any]) -> Admin:
    """Onboard a tenant, and return its first user."""
    resources, email = onboard(stack, detail), detail["admin"]["email"]
    (mail,) = (mail for mail in delivered_mails(stack.ministack.endpoint) if email in mail["To"])
    return Admin(detail["tenantId"], email, temporary_password(mail), resources)


@dataclass
class Visitor:
    """One tab; whatever its scripts, or the policy that confines them, complain of is kept."""

    page: Page
    product: Product
    complaints: list[str] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(WAIT_MILLISECONDS)
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._note)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and EXPECTED_COMPLAINT not in message.text:
            self.complaints.append(message.text)

    def _note(self, request: Request) -> None:
        self.sent.append(request)

    def open(self, subdomain: str, path: str = "/") -> None:
        """Go to a tenant's address."""
        self.page.goto(f"{self.product.address_of(subdomain)}{path}")

    def heading(self, words: str) -> Locator:
        """Return a heading that is seen."""
        return self.page.get_by_role("heading", name=words, exact=True)

    def sees(self, words: str) -> None:
        """Wait until a heading is seen."""
        expect(self.heading(words)).to_be_visible()

    def field(self, label: str) -> Locator:
        """Return the field with a label in the form that is seen."""
        return self.page.get_by_label(label, exact=True).filter(visible=True)

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def sign_in(self, email: str, password: str) -> None:
        """Fill in the sign-in form."""
        self.field("Email address").fill(email)
        self.field("Password").fill(password)
        self.press("Sign in")

    def sign_in_first(self, admin: Admin) -> str:
        """Sign in as an admin who never did; return what the tab keeps."""
        self.open(admin.tenant_id)
        self.sign_in(admin.email, admin.password)
        self.field("New password").fill(OWN_PASSWORD)
        self.press("Go on")
        self.sees(f"Welcome to {admin.tenant_id}")
        return self.kept()

    def kept(self) -> str:
        """Return what the tab keeps of a sign-in."""
        return str(self.page.evaluate(f"sessionStorage.getItem('{TOKENS}')"))

    def keep(self, tokens: str) -> None:
        """Put what another tab kept into this one, at the address where it is."""
        self.page.evaluate(f"tokens => sessionStorage.setItem('{TOKENS}', tokens)", tokens)

    def violations(self) -> list[str]:
        """Return what axe-core finds, of whatever weight."""
        return axe.violations(self.page)
