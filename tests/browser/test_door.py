"""A first visit costs at most four requests, also where hardly any functions may run, and nothing of it is unstyled."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from playwright.sync_api import Browser, expect

from orchestrator.local.ministack import REGION
from orchestrator.local.people import let_in
from orchestrator.local.stack import LocalStack, local_stack
from tests.browser.conftest import tabs
from tests.browser.dashboard import Dashboard

MOST_REQUESTS = 4
FEW_FUNCTIONS = 2
MANY = 12
LOOK_FOR_THE_ICON = """addEventListener("DOMContentLoaded", () => {
    const icon = document.querySelector("link[rel=icon]");
    if (icon) new Image().src = icon.href;
});"""
"""Not every browser without a window does."""
WATCH_FRAMES = """const seen = window.framesSeen = [];
(function look() {
    if (document.body) seen.push(getComputedStyle(document.body).margin);
    requestAnimationFrame(look);
})();"""
"""Browsers give a page a margin, which its style takes away."""
STYLED = "0px"


@pytest.fixture(scope="module")
def small_account() -> Iterator[LocalStack]:
    """A stack where hardly any functions may run at once."""
    with local_stack(enforce_iam=True, concurrent_functions=FEW_FUNCTIONS) as stack:
        yield stack


@pytest.fixture
def first(browser: Browser, small_account: LocalStack) -> Iterator[Dashboard]:
    """A tab of a browser that was never here."""
    with tabs(browser, small_account) as new:
        dashboard = new()
        dashboard.page.add_init_script(LOOK_FOR_THE_ICON)
        dashboard.page.add_init_script(WATCH_FRAMES)
        yield dashboard


def times_run() -> int:
    """Return how often the page's function ran, by its log."""
    (function,) = (each for each in functions() if "-PageDashboard" in each["FunctionName"])
    group = function["LoggingConfig"]["LogGroup"]
    pages = boto3.client("logs", region_name=REGION).get_paginator("filter_log_events").paginate(logGroupName=group)
    return sum(event["message"].startswith("START") for page in pages for event in page["events"])


def times_throttled() -> int:
    """Return how often any function could not run, as too many did."""
    now = datetime.now(UTC)
    answers = [
        boto3.client("cloudwatch", region_name=REGION).get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="Throttles",
            Dimensions=[{"Name": "FunctionName", "Value": function["FunctionName"]}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )
        for function in functions()
    ]
    return int(sum(point["Sum"] for answer in answers for point in answer["Datapoints"]))


def functions() -> list[Any]:  # Any: what the SDK tells of each
    """Return the functions of the stack."""
    pages = boto3.client("lambda", region_name=REGION).get_paginator("list_functions").paginate()
    return [function for page in pages for function in page["Functions"]]


def frames(dashboard: Dashboard) -> set[str]:
    """Return how the page was styled, over all frames that it had."""
    return set(dashboard.page.evaluate("framesSeen"))


def test_a_first_visit_runs_few_functions_and_few_at_once(first: Dashboard, small_account: LocalStack) -> None:
    """From the address to the first picture, by the pages of the user pool and with the icon."""
    (viewer,) = (person for person in let_in(small_account) if person.group == "viewers")
    run, throttled = times_run(), times_throttled()
    first.sign_in(viewer)
    expect(first.page.locator("footer time")).to_be_visible()
    assert 3 <= times_run() - run <= MOST_REQUESTS
    assert times_throttled() == throttled
    assert frames(first) == {STYLED}


def test_more_at_once_would_be_throttled(first: Dashboard) -> None:
    """Or that nothing was would mean nothing."""
    first.open()
    expect(first.page.get_by_role("button", name="Sign in")).to_be_visible()
    throttled = times_throttled()
    asked = f"Promise.all(Array.from(Array({MANY}), () => fetch('', {{cache: 'no-store'}}))).then(all => all.length)"
    assert first.page.evaluate(asked) == MANY
    assert times_throttled() > throttled


def test_a_page_whose_parts_are_on_their_way_is_styled(first: Dashboard) -> None:
    with first.holding("/dashboard/"):
        first.page.goto(first.url, wait_until="commit")
        expect(first.page.get_by_text("Loading")).to_be_visible()
    expect(first.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert frames(first) == {STYLED}


def test_a_page_whose_parts_did_not_arrive_is_styled(first: Dashboard) -> None:
    with first.answering("/dashboard/", lambda route: route.fulfill(status=503)):
        first.open()
        expect(first.page.get_by_role("main").get_by_text("did not arrive")).to_be_visible()
        assert frames(first) == {STYLED}
