"""Whatever tenants, events and AWS say is text on this page, never markup or script."""

import json
import re
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.dashboard import INTERVAL_SECONDS, Dashboard
from tests.browser.tenants import Tenants, event

ATTACKS = (
    "<img src=x onerror=window.struck=1>",
    "<script>window.struck=1</script>",
    '"><svg onload=window.struck=1>',
    "javascript:window.struck=1",
    "${window.struck=1}{{window.struck=1}}",
    "<iframe srcdoc='<script>parent.struck=1</script>'>",
    "\u202e\u0000<b>&lt;&amp;",
)
OURS = {"status", "command", "nextCursor", "kind"}
"""What tells the page which of its own words to show, and what it only sends back."""
FOREIGN_ELEMENTS = "main iframe, main img, main script, main b:not(.when b), main [onerror], main [onload]"


def spoilt(document: Any, attack: str, name: str = "") -> Any:  # Any: JSON
    """Return a document in which every text that is not of our own making is an attack."""
    match document:
        case dict():
            return {key: spoilt(value, attack, key) for key, value in document.items()}
        case list():
            return [spoilt(each, attack, name) for each in document]
        case str() if name not in OURS:
            return attack
    return document


def assert_unharmed(dashboard: Dashboard, attack: str) -> None:
    """Nothing ran, nothing was made of the text, and it is there to be read."""
    shown = dashboard.page.locator("main").inner_text()
    assert attack.replace("\0", "\ufffd").split("\u202e")[-1][:20] in shown.replace("\0", "\ufffd")
    assert dashboard.page.evaluate("window.struck") is None
    assert dashboard.page.locator(FOREIGN_ELEMENTS).count() == 0
    links = dashboard.page.locator("main a").evaluate_all("links => links.map(link => link.protocol)")
    assert set(links) <= {"http:", "https:"}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("place", ["#/?status=FAILED", "#/tenants/before-00001", "#/rejections"])
def test_every_text_of_every_answer_stays_text(operator: Dashboard, place: str, attack: str) -> None:
    def answer(route: Route) -> None:
        document = route.fetch().json()
        if "rejections" in document:
            document["rejections"] = [
                {
                    "eventId": "",
                    "tenantId": "",
                    "rejectedAt": "2026-01-01T00:00:00.000Z",
                    "reasons": [{"field": "", "message": ""}],
                }
            ]
        if "onboardings" in document:
            document["holders"] = [{"kind": "host", "value": "", "tenantId": "", "state": ""}]
        if "steps" in document:
            document["executionArn"] = document["tenantName"]
            document["steps"][0] |= {
                "status": "FAILED",
                "attempts": 2,
                "startedAt": document["requestedAt"],
                "error": {"error": "", "message": ""},
            }
            document["metadata"] = {"stripeCustomer": ""}
            after = {"step": "", "error": ""}
            document["actions"] = [{"at": "", "by": "", "what": "", "attempt": 2, "after": after}]
            document["routing"] |= {"tenantCode": "", "emailDomains": [""]}
            document["failure"]["nextAction"] = ""
            document["resources"] = dict.fromkeys(document["resources"], "") | {"identityProviders": [""]}
        route.fulfill(body=json.dumps(spoilt(document, attack)), content_type="application/json")

    with operator.answering("default/(onboardings|rejections)", answer):
        operator.open(place)
        operator.page.reload()
        expect(operator.page.get_by_text("Updated")).to_be_visible()
        assert_unharmed(operator, attack)
        operator.page.get_by_role("link", name="Tenants", exact=True).hover()
        if place != "#/rejections":
            operator.page.get_by_role("button", name="Retry").last.click()
            expect(operator.page.get_by_role("dialog")).to_be_visible()
            operator.say_yes("Cancel")
        assert_unharmed(operator, attack)


def test_a_whole_rejected_event_stays_text(operator: Dashboard) -> None:
    whole = {
        "eventId": "",
        "tenantId": "",
        "reasons": [{"field": "", "message": ""}],
        "rejectedAt": "",
        "published": True,
        "raw": "",
        "rawIsCut": True,
        "rawLength": 100,
        "rawSha256": "",
        "keptUntil": "",
        "nextAction": "",
        "heldBy": [{"key": "", "tenantId": "", "status": "FAILED"}],
    }
    for number, attack in enumerate(ATTACKS):
        with operator.answering("default/rejections/", partial(Route.fulfill, json=spoilt(whole, attack))):
            operator.open(f"#/rejections/event-{number}")
            expect(operator.page.locator("footer time")).to_be_visible()
            expect(operator.page.get_by_role("region", name="As it came")).to_be_visible()
            assert_unharmed(operator, attack)


def name_second(operator: Dashboard, name: str) -> list[Locator]:
    """Give the second tenant of the list a name; return the first three tenants as they are shown."""

    def answer(route: Route) -> None:
        document = route.fetch().json()
        if "onboardings" in document:
            document["onboardings"][1]["tenantName"] = name
        route.fulfill(json=document)

    shown = operator.page.locator("table.list tbody th")
    with operator.answering("/onboardings", answer):
        operator.open("#/?status=FAILED")
        operator.page.reload()
        expect(shown.nth(1)).to_contain_text(name[:4])
    return [shown.nth(index) for index in range(3)]


