"""Registering, confirming and another password, in Chromium: what the page says to each answer of the account API."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from handlers.problems import MEDIA_TYPE, NAMESPACE
from tests.browser import axe, lone_page
from tests.browser.conftest import LOOKS, PHONE
from tests.browser.width import TOO_WIDE

RULES = ["It must have at least 12 characters.", "It must have a digit."]
LINKS = {
    "confirm": ("Choose your password", "Confirm and sign in"),
    "reset": ("Choose another password", "Set it and sign in"),
}
SAYS = {
    409: ("under-way", "Wait some seconds, then try again"),
    403: ("suspended", "Ask whoever looks after your company's account"),
    429: ("", "Wait a minute, then try again"),
    500: ("defect", "Your link stays good"),
    503: ("unavailable", "Your link stays good"),
}
REFUSED = {
    "last-admin": (409, "Make somebody else an admin first"),
    "not-possible": (409, "look again"),
    "no-such-user": (404, "Go back to the list"),
    "not-allowed": (403, "Only an admin"),
}
TOKEN = "a-secret-of-22-letters"
ISSUED = {"accessToken": "access", "idToken": "id", "refreshToken": "refresh", "expiresIn": 3600}
ME = dict.fromkeys(("tenantId", "tier", "role", "userId", "subject"), "acme") | {"groups": ["acme"], "projects": []}
KEPT = {"access": "access", "id": "id", "refresh": "refresh", "expiresAt": 32503680000000}
MARKUP = "<img src=x onerror=\"document.title='broken'\">"


class Tab:
    """One tab at the page, whose account API answers with what a test says, and everything that it was asked."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.complaints: list[str] = []
        self.answer: dict[str, Any] = {"status": 202, "json": {}}
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.clock.install()
        page.route(f"**{lone_page.ACCOUNT_API}/**", self._answer)

    def _answer(self, route: Route) -> None:
        self.asked.append((route.request.url.rsplit("/", 1)[-1], json.loads(route.request.post_data or "{}")))
        route.fulfill(**self.answer)

    def open(self, fragment: str = "") -> None:
        """Go to the page anew, as from a mail."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}/{fragment}")

    def sees(self, words: str) -> None:
        """Wait until a heading is seen."""
        expect(self.page.get_by_role("heading", name=words, exact=True)).to_be_visible()

    def field(self, label: str) -> Locator:
        """Return the field with a label in the form that is seen."""
        return self.page.get_by_label(label).filter(visible=True)

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def prove(self, action: str, password: str = "chosen") -> None:
        """Open a link, and bring a password."""
        heading, button = LINKS[action]
        self.open(f"#action={action}&token={TOKEN}")
        self.sees(heading)
        self.field("Your email address").fill("somebody@acme.example")
        self.field("New password").fill(password)
        self.press(button)

    def waits(self, seconds: int) -> None:
        """Let time pass for the page: after a refusal its buttons rest."""
        self.page.clock.run_for(seconds * 1000)

    def problem(self, status: int, kind: str, **more: Any) -> None:
        """Let the next answers be a problem document; API Gateway's own have no type."""
        document = {"type": NAMESPACE + kind, "status": status} if kind else {"message": "Too Many Requests"}
        self.answer = {"status": status, "content_type": MEDIA_TYPE, "body": json.dumps(document | more)}

    def challenge(self, name: str, **more: str) -> None:
        """Let the next answers ask for something first."""
        self.answer = {"status": 200, "json": {"challenge": name, **more}}


NewTab = Callable[..., Tab]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with lone_page.served(tmp_path_factory.mktemp("page")) as address:
        yield address


@pytest.fixture
def tab(browser: Browser, address: str) -> Iterator[NewTab]:
    """Open tabs at a tenant whose account API is played; what a script complained of fails the test."""
    opened: list[Tab] = []

    def new(tenant: dict[str, Any] | None = None, **options: Any) -> Tab:
        page = browser.new_context(**options).new_page()
        lone_page.answer_for(page, **(tenant or {}))
        opened.append(Tab(page, address))
        return opened[-1]

    yield new
    complaints = [complaint for each in opened for complaint in each.complaints]
    for each in opened:
        each.page.context.close()
    assert complaints == []


def test_whoever_registers_is_told_the_same_whether_there_will_be_a_mail_or_not(tab: NewTab) -> None:
    new = tab()
    new.open()
    new.field("Email address").fill("New@Acme.example")
    new.press("Register")
    new.sees("Register with acme")
    expect(new.field("Email address")).to_have_value("New@Acme.example")
    new.field("Your name").fill(" A new colleague ")
    new.press("Mail me a link")
    new.sees("Look in your mailbox")
    expect(new.page.get_by_text("If that is possible here, we have mailed a link to new@acme.example")).to_be_visible()
    host = new.address.removeprefix("http://")
    assert new.asked == [("register", {"host": host, "email": "new@acme.example", "name": "A new colleague"})]


