"""With 10,000 tenants the first useful picture takes three calls at most, an interval one, a hidden tab none."""

from playwright.sync_api import Route, expect

from orchestrator.local.people import Person
from tests.browser.conftest import NewTab
from tests.browser.dashboard import Dashboard
from tests.browser.tenants import FROM_BEFORE

MOST_CALLS = 3
MINUTE_MILLISECONDS = 60_000
SHORTEST_INTERVAL_SECONDS = 3
PARTS = """() => performance.getEntriesByType("resource").filter(each => each.name.includes("/dashboard/"))
    .map(each => [each.name, each.transferSize])"""
"""What the browser did not have yet costs bytes."""


def settled(dashboard: Dashboard) -> None:
    """Let what was asked be answered."""
    dashboard.page.wait_for_load_state("networkidle")


def test_the_first_picture_takes_at_most_three_calls(tab: NewTab, people: dict[str, Person]) -> None:
    dashboard = tab()
    dashboard.sign_in(people["viewers"])
    expect(dashboard.page.locator("table.list tbody tr")).to_have_count(25)
    assert int(dashboard.tile("All").inner_text().replace(",", "")) >= FROM_BEFORE
    assert len(dashboard.asked) <= MOST_CALLS
    assert len({request.url for request in dashboard.asked}) == 1


def test_a_second_visit_asks_for_the_page_and_for_no_part_of_it(viewer: Dashboard) -> None:
    settled(viewer)
    viewer.page.goto("about:blank")
    viewer.open()
    expect(viewer.page.locator("table.list")).to_be_visible()
    parts = viewer.page.evaluate(PARTS)
    assert len(parts) > 10
    assert [name for name, received in parts if received] == []


def test_an_interval_costs_one_call_and_a_hidden_tab_none(tab: NewTab, people: dict[str, Person]) -> None:
    dashboard = tab()
    dashboard.page.clock.install()
    dashboard.sign_in(people["viewers"])
    expect(dashboard.page.locator("table.list")).to_be_visible()
    settled(dashboard)

    def calls_of(milliseconds: int) -> int:
        before = len(dashboard.asked)
        for _ in range(milliseconds // 1000):
            dashboard.page.clock.run_for(1000)
            settled(dashboard)
        return len(dashboard.asked) - before

    assert 1 <= calls_of(MINUTE_MILLISECONDS // 2) <= 30 // SHORTEST_INTERVAL_SECONDS
    dashboard.visibility("hidden")
    settled(dashboard)
    assert calls_of(2 * MINUTE_MILLISECONDS) == 0
    with dashboard.page.expect_request(lambda request: "/onboardings" in request.url):
        dashboard.visibility("visible")
    settled(dashboard)
    assert calls_of(2000) <= 1


def test_a_failing_api_is_asked_less_and_less_often(tab: NewTab, people: dict[str, Person]) -> None:
    dashboard = tab()
    dashboard.page.clock.install()
    dashboard.sign_in(people["viewers"])
    expect(dashboard.page.locator("table.list")).to_be_visible()
    with dashboard.answering("/onboardings", dashboard.problem(503, "Try again in a moment.")):
        before = len(dashboard.asked)
        for _ in range(120):
            dashboard.page.clock.run_for(1000)
        settled(dashboard)
        assert len(dashboard.asked) - before <= 8


def test_looking_away_and_back_costs_no_call(viewer: Dashboard) -> None:
    """Not even while an answer is under way."""
    expect(viewer.page.locator("table.list")).to_be_visible()
    held: list[Route] = []
    with viewer.answering("/onboardings", lambda route: held.append(route)):  # noqa: PLW0108  # Playwright takes no builtin
        viewer.page.get_by_role("combobox", name="Tier").select_option("silo")
        viewer.page.wait_for_timeout(300)
        for _ in range(4):
            viewer.visibility("hidden")
            viewer.visibility("visible")
            viewer.page.wait_for_timeout(100)
        assert len(held) == 1
        held[0].continue_()
        expect(viewer.page.get_by_role("heading", name="All silo tenants")).to_be_visible()


def test_a_tab_that_is_opened_in_the_background_asks_when_it_is_seen(viewer: Dashboard) -> None:
    expect(viewer.page.locator("table.list")).to_be_visible()
    viewer.visibility("hidden")
    settled(viewer)
    asked = len(viewer.asked)
    viewer.page.evaluate("location.hash = '#/rejections'")
    viewer.page.wait_for_timeout(500)
    assert len(viewer.asked) == asked
    viewer.visibility("visible")
    expect(viewer.page.get_by_role("heading", name="Rejected events")).to_be_visible()
    assert len(viewer.asked) == asked + 1
