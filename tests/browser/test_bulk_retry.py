"""An operator retries what a list shows: counted and asked first, at a pace, to be stopped, and told of one by one."""

import re

from playwright.sync_api import Locator, Route, expect

from orchestrator.operations.bulk_retries import A_SECOND
from tests.browser.dashboard import Dashboard
from tests.browser.tenants import FAILURE, Tenants

PLACE = "#/?status=FAILED&search=before-09{}"
EACH_SECONDS = 1 / A_SECOND


def ask(operator: Dashboard, hundred: int) -> Locator:
    """Go to the two of a hundred tenants that FAILED, ask for all of them, and return the question."""
    operator.open(PLACE.format(hundred))
    expect(operator.row(f"before-09{hundred}01")).to_be_visible()
    operator.page.get_by_role("button", name="Retry all of these").click()
    question = operator.page.get_by_role("dialog")
    expect(question.get_by_role("heading", name="Retry 2 tenants?")).to_be_visible()
    return question


def retried(operator: Dashboard) -> list[str]:
    """Return which tenants were asked to be retried, in their order."""
    return [
        request.url.partition("/onboardings/")[2].partition("/retry")[0]
        for request in operator.asked
        if request.method == "POST"
    ]


def report(operator: Dashboard) -> Locator:
    return operator.page.locator("section.report")


def accept(route: Route) -> None:
    route.fulfill(status=202, json={"tenantId": "x", "attempt": 2, "how": "started", "message": "attempt 2 started"})


def test_all_that_a_list_shows_go_on(operator: Dashboard, tenants: Tenants) -> None:
    tenants.fail("bulky-one")
    tenants.fail("bulky-two")
    tenants.verify_sender()
    operator.open("#/?status=FAILED&search=bulky")
    operator.page.get_by_role("button", name="Retry all of these").click()
    operator.say_yes("Retry 2")
    expect(report(operator)).to_contain_text("2 retries started")
    expect(report(operator)).to_contain_text("The list shows how they end.")
    report(operator).get_by_text("Started: 2").click()
    expect(report(operator)).to_contain_text("bulky-one attempt 2 started")
    for tenant_id in ("bulky-one", "bulky-two"):
        tenants.wait_for(tenant_id, "COMPLETED")


def test_they_are_counted_first_and_nothing_is_done_without_a_yes(operator: Dashboard, tenants: Tenants) -> None:
    """Whoever needs another command than a retry is not among them."""
    tenants.change("before-09901", failure={**FAILURE, "command": "abandon", "step": "RemoveTenantGroup"})
    operator.open(PLACE.format(9))
    operator.page.get_by_role("button", name="Retry all of these").click()
    question = operator.page.get_by_role("dialog")
    expect(question).to_contain_text("Retry 1 tenant?")
    expect(question).to_contain_text("1 other needs another command")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    operator.say_yes("Cancel")
    expect(question).to_have_count(0)
    expect(report(operator)).to_have_count(0)
    assert retried(operator) == []


def test_each_is_tried_once_at_the_commands_pace_and_told_of_with_its_reason(operator: Dashboard) -> None:
    """Those that failed first before the others; a step is done again where the failure says so."""
    operator.stop_clock()
    refuse = operator.problem(409, "before-09801: is IN_PROGRESS; only a FAILED tenant can be retried.")
    with operator.answering("before-09801/retry", refuse), operator.page.expect_response("**/before-09802/retry"):
        operator.page.route(re.compile("before-09802/retry"), accept)
        ask(operator, 8)
        operator.say_yes("Retry 2")
        expect(report(operator)).to_contain_text("1 of 2 tried")
        expect(operator.page.get_by_role("button", name="Retry all of these")).to_have_count(0)
        operator.let_pass(EACH_SECONDS * 0.9)
        assert retried(operator) == ["before-09802"]
        operator.let_pass(EACH_SECONDS * 0.1)
        expect(report(operator)).to_contain_text("2 of 2 tried")
    assert retried(operator) == ["before-09802", "before-09801"]
    expect(report(operator).get_by_role("heading")).to_have_text("1 retry started")
    refused = report(operator).get_by_role("list", name="Refused")
    expect(refused).to_have_text(re.compile("before-09801 +is IN_PROGRESS; only a FAILED tenant can be retried."))
    operator.page.get_by_role("button", name="Close the report").click()
    expect(report(operator)).to_have_count(0)


def test_who_stops_leaves_the_others_as_they_were_and_keeps_the_report(operator: Dashboard) -> None:
    operator.stop_clock()
    with operator.answering("/retry", accept):
        ask(operator, 7)
        operator.say_yes("Retry 2")
        expect(report(operator)).to_contain_text("1 of 2 tried")
        report(operator).get_by_role("button", name="Stop").click()
        operator.page.get_by_role("link", name="Rejected events").click()
        operator.let_pass(10 * EACH_SECONDS)
    expect(report(operator)).to_contain_text("1 of 2 tried. Stopped. The others are as they were.")
    assert retried(operator) == ["before-09702"]


def test_it_stops_by_itself_where_nothing_can_be_asked(operator: Dashboard) -> None:
    operator.stop_clock()
    with operator.answering("/retry", lambda route: route.abort("internetdisconnected")):
        ask(operator, 6)
        operator.say_yes("Retry 2")
        expect(report(operator)).to_contain_text("The others are as they were.")
        operator.let_pass(10 * EACH_SECONDS)
    expect(report(operator).get_by_role("list", name="Failed")).to_contain_text("The status API cannot be reached.")
    assert retried(operator) == ["before-09602"]


def test_viewers_and_other_lists_have_no_such_button(viewer: Dashboard, operator: Dashboard) -> None:
    for dashboard, place in ((viewer, PLACE.format(5)), (operator, "#/?search=before-095")):
        dashboard.open(place)
        expect(dashboard.row("before-09501")).to_be_visible()
        expect(dashboard.page.get_by_role("button", name="Retry all of these")).to_have_count(0)