def test_the_same_mail_is_not_asked_for_at_every_click(tab: NewTab) -> None:
    new = tab()
    new.open()
    new.press("Forgot password")
    new.field("Email address").fill("somebody@acme.example")
    new.press("Mail me a link")
    new.sees("Look in your mailbox")
    new.press("Mail it again")
    expect(new.page.get_by_role("alert")).to_contain_text("Mail can take a minute")
    assert [name for name, _ in new.asked] == ["forgot-password"]
    new.waits(61)
    new.press("Mail it again")
    expect(new.page.get_by_role("alert")).to_be_hidden()
    assert [name for name, _ in new.asked] == ["forgot-password", "forgot-password"]
    new.press("Back to sign-in")
    new.sees("Sign in to acme")


@pytest.mark.parametrize("action", LINKS)
def test_the_secret_of_a_link_leaves_the_address_bar_at_once_and_is_kept_nowhere(action: str, tab: NewTab) -> None:
    new = tab()
    resolved: list[str] = []

    def note(route: Route) -> None:
        resolved.append(new.page.url)
        route.fallback()

    new.page.route("**/config?*", note)
    new.open(f"#action={action}&token={TOKEN}")
    new.sees(LINKS[action][0])
    assert resolved == [new.page.url] == [f"{new.address}/"]
    assert new.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, history.state, document.cookie])"
    ) == ('[{},{},null,""]')
    assert TOKEN not in new.page.content()
    assert [each.get_attribute("autocomplete") for each in new.page.locator(f"#{action} input").all()] == [
        "username",
        "new-password",
    ]
    new.page.reload()
    new.sees("Sign in to acme")


def test_a_link_is_taken_where_the_page_is_open_already(tab: NewTab) -> None:
    new = tab()
    new.open()
    new.sees("Sign in to acme")
    new.page.evaluate(f"location.hash = '#action=reset&token={TOKEN}'")
    new.sees("Choose another password")
    assert new.page.url == f"{new.address}/"


def test_what_the_password_lacks_is_told_at_its_field_and_the_link_stays_good(tab: NewTab) -> None:
    new = tab()
    new.problem(400, "password-refused", errors=[{"pointer": "/body/password", "detail": rule} for rule in RULES])
    new.prove("confirm", "short")
    password = new.field("New password")
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(password).to_have_accessible_description(" ".join(RULES))
    expect(password).to_be_focused()
    assert axe.violations(new.page) == []
    new.answer = {"status": 201, "json": {"userId": "1"}}
    password.fill("long enough, with 1 digit")
    new.waits(1)
    new.press("Confirm and sign in")
    new.sees("Sign in to acme")
    expect(new.page.get_by_role("alert")).to_contain_text("Your password is set")
    assert [said["password"] for _, said in new.asked] == ["short", "long enough, with 1 digit"]
    assert [(name, said["token"]) for name, said in new.asked] == [("confirm", TOKEN)] * 2


@pytest.mark.parametrize("status", SAYS)
@pytest.mark.parametrize("action", LINKS)
def test_each_refusal_says_what_to_do_and_keeps_what_was_typed(action: str, status: int, tab: NewTab) -> None:
    new, (kind, words) = tab(), SAYS[status]
    new.problem(status, kind)
    new.prove(action)
    expect(new.page.get_by_role("alert")).to_contain_text(words)
    expect(new.field("New password")).to_have_value("chosen")
    new.answer = {"status": 204}
    new.waits(1)
    new.press(LINKS[action][1])
    expect(new.page.get_by_role("alert")).to_contain_text("Your password is set")


@pytest.mark.parametrize(
    ("action", "leads_to"), [("confirm", "Register with acme"), ("reset", "Forgot your password?")]
)
@pytest.mark.parametrize(
    ("status", "kind", "errors"),
    [(410, "used-or-ended", []), (400, "invalid-request", [{"pointer": "/body/token", "detail": "is too long"}])],
)
def test_a_link_that_was_used_or_never_was_one_leads_to_another(
    action: str, leads_to: str, status: int, kind: str, errors: list[dict[str, str]], tab: NewTab
) -> None:
    new = tab()
    new.problem(status, kind, errors=errors)
    new.prove(action)
    new.sees("This link does not work any more")
    assert axe.violations(new.page) == []
    new.press("Get another link")
    new.sees(leads_to)
    expect(new.field("Email address")).to_have_value("somebody@acme.example")


@pytest.mark.parametrize("action", LINKS)
def test_who_signs_in_at_a_provider_needs_no_password(action: str, tab: NewTab) -> None:
    new = tab({"identityProviders": ["12345678-Sso"]})
    new.open(f"#action={action}&token={TOKEN}")
    new.sees("Sign in to acme")
    expect(new.page.get_by_role("alert")).to_contain_text("you need no password here")
    expect(new.page.get_by_role("button", name="Sign in with Sso")).to_be_visible()
    assert new.asked == []


