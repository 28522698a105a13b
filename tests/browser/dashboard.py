"""The dashboard as somebody in front of a browser has it: where to click, what is seen, what the browser objects to."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Locator, Page, Request, Route, expect

from orchestrator.local.people import Person

WAIT_MILLISECONDS = 20_000
MINUTE_SECONDS = 60
INTERVAL_SECONDS = 5
"""How often a page asks where no tenant is on its way."""
TOKENS = "onboarding.tokens"
TITLES = {"": "Tenants", "rejections": "Rejected events", "rejection": "Rejected event"}
"""By place; a tenant's page has its id."""
DEADLINES = """AbortSignal.timeout = milliseconds => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("", "TimeoutError")), milliseconds);
    return controller.signal;
}"""
"""The browser's own keep to no clock but its own."""
EXPECTED_COMPLAINT = "Failed to load resource"
"""What Chromium says of an answer that is no success; which answers a test wants it says itself."""

expect.set_options(timeout=WAIT_MILLISECONDS)


@dataclass
class Dashboard:
    """One tab; whatever its scripts, or the policy that confines them, complain of is kept."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    """Every request of the page."""

    def __post_init__(self) -> None:
        self.page.set_default_timeout(WAIT_MILLISECONDS)
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", self._refuse)
        self.page.on("request", self._note)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and EXPECTED_COMPLAINT not in message.text:
            self.complaints.append(message.text)

    def _note(self, request: Request) -> None:
        self.sent.append(request)

    def _refuse(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog {dialog.message}")
        dialog.dismiss()

    @property
    def asked(self) -> list[Request]:
        """Every request to the status API."""
        return [request for request in self.sent if re.search(r"default/(onboardings|rejections)", request.url)]

    def open(self, place: str = "") -> None:
        """Go to a place of the page."""
        self.page.goto(f"{self.url}{place}")

    def visit(self, place: str) -> None:
        """Go to a place and wait until what is there is shown, and nothing of where one was."""
        self.open(place)
        name = re.sub("^rejections/.*", "rejection", place.removeprefix("#/").removeprefix("tenants/").split("?")[0])
        expect(self.page).to_have_title(f"{TITLES.get(name, name)} – Tenant onboarding")  # noqa: RUF001  # the page's own
        expect(self.page.locator("footer time")).to_be_visible()

    def stop_clock(self) -> None:
        """Load the page anew with a clock that stands still: nothing comes by itself until the time is let pass."""
        self.page.add_init_script(DEADLINES)
        self.page.clock.install()
        self.page.clock.pause_at(time.time() + MINUTE_SECONDS)
        self.page.reload()

    def let_pass(self, seconds: float) -> None:
        """Let time pass on a page whose clock stands still."""
        self.page.clock.run_for(round(seconds * 1000))

    def back(self, pages: int = 1) -> None:
        """Go back, once the script that says so has ended: going takes its page away from under it."""
        with self.page.expect_event("framenavigated"):
            self.page.evaluate("pages => { setTimeout(() => history.go(-pages)); }", pages)

    def sign_in(self, person: Person, place: str = "") -> str:
        """Open a place and sign in as somebody, through the pages of the user pool; return what the tab keeps."""
        self.open(place)
        self.page.get_by_role("button", name="Sign in").click()
        self.fill_in(person)
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()
        return str(self.page.evaluate(f"sessionStorage.getItem('{TOKENS}')"))

    def sign_out(self, button: str = "Sign out") -> None:
        """Sign out, and be led back by the user pool: the button is dead on the page that is being left."""
        self.page.get_by_role("button", name=button, exact=True).click()
        expect(self.page.get_by_role("button", name="Sign in", exact=True)).to_be_enabled()

    def go_on(self, kept: str) -> None:
        """Open the page as in a tab where somebody has signed in."""
        keep = f"sessionStorage.setItem('{TOKENS}', {json.dumps(kept)})"
        self.page.add_init_script(f"if (location.protocol === 'http:') {keep}")
        self.open()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def fill_in(self, person: Person) -> None:
        """Answer the sign-in page of the user pool."""
        self.page.locator("input[name=username]").fill(person.email)
        self.page.locator("input[name=password]").fill(person.password)
        self.page.locator("button[type=submit]").click()

    def row(self, tenant_id: str) -> Locator:
        """Return the row of a tenant in the list."""
        link = self.page.get_by_role("link", name=tenant_id, exact=True)
        return self.page.locator("table.list tbody tr").filter(has=link)

    def first_row(self) -> Locator:
        """Return the first row of the list."""
        return self.page.locator("table.list tbody tr").first

    def tile(self, label: str) -> Locator:
        """Return the number in a tile."""
        return self.page.locator(".tile").filter(has_text=re.compile(rf"^\s*{label}\b")).locator(".value")

    def status(self) -> Locator:
        """Return the status of the tenant whose page it is."""
        return self.page.locator("main .bar > .badge")

    def say_yes(self, word: str) -> None:
        """Answer the question that was asked."""
        self.page.get_by_role("dialog").get_by_role("button", name=word, exact=True).click()

    def visibility(self, state: str) -> None:
        """Let the tab be hidden, or visible again; a headless browser knows no other tabs."""
        self.page.evaluate(
            """state => {
                Object.defineProperty(document, "visibilityState", {configurable: true, get: () => state});
                Object.defineProperty(document, "hidden", {configurable: true, get: () => state === "hidden"});
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            state,
        )

    @contextmanager
    def answering(self, pattern: str, answer: Callable[[Route], object]) -> Iterator[None]:
        """Answer the page's requests in the API's stead, for the length of a with block."""
        matcher = re.compile(pattern)
        self.page.route(matcher, answer)
        try:
            yield
        finally:
            self.page.unroute_all(behavior="ignoreErrors")

    @contextmanager
    def holding(self, pattern: str) -> Iterator[None]:
        """Hold back the page's requests for the length of a with block, and let them go at its end."""
        held: list[Route] = []
        with self.answering(pattern, lambda route: held.append(route)):  # noqa: PLW0108  # Playwright takes no builtin
            yield
            for route in held:
                route.continue_()

    def problem(self, status: int, detail: str, **headers: str) -> Callable[[Route], None]:
        """Return an answer that tells of a problem."""
        body = json.dumps({"type": "urn:tenant-onboarding:problem:x", "status": status, "detail": detail})
        kind = "application/problem+json"
        return lambda route: route.fulfill(status=status, body=body, content_type=kind, headers=headers)


def new_dashboard(context: BrowserContext, url: str) -> Dashboard:
    """Return a new tab."""
    return Dashboard(context.new_page(), url)
