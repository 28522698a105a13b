"""People join tenants in Chromium, before the deployed template: the account API, its queue, the mail, and Cognito."""

import re
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.local import colleague
from orchestrator.local.first_sign_in import delivered_mails
from orchestrator.local.ministack import ROOT
from orchestrator.local.product import Product
from orchestrator.local.stack import LocalStack
from orchestrator.operations import deployment, users
from orchestrator.users.invitations import Guest
from tests.browser.conftest import NewVisitor, OverTls
from tests.browser.product import OWN_PASSWORD, Admin, Visitor, onboard
from tests.browser.tenants import Tenants, event

GUIDE = (ROOT / "docs/users.md").read_text()
CURL, FORM = (re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)[0] for kind in ("bash", "html"))
ADDRESS_IN_GUIDE = "https://….execute-api.eu-central-1.amazonaws.com/account/v1"
WORDS = "If that is possible here, we have mailed a link to"
STRICT = {"passwordPolicy": {"minimumLength": 20, "requireSymbols": True}}


@pytest.fixture(scope="session")
def club(running_stack: LocalStack, tenants: Tenants) -> str:
    """A tenant where anybody may register."""
    tenants.verify_sender()
    onboard(running_stack, event("club", users={"signUp": "OPEN"}))
    return "club"


@pytest.fixture
def operator(running_stack: LocalStack, over_tls: OverTls, monkeypatch: pytest.MonkeyPatch) -> tuple[Clients, Settings]:
    """What an operator's command line has of the stack."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", over_tls.proxy.endpoint)
    return deployment.find()


def asks(tab: Visitor, tenant_id: str, button: str, email: str) -> None:
    """Go to a tenant's address and ask for a link."""
    tab.open(tenant_id)
    tab.press(button)
    tab.field("Email address").fill(email)
    tab.press("Mail me a link")
    tab.sees("Look in your mailbox")
    expect(tab.page.get_by_text(f"{WORDS} {email}")).to_be_visible()


def follows(tab: Visitor, link: re.Match[str], password: str = OWN_PASSWORD, *, email: str) -> None:
    """Open the link of a mail and choose a password."""
    tab.page.goto("about:blank")
    tab.page.goto(tab.product.front.here(link[0]))
    tab.field("Your email address, to which the link was mailed").fill(email)
    tab.field("New password").fill(password)
    tab.page.keyboard.press("Enter")


def test_whoever_registers_confirms_and_is_in_and_the_link_works_once(
    visitor: NewVisitor, running_stack: LocalStack, club: str
) -> None:
    tab, email = visitor(), "new@club.example"
    asks(tab, club, "Register", email)
    link = colleague.link_to(running_stack, email)
    follows(tab, link, email=email)
    tab.sees(f"Welcome to {club}")
    assert tab.page.locator("dd").all_inner_texts()[:4] == [club, "pool", "member", club]
    shown = users.show(running_stack.clients, running_stack.settings, club, email)
    expect(tab.page.locator("dl").first).to_contain_text(str(shown["userId"]))
    assert (shown["status"], shown["link"]) == ("ACTIVE", None)
    tab.press("Sign out")
    follows(tab, link, "Another-password-of-20", email=email)
    tab.sees("This link does not work any more")
    tab.press("Sign in")
    tab.sign_in(email, OWN_PASSWORD)
    tab.sees(f"Welcome to {club}")
    assert not [each for each in tab.sent if link["token"] in each.url]


def test_a_tenant_that_takes_no_registrations_says_the_same_and_mails_nothing(
    visitor: NewVisitor, running_stack: LocalStack, newcomer: Callable[..., Admin]
) -> None:
    admin, tab = newcomer("closed"), visitor()
    asks(tab, "closed", "Register", "stranger@closed.example")
    asks(tab, "closed", "Forgot password", admin.email)
    colleague.link_to(running_stack, admin.email)  # of a later request: the earlier one is dealt with
    mailed = [address for mail in delivered_mails(running_stack.ministack.endpoint) for address in mail["To"]]
    assert "stranger@closed.example" not in mailed


def test_an_admin_who_never_signed_in_gets_in_by_a_forgotten_password_and_by_the_mailed_one_no_more(
    visitor: NewVisitor, running_stack: LocalStack, newcomer: Callable[..., Admin]
) -> None:
    admin, tab = newcomer("forgetful", tier="bridge"), visitor()
    asks(tab, "forgetful", "Forgot password", admin.email)
    follows(tab, colleague.link_to(running_stack, admin.email), email=admin.email)
    tab.sees("Welcome to forgetful")
    expect(tab.page.locator("dl").first).to_contain_text("admin")
    tab.press("Sign out")
    tab.sign_in(admin.email, admin.password)
    expect(tab.page.get_by_role("alert")).to_contain_text("Forgot password")


def test_whoever_is_invited_is_told_the_tenants_own_rules_for_a_password(
    visitor: NewVisitor,
    running_stack: LocalStack,
    newcomer: Callable[..., Admin],
    operator: tuple[Clients, Settings],
) -> None:
    newcomer("strict", tier="silo", security=STRICT)
    tab, email = visitor(), "guest@strict.example"
    users.invite(*operator, "strict", Guest(email, role="auditor"))
    link = colleague.link_to(running_stack, email)
    follows(tab, link, "Short1", email=email)
    password = tab.field("New password")
    expect(password).to_have_accessible_description(
        "It must have at least 20 characters. It must have a symbol, such as ! or -."
    )
    assert tab.violations() == []
    password.fill(OWN_PASSWORD)
    tab.press("Confirm and sign in")
    tab.sees("Welcome to strict")
    expect(tab.page.locator("dl").first).to_contain_text("auditor")


def test_a_secret_of_another_tenant_or_of_nobody_is_no_good(
    visitor: NewVisitor, running_stack: LocalStack, sample: Product, club: str, admins: dict[str, Admin]
) -> None:
    tab, email = visitor(), "twice@club.example"
    asks(tab, club, "Register", email)
    link = colleague.link_to(running_stack, email)
    for tenant_id, token in (("shop-pool", link["token"]), (club, "made-up")):
        tab.page.goto("about:blank")
        tab.page.goto(f"{sample.address_of(tenant_id)}/#action=confirm&token={token}")
        tab.field("Your email address, to which the link was mailed").fill(email)
        tab.field("New password").fill(OWN_PASSWORD)
        tab.press("Confirm and sign in")
        tab.sees("This link does not work any more")
    follows(tab, link, email=email)
    tab.sees(f"Welcome to {club}")


def test_the_command_of_the_guide_is_answered_as_the_guide_says(running_stack: LocalStack) -> None:
    command = CURL.replace(ADDRESS_IN_GUIDE, f"'{running_stack.account_api_url}'") + "echo; "
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "{}"


def test_the_form_of_the_guide_registers(visitor: NewVisitor, running_stack: LocalStack, club: str) -> None:
    tab = visitor()
    page = FORM.replace(ADDRESS_IN_GUIDE, "/account/v1").replace("location.hostname", '"club.app.example"')

    def answer(route: Route) -> None:
        route.fulfill(body=page, content_type="text/html")

    tab.page.route("**/register.html", answer)
    tab.open(club, "/register.html")
    tab.page.get_by_label("Email address").fill("formal@club.example")
    tab.press("Mail me a link")
    expect(tab.page.get_by_role("status")).to_contain_text("If that is possible here")
    assert colleague.link_to(running_stack, "formal@club.example")["action"] == "confirm"