def test_an_api_that_says_so_after_all_leads_to_the_provider(tab: NewTab) -> None:
    new = tab()
    new.problem(409, "federated", signInAddress="https://acme.app.example")
    new.prove("reset")
    new.sees("Sign in to acme")
    expect(new.page.get_by_role("alert")).to_contain_text("you need no password here")


def test_what_is_wrong_with_an_address_or_a_name_is_told_at_its_field(tab: NewTab) -> None:
    new = tab()
    errors = [
        {"pointer": "/body/name", "detail": "must not begin or end with white space"},
        {"pointer": "/body/email", "detail": "is too long for this tenant"},
    ]
    new.problem(400, "invalid-request", errors=errors)
    new.open()
    new.press("Register")
    new.field("Email address").fill("somebody@acme.example")
    new.press("Mail me a link")
    expect(new.field("Email address")).to_have_accessible_description("This is too long for this tenant.")
    expect(new.field("Your name")).to_have_accessible_description("This must not begin or end with white space.")
    expect(new.field("Email address")).to_be_focused()


@pytest.mark.parametrize("gone", ["register", "forgot-password", "confirm", "reset-password"])
def test_an_api_that_does_not_answer_is_told(gone: str, tab: NewTab) -> None:
    new = tab()
    new.page.route(f"**/auth/{gone}", lambda route: route.abort())
    if gone in {"confirm", "reset-password"}:
        new.prove("confirm" if gone == "confirm" else "reset")
    else:
        new.open()
        new.press("Register" if gone == "register" else "Forgot password")
        new.field("Email address").fill("somebody@acme.example")
        new.press("Mail me a link")
    expect(new.page.get_by_role("alert")).to_contain_text("This does not work at the moment")


def test_after_a_wrong_password_some_seconds_pass_before_the_next_try(tab: NewTab) -> None:
    new = tab()
    new.open()
    new.sees("Sign in to acme")
    new.page.clock.pause_at(new.page.evaluate("Date.now()") / 1000 + 1)
    new.field("Email address").fill("somebody@acme.example")
    button = new.page.get_by_role("button", name="Sign in", exact=True)
    for seconds in (1, 2):
        new.field("Password").fill("not-the-password-1A")
        button.click()
        expect(new.page.get_by_role("alert")).to_contain_text("Forgot password")
        new.page.clock.run_for(1000 * seconds - 1)
        expect(button).to_be_disabled()
        new.page.clock.run_for(1)
        expect(button).to_be_enabled()


def test_a_password_is_chosen_by_keyboard_alone(tab: NewTab) -> None:
    new = tab()
    new.problem(400, "password-refused", errors=[{"pointer": "/body/password", "detail": RULES[0]}])
    new.open(f"#action=confirm&token={TOKEN}")
    expect(new.field("Your email address")).to_be_focused()
    for typed in ("somebody@acme.example", "short"):
        new.page.keyboard.type(typed)
        new.page.keyboard.press("Tab")
    new.page.keyboard.press("Enter")
    expect(new.field("New password")).to_be_focused()
    new.answer = {"status": 201, "json": {"userId": "1"}}
    new.page.keyboard.press("End")
    new.page.keyboard.type(", but longer now")
    new.waits(1)
    expect(new.page.get_by_role("button", name="Confirm and sign in")).to_be_enabled()
    new.page.keyboard.press("Enter")
    new.sees("Sign in to acme")
    assert new.asked[-1][1]["password"] == "short, but longer now"


