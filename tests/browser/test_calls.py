"""With 10,000 tenants the first useful picture takes three calls at most, an interval one, a hidden tab none."""

import re

from playwright.sync_api import expect

from orchestrator.local.people import Person
from tests.browser.conftest import NewTab
from tests.browser.dashboard import INTERVAL_SECONDS, MINUTE_SECONDS, Dashboard
from tests.browser.tenants import FROM_BEFORE

MOST_CALLS = 3
SHORTEST_INTERVAL_SECONDS = 3
MOST_IN_A_MINUTE = MINUTE_SECONDS // SHORTEST_INTERVAL_SECONDS
LEAST_IN_A_MINUTE = MINUTE_SECONDS // (INTERVAL_SECONDS + 1)
"""An answer may be read in the second after it came."""
WAITS_SECONDS = (2, 4, 8, 16, 32, 60, 60)
"""Between the calls of a page whose calls fail."""
PARTS = """() => performance.getEntriesByType("resource").filter(each => each.name.includes("/dashboard/"))
    .map(each => [each.name, each.transferSize])"""
"""What the browser did not have yet costs bytes."""


def calls_of(dashboard: Dashboard, seconds: int, *, at_once: int = 1) -> int:
    """Let time pass, so much of it once what was asked before is answered; return how many calls it took."""
    before = answered = len(dashboard.asked)
    for _ in range(0, seconds, at_once):
        dashboard.let_pass(at_once)
        while answered < len(dashboard.asked):
            answer = dashboard.asked[answered].response()
            assert answer
            answer.finished()
            answered += 1
    return len(dashboard.asked) - before


def test_the_first_picture_takes_at_most_three_calls(tab: NewTab, people: dict[str, Person]) -> None:
    dashboard = tab()
    dashboard.sign_in(people["viewers"])
    expect(dashboard.page.locator("table.list tbody tr")).to_have_count(25)
    assert int(dashboard.tile("All").inner_text().replace(",", "")) >= FROM_BEFORE
    assert len(dashboard.asked) <= MOST_CALLS
    assert len({request.url for request in dashboard.asked}) == 1


def test_a_second_visit_asks_for_the_page_and_for_no_part_of_it(viewer: Dashboard) -> None:
    expect(viewer.page.locator("table.list")).to_be_visible()
    viewer.page.goto("about:blank")
    viewer.open()
    expect(viewer.page.locator("table.list")).to_be_visible()
    parts = viewer.page.evaluate(PARTS)
    assert "main.js" in {name.rpartition("/")[2] for name, _ in parts}
    assert [name for name, received in parts if received] == []


def test_an_interval_costs_one_call_and_a_hidden_tab_none(viewer: Dashboard) -> None:
    viewer.stop_clock()
    expect(viewer.page.locator("table.list")).to_be_visible()
    assert calls_of(viewer, MINUTE_SECONDS) in range(LEAST_IN_A_MINUTE, MOST_IN_A_MINUTE + 1)
    viewer.visibility("hidden")
    assert calls_of(viewer, 2 * MINUTE_SECONDS, at_once=MINUTE_SECONDS) == 0
    viewer.visibility("visible")
    assert calls_of(viewer, SHORTEST_INTERVAL_SECONDS) == 1


def test_a_failing_api_is_asked_less_and_less_often(viewer: Dashboard) -> None:
    viewer.stop_clock()
    expect(viewer.page.locator("table.list")).to_be_visible()
    with viewer.answering("/onboardings", viewer.problem(503, "Try again in a moment.")):
        asked = len(viewer.asked)
        viewer.let_pass(INTERVAL_SECONDS)
        for wait in WAITS_SECONDS:
            expect(viewer.page.get_by_text(f"Next try in {wait} s.")).to_be_visible()
            viewer.let_pass(wait - 1)
            expect(viewer.page.get_by_text("Next try in 1 s.")).to_be_visible()
            asked += 1
            assert len(viewer.asked) == asked
            viewer.let_pass(1)


def test_looking_away_and_back_costs_no_call(viewer: Dashboard) -> None:
    """Not even while an answer is under way."""
    viewer.stop_clock()
    expect(viewer.page.locator("table.list")).to_be_visible()
    asked = len(viewer.asked)
    with viewer.holding("/onboardings"):
        viewer.page.get_by_role("combobox", name="Tier").select_option("silo")
        expect(viewer.page.locator("section[aria-busy=true]")).to_be_visible()
        for _ in range(4):
            viewer.visibility("hidden")
            viewer.visibility("visible")
            viewer.let_pass(1)
    expect(viewer.page.get_by_role("heading", name="All silo tenants")).to_be_visible()
    assert len(viewer.asked) == asked + 1


def test_a_tab_that_is_opened_in_the_background_asks_when_it_is_seen(viewer: Dashboard) -> None:
    viewer.stop_clock()
    expect(viewer.page.locator("table.list")).to_be_visible()
    viewer.visibility("hidden")
    asked = len(viewer.asked)
    viewer.page.evaluate("location.hash = '#/rejections'")
    expect(viewer.page).to_have_title(re.compile("^Rejected events"))
    assert calls_of(viewer, MINUTE_SECONDS, at_once=MINUTE_SECONDS) == 0
    with viewer.page.expect_request(re.compile("/rejections")):
        viewer.visibility("visible")
        viewer.let_pass(1)
    expect(viewer.page.get_by_role("heading", name="The newest first")).to_be_visible()
    assert len(viewer.asked) == asked + 1
