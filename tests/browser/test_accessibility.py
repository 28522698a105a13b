"""The page can be used by keyboard and by ear, in light and dark, on a desk and on a phone."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Route, expect

from orchestrator.local.people import Person
from tests.browser.axe import violations
from tests.browser.conftest import LOOKS, NewTab
from tests.browser.dashboard import INTERVAL_SECONDS, Dashboard
from tests.browser.tenants import Tenants, event
from tests.browser.width import TOO_WIDE

PLACES = {
    "list": "#/",
    "failed": "#/tenants/before-00001",
    "completed": "#/tenants/before-00003",
    "rejected": "#/rejections",
}


OTHERS = (
    "#/?search=tyrell.app.example",
    "#/tenants/globex",
    "#/tenants/tyrell",
    "#/tenants/returned-mail",
    "#/tenants/nobody-here",
)


def test_axe_would_find_something(viewer: Dashboard) -> None:
    expect(viewer.page.locator("table.list")).to_be_visible()
    viewer.page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert violations(viewer.page) == ["critical button-name: <button></button>"]


def test_a_rule_of_axe_that_fails_is_found(viewer: Dashboard) -> None:
    expect(viewer.page.locator("table.list")).to_be_visible()
    viewer.page.evaluate("() => { document.elementsFromPoint = () => { throw new Error('broken') } }")
    found = violations(viewer.page)
    assert found
    assert all(" failed: broken" in each for each in found)


@dataclass(frozen=True)
class Real:
    """What is there with all that onboarding leaves."""

    rejected: str
    """Where a whole rejected event is."""


@pytest.fixture(scope="session")
def real(tenants: Tenants) -> Real:
    """A tenant that failed, one that is completed, one whose email came back, and a rejected event."""
    tenants.fail("globex")
    tenants.bounce("returned-mail")
    tenants.emit(event("tyrell", tier="silo"))
    event_id = tenants.emit(event("nowhere", routing={"subdomain": "globex"}))
    tenants.wait_for("tyrell", "COMPLETED")
    return Real(f"#/rejections/{event_id}?tenant=nowhere")


def on_its_way(route: Route) -> None:
    """Answer as if a tenant were at its third step, in the second try."""
    page = route.fetch().json()
    page |= {"status": "IN_PROGRESS", "completedAt": None}
    error = {"error": "ThrottledError", "message": "CreateGroup: too many requests"}
    page["steps"][2] |= {"status": "RUNNING", "finishedAt": None, "attempts": 2, "error": error}
    for step in page["steps"][3:]:
        step |= {"status": "PENDING", "attempts": 0, "startedAt": None, "finishedAt": None}
    route.fulfill(json=page)


def nearly_full(route: Route) -> None:
    """Answer as if the shared user pools had no room, and there were many."""
    page = route.fetch().json()
    full = {"count": 950, "limit": 1_000, "percent": 95}
    pool = {"region": "eu-west-1", "status": "OPEN", "userPoolId": "eu-west-1_x", "percent": 95}
    counters = dict.fromkeys(("groups", "appClients", "identityProviders"), full)
    page["summary"]["sharedPools"] = [pool | {"poolKey": f"shared-{n:03d}", "counters": counters} for n in range(9)]
    route.fulfill(json=page)


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_anywhere(look: str, tab: NewTab, people: dict[str, Person], real: Real) -> None:
    dashboard = tab(**LOOKS[look])
    dashboard.open()
    expect(dashboard.page.get_by_role("button", name="Sign in")).to_be_enabled()
    assert violations(dashboard.page) == []
    dashboard.sign_in(people["operators"])
    for place in (*PLACES.values(), *OTHERS, real.rejected):
        dashboard.visit(place)
        assert violations(dashboard.page) == [], place
    dashboard.open("#/tenants/globex")
    dashboard.page.get_by_role("button", name="Retry").click()
    expect(dashboard.page.get_by_role("dialog")).to_be_visible()
    assert violations(dashboard.page) == []


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_any_state(look: str, tab: NewTab, people: dict[str, Person], real: Real) -> None:
    dashboard = tab(**LOOKS[look])
    dashboard.sign_in(people["operators"])
    states: dict[str, tuple[str, Callable[[Route], object], str]] = {
        "on its way": ("#/tenants/tyrell", on_its_way, "waits for its next try"),
        "nearly full": ("#/?tier=pool", nearly_full, "and 5 less full"),
        "stale": ("#/?tier=silo", dashboard.problem(503, "Try again in a moment."), "Next try in"),
        "refused": ("#/?search=b", dashboard.problem(403, "This needs a member of a group."), "to sign in anew"),
    }
    for name, (place, answer, words) in states.items():
        with dashboard.answering("default/onboardings", answer):
            dashboard.open(place)
            expect(dashboard.page.get_by_text(words).first).to_be_visible()
            assert violations(dashboard.page) == [], name
    with dashboard.answering("/retry", dashboard.problem(409, "It is IN_PROGRESS.")):
        dashboard.open("#/?status=FAILED&search=globex")
        dashboard.page.get_by_role("button", name="Retry all of these").click()
        dashboard.say_yes("Retry 1")
        expect(dashboard.page.get_by_text("Refused: 1")).to_be_visible()
    assert violations(dashboard.page) == []
    dashboard.open("#/tenants/tyrell")
    dashboard.page.get_by_role("button", name="Copy the host").click()
    dashboard.page.get_by_role("button", name="Resend").click()
    dashboard.say_yes("Resend")
    expect(dashboard.page.locator(".notice")).to_be_visible()
    assert violations(dashboard.page) == []


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_nothing_is_wider_than_the_screen(operator: Dashboard, place: str) -> None:
    operator.visit(place)
    for width in (320, 390, 768, 1280):
        operator.page.set_viewport_size({"width": width, "height": 800})
        assert operator.page.evaluate(TOO_WIDE) == [], width


def test_on_a_phone_what_failed_comes_first(operator: Dashboard, real: Real) -> None:
    """By eye as by ear: it stands first in the page itself. On a desk it stands where it changed."""
    operator.visit("#/")
    expect(operator.page.locator(".tile").first).to_contain_text("All")
    expect(operator.first_row()).not_to_contain_text("Failed")
    operator.page.set_viewport_size(LOOKS["phone"]["viewport"])
    expect(operator.page.locator(".tile").first).to_contain_text("Failed")
    expect(operator.first_row()).to_contain_text("Failed")
    headings = operator.page.locator("main h2")
    expect(headings.first).to_have_text("Failures by step")
    for tenant_id, heading in (("globex", "Failed at SendWelcomeEmail"), ("returned-mail", "Welcome email")):
        operator.visit(f"#/tenants/{tenant_id}")
        expect(headings.first).to_have_text(heading)


def test_a_tenant_is_found_and_retried_by_keyboard_alone(operator: Dashboard, tenants: Tenants) -> None:
    tenants.fail("dunder")
    operator.open("#/?search=dunder")
    expect(operator.row("dunder")).to_be_visible()
    operator.page.keyboard.press("Tab")
    expect(operator.page.get_by_role("link", name="To the content")).to_be_focused()
    link = operator.page.get_by_role("link", name="dunder", exact=True)
    for _ in range(30):
        operator.page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    expect(link).to_be_focused()
    operator.page.keyboard.press("Enter")
    expect(operator.page.get_by_role("heading", name="dunder")).to_be_focused()
    tenants.verify_sender()
    for _ in range(30):
        operator.page.keyboard.press("Tab")
        if operator.page.evaluate("document.activeElement.textContent") == "Retry":
            break
    operator.page.keyboard.press("Enter")
    expect(operator.page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_focused()
    operator.page.keyboard.press("Tab")
    operator.page.keyboard.press("Enter")
    expect(operator.page.get_by_role("status")).to_contain_text("dunder")
    tenants.wait_for("dunder", "COMPLETED")


def test_an_update_leaves_the_focus_where_it_is(viewer: Dashboard, tenants: Tenants) -> None:
    tenants.verify_sender()
    viewer.stop_clock()
    row = viewer.page.locator("table.list tbody tr a").first
    row.focus()
    focused = row.inner_text()
    tenants.emit(event("newcomer"))
    tenants.wait_for("newcomer", "COMPLETED")
    viewer.let_pass(INTERVAL_SECONDS)
    expect(viewer.row("newcomer")).to_be_visible()
    assert viewer.page.evaluate("document.activeElement.textContent") == focused