def test_whatever_a_sign_in_without_the_sdk_is_asked_for_first_is_asked_on_the_page(tab: NewTab) -> None:
    """The local AWS asks nobody for an authenticator app and judges no new password, so its answers are played."""
    new, key = tab(), "SECRETOFTHEAPP"
    new.open()
    new.field("Sign in without the SDK").check()
    new.field("Email address").fill("Somebody@acme.example")
    new.field("Password").fill("mailed")
    new.challenge("NEW_PASSWORD_REQUIRED", session="one")
    new.press("Sign in")
    new.sees("Choose your own password")
    new.problem(400, "password-refused", errors=[{"pointer": "/body/answers/newPassword", "detail": RULES[0]}])
    new.field("New password").fill("short")
    new.press("Go on")
    expect(new.field("New password")).to_have_accessible_description(RULES[0])
    new.waits(1)
    new.challenge("MFA_SETUP", session="two", secretCode=key)
    new.field("New password").fill("chosen")
    new.press("Go on")
    new.sees("Add an authenticator app")
    expect(new.page.get_by_text(key)).to_be_visible()
    new.problem(401, "not-signed-in")
    new.field("The code that the app shows").fill("123456")
    new.press("Go on")
    expect(new.page.get_by_role("alert")).to_contain_text("That was not right, or it took too long")
    new.waits(1)
    new.challenge("SOFTWARE_TOKEN_MFA", session="three")
    new.press("Go on")
    new.sees("Your one-time code")
    assert axe.violations(new.page) == []
    new.answer = {"status": 200, "json": ISSUED}
    new.page.route("**/me", lambda route: route.fulfill(json=ME))
    new.field("The code that your authenticator app shows").fill("654321")
    new.press("Go on")
    new.sees("Welcome to acme")
    host = new.asked[0][1]["host"]
    assert new.asked == [
        ("sign-in", {"host": host, "email": "somebody@acme.example", "password": "mailed"}),
        ("challenge", {"host": host, "session": "one", "answers": {"newPassword": "short"}}),
        ("challenge", {"host": host, "session": "one", "answers": {"newPassword": "chosen"}}),
        ("challenge", {"host": host, "session": "two", "answers": {"code": "123456"}}),
        ("challenge", {"host": host, "session": "two", "answers": {"code": "123456"}}),
        ("challenge", {"host": host, "session": "three", "answers": {"code": "654321"}}),
    ]


def person(number: int, **said: str) -> dict[str, str]:
    """Return somebody as the account API tells of them."""
    known = {"userId": str(number), "email": f"user-{number}@acme.example", "name": "", "role": "member"}
    return known | {"tenantId": "acme", "status": "INVITED", "createdAt": "2026-01-31T10:00:00.000Z"} | said


def test_a_tenants_people_come_page_by_page_as_text_and_each_refusal_says_what_to_do(tab: NewTab) -> None:
    new = tab()
    pages = {None: ([person(1), person(2, name=MARKUP, role=MARKUP)], "next"), "next": ([person(3)], None)}

    def listed(route: Route) -> None:
        users, cursor = pages[parse_qs(urlsplit(route.request.url).query).get("cursor", [None])[0]]
        assert route.request.headers["authorization"] == "Bearer access"
        route.fulfill(json={"users": users, "nextCursor": cursor})

    new.page.route("**/me", lambda route: route.fulfill(json=ME | {"role": "admin"}))
    new.page.route("**/users?*", listed)
    new.open()
    new.page.evaluate("kept => sessionStorage.setItem('product.tokens', kept)", json.dumps(KEPT))
    new.page.reload()
    new.press("Your company's people")
    people = new.page.locator(".people button")
    expect(people).to_have_count(2)
    new.press("More")
    expect(people).to_have_count(3)
    expect(new.page.get_by_role("button", name="More")).to_be_hidden()
    assert new.page.locator("main img").count() == 0
    assert axe.violations(new.page) == []
    people.nth(1).click()
    new.sees("About user-2@acme.example")
    expect(new.field("Another role")).to_have_value(MARKUP)
    alert = new.page.get_by_role("alert")
    for kind, (status, words) in REFUSED.items():
        new.problem(status, kind)
        new.press("Give this role")
        expect(alert).to_contain_text(words)
        new.waits(1)
    new.problem(400, "invalid-request", errors=[{"pointer": "/body/role", "detail": "must be admin or member"}])
    new.press("Give this role")
    expect(new.field("Another role")).to_have_accessible_description("This must be admin or member.")
    new.waits(1)
    assert new.asked == [("2", {"role": MARKUP})] * (len(REFUSED) + 1)
    new.problem(401, "not-signed-in")
    new.press("Mail the invitation again")
    new.sees("Sign in to acme")
    expect(alert).to_contain_text("run out")
    new.page.reload()
    new.sees("Sign in to acme")


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_wherever_these_pages_lead(look: str, tab: NewTab) -> None:
    new = tab(**LOOKS[look])
    new.open()
    seen: list[str] = []

    def looked_at(words: str) -> None:
        new.sees(words)
        seen.extend(axe.violations(new.page))
        new.page.set_viewport_size({"width": 320, "height": 700})
        seen.extend(new.page.evaluate(TOO_WIDE))
        new.page.set_viewport_size(LOOKS[look].get("viewport", PHONE))

    for button, heading in {"Register": "Register with acme", "Forgot password": "Forgot your password?"}.items():
        new.press(button)
        looked_at(heading)
        new.field("Email address").fill(f"{'somebody' * 7}@{'a-long-label.' * 8}example")
        new.press("Mail me a link")
        looked_at("Look in your mailbox")
        new.press("Mail it again")
        expect(new.page.get_by_role("alert")).to_be_visible()
        looked_at("Look in your mailbox")
        new.press("Back to sign-in")
    for action, (heading, _) in LINKS.items():
        new.open(f"#action={action}&token={TOKEN}")
        looked_at(heading)
    assert seen == []