def test_a_name_of_stacked_marks_paints_over_no_other_row(operator: Dashboard) -> None:
    """The rows around it stay the same to the pixel. Today's rules take no such name; one of before may be there."""
    above, _, below = name_second(operator, "Z" * 4)
    before = [above.screenshot(), below.screenshot()]
    above, _, below = name_second(operator, "Z" * 4 + "\u0301" * 150)
    assert [above.screenshot(), below.screenshot()] == before


@pytest.mark.parametrize(
    ("name", "direction"), [("W" * 200, "ltr"), ("\u05d0 " * 100, "rtl")], ids=["one word", "right to left"]
)
def test_a_long_name_takes_two_lines_in_its_own_direction(operator: Dashboard, name: str, direction: str) -> None:
    shown = name_second(operator, name)[1].locator(".name")
    style = "getComputedStyle(name)"
    line, found = shown.evaluate(f"name => [parseFloat({style}.lineHeight), {style}.direction]")
    box = shown.bounding_box()
    assert box
    assert (found, round(box["height"] / line)) == (direction, 2)


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_an_answer_to_a_click_or_a_problem_says_stays_text(operator: Dashboard, attack: str) -> None:
    operator.open("#/tenants/before-00001")
    operator.stop_clock()
    done = {"tenantId": attack, "attempt": 2, "how": "started", "message": attack}
    with operator.answering("/retry", lambda route: route.fulfill(status=202, body=json.dumps(done))):
        operator.page.get_by_role("button", name="Retry").click()
        with operator.page.expect_response(re.compile("/onboardings/before-00001$")) as shown:
            operator.say_yes("Retry")
        shown.value.finished()
        expect(operator.page.locator(".notice")).to_be_visible()
        assert_unharmed(operator, attack)
        operator.page.get_by_role("button", name="Dismiss").click()
    with operator.answering("/onboardings", operator.problem(503, attack)):
        operator.let_pass(INTERVAL_SECONDS)
        expect(operator.page.locator(".notice[data-kind=stale]")).to_be_visible()
        assert_unharmed(operator, attack)


def test_what_a_real_event_says_stays_text(viewer: Dashboard, tenants: Tenants) -> None:
    """By the bus, intake and the tables: a name, and the name of a field that there is not."""
    attack = ATTACKS[0]
    tenants.verify_sender()
    tenants.emit(event("hooli", tenantName=attack))
    tenants.wait_for("hooli", "COMPLETED")
    viewer.open("#/?search=hooli")
    expect(viewer.row("hooli")).to_contain_text(attack)
    event_id = tenants.emit({"tenantId": ATTACKS[2], ATTACKS[1]: "x"})
    viewer.page.get_by_role("link", name="Rejected events").click()
    expect(viewer.page.locator(".rejections > li").filter(has_text=event_id)).to_be_visible()
    assert viewer.page.evaluate("window.struck") is None
    assert viewer.page.locator(FOREIGN_ELEMENTS).count() == 0


def test_what_aws_says_of_a_failure_stays_text(viewer: Dashboard, tenants: Tenants) -> None:
    attack = ATTACKS[2]
    tenants.change("before-00101", failure={"step": attack, "error": attack, "message": attack, "nextAction": attack})
    viewer.open("#/tenants/before-00101")
    expect(viewer.page.get_by_role("region", name="Failed at")).to_contain_text(attack)
    assert_unharmed(viewer, attack)


@pytest.mark.parametrize("place", ["#/tenants/%3Cimg%20src%3Dx%20onerror%3Dwindow.struck%3D1%3E", "#/tenants/%E0%A4%A"])
def test_what_an_address_says_stays_text(viewer: Dashboard, place: str) -> None:
    viewer.open(place)
    expect(viewer.page.get_by_text("There is no such tenant.")).to_be_visible()
    assert viewer.page.evaluate("window.struck") is None
    assert viewer.page.locator(FOREIGN_ELEMENTS).count() == 0


def test_the_policy_lets_no_other_script_run(viewer: Dashboard) -> None:
    """Were there ever a hole, the browser itself would refuse what comes through it."""
    struck = viewer.page.evaluate(
        """async () => {
            const script = document.createElement("script");
            const said = [];
            document.addEventListener("securitypolicyviolation", event => said.push(event.effectiveDirective));
            try { script.textContent = "window.struck = 1"; } catch (error) { said.push(error.name); }
            document.body.append(script);
            const image = "<img src=x onerror=window.struck=1>";
            try { document.body.innerHTML += image; } catch (error) { said.push(error.name); }
            await fetch("https://elsewhere.example/").catch(() => {});
            await new Promise(resolve => setTimeout(resolve, 200));
            return [window.struck ?? null, [...new Set(said)].sort()];
        }"""
    )
    assert struck[0] is None
    assert {"TypeError", "connect-src", "require-trusted-types-for"} <= set(struck[1])
    viewer.complaints.clear()  # the policy's, as it should
