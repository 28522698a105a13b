"""Real Chromium before the deployed template on the local AWS, with 10,000 tenants in it."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from orchestrator.local.ministack import free_port
from orchestrator.local.people import Person, let_in
from orchestrator.local.product import Product, product
from orchestrator.local.stack import LocalStack, local_stack
from tests.browser.dashboard import Dashboard, new_dashboard
from tests.browser.product import Admin, Visitor, admin_of
from tests.browser.tenants import Tenants, event
from tests.e2e.aws_proxy import ENDED_TLS, AwsProxy, aws_proxy

QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
"""Chromium asks nobody but the pages under test."""
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
LOOKS: dict[str, Any] = {
    "light": {"color_scheme": "light", "viewport": DESKTOP},
    "dark": {"color_scheme": "dark", "viewport": DESKTOP},
    "phone": {"color_scheme": "light", "viewport": PHONE},
    "dark phone": {"color_scheme": "dark", "viewport": PHONE},
}

NewTab = Callable[..., Dashboard]
NewVisitor = Callable[..., Visitor]


@dataclass(frozen=True)
class OverTls:
    """Where the local AWS will be, and the proxy before it that says TLS ended there: queues refuse all else."""

    port: int
    proxy: AwsProxy


@pytest.fixture(scope="session")
def over_tls() -> Iterator[OverTls]:
    port = free_port()
    with aws_proxy(port, ENDED_TLS) as proxy:
        yield OverTls(port, proxy)


@pytest.fixture(scope="session")
def running_stack(over_tls: OverTls) -> Iterator[LocalStack]:
    endpoint = over_tls.proxy.endpoint
    with local_stack(over_tls.port, enforce_iam=True, functions_endpoint=endpoint) as stack:
        yield stack


@pytest.fixture(scope="session")
def tenants(running_stack: LocalStack) -> Tenants:
    """The tenants of the stack: 10,000 from before, and those that a test onboards."""
    tenants = Tenants(running_stack)
    tenants.seed()
    return tenants


@pytest.fixture(scope="session")
def people(running_stack: LocalStack) -> dict[str, Person]:
    """Who may sign in, by group."""
    return {person.group: person for person in let_in(running_stack)}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Callable[..., Browser]]:
    """Start Chromium."""
    if not executable():
        pytest.skip("no Chromium here: install Debian's package chromium, or set CHROMIUM to an executable")
    with sync_playwright() as playwright:
        yield partial(launched, playwright)


def executable() -> str | None:
    """Return where Chromium is; None if it is nowhere."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def launched(playwright: Playwright, **options: Any) -> Browser:
    """Start Chromium."""
    flags = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    return playwright.chromium.launch(executable_path=executable(), args=flags, **options)


@pytest.fixture(scope="session")
def browser(chromium: Callable[..., Browser]) -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def tab(browser: Browser, running_stack: LocalStack, tenants: Tenants) -> Iterator[NewTab]:
    """Open tabs, each in a context of its own; whatever a script or the policy complained of fails the test."""
    with tabs(browser, running_stack) as new:
        yield new


@pytest.fixture
def remembering(chromium: Callable[..., Browser], running_stack: LocalStack, tenants: Tenants) -> Iterator[NewTab]:
    """Open tabs that go back to pages as they were left, as people's browsers do."""
    with (
        chromium(ignore_default_args=["--disable-back-forward-cache"]) as browser,
        tabs(browser, running_stack) as new,
    ):
        yield new


@contextmanager
def tabs(browser: Browser, running_stack: LocalStack) -> Iterator[NewTab]:
    opened: list[Dashboard] = []

    def new(**options: Any) -> Dashboard:
        context = browser.new_context(
            **{"viewport": DESKTOP, "timezone_id": "Europe/Berlin", "locale": "en-GB"} | options
        )
        opened.append(new_dashboard(context, running_stack.dashboard_url))
        return opened[-1]

    yield new
    complaints = [complaint for each in opened for complaint in each.complaints]
    for each in opened:
        each.page.context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def kept(browser: Browser, running_stack: LocalStack, tenants: Tenants, people: dict[str, Person]) -> dict[str, str]:
    """What a tab keeps once somebody has signed in, by group."""
    with tabs(browser, running_stack) as new:
        return {group: new().sign_in(person) for group, person in people.items()}


@pytest.fixture
def viewer(tab: NewTab, kept: dict[str, str]) -> Dashboard:
    """The dashboard of somebody who may only read."""
    dashboard = tab()
    dashboard.go_on(kept["viewers"])
    return dashboard


@pytest.fixture
def operator(tab: NewTab, kept: dict[str, str]) -> Dashboard:
    """The dashboard of somebody who may act."""
    dashboard = tab()
    dashboard.go_on(kept["operators"])
    return dashboard


@pytest.fixture(scope="session")
def sample(running_stack: LocalStack) -> Iterator[Product]:
    """The sample product, deployed beside the stack."""
    with product(running_stack) as deployed:
        yield deployed


@pytest.fixture(scope="session")
def newcomer(running_stack: LocalStack, tenants: Tenants) -> Callable[..., Admin]:
    """Onboard a tenant and return its admin, who never signed in."""

    def new(tenant_id: str, **more: Any) -> Admin:
        tenants.verify_sender()
        return admin_of(running_stack, event(tenant_id, **more))

    return new


@pytest.fixture(scope="session")
def admins(newcomer: Callable[..., Admin]) -> dict[str, Admin]:
    """Admins of tenants of all tiers."""
    return {f"shop-{tier}": newcomer(f"shop-{tier}", tier=tier) for tier in ("pool", "bridge", "silo")}


@pytest.fixture
def visitor(browser: Browser, sample: Product) -> Iterator[NewVisitor]:
    """Open tabs, each in a context of its own; whatever a script or the policy complained of fails the test."""
    opened: list[Visitor] = []

    def new(**options: Any) -> Visitor:
        context = browser.new_context(**{"viewport": {"width": 1024, "height": 800}, "locale": "en-GB"} | options)
        opened.append(Visitor(context.new_page(), sample))
        return opened[-1]

    yield new
    complaints = [complaint for each in opened for complaint in each.complaints]
    for each in opened:
        each.page.context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def signed_in(browser: Browser, sample: Product, admins: dict[str, Admin]) -> dict[str, str]:
    """What a tab keeps of an admin's first sign-in, by tenant; from then on the password is one's own."""
    found = {}
    for tenant_id, admin in admins.items():
        context = browser.new_context()
        found[tenant_id] = Visitor(context.new_page(), sample).sign_in_first(admin)
        context.close()
    return found
