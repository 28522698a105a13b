"""The page tells how tenants stand as it changes, finds the one that is looked for, and says when it does not know."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import NewTab
from tests.browser.dashboard import INTERVAL_SECONDS, MINUTE_SECONDS, Dashboard
from tests.browser.tenants import Tenants, event
from tests.unit.tenant_onboarding.saml_documents import Shape, certificate
from tests.unit.tenant_onboarding.sample_providers import SAML_DOCUMENT

TYPING_SECONDS = 0.5
"""Longer than the page waits for the next letter."""


def test_a_tenant_appears_and_is_completed_without_a_reload(viewer: Dashboard, tenants: Tenants) -> None:
    tenants.verify_sender()
    expect(viewer.tile("All")).to_have_text(re.compile(r"^10,\d{3}$"))
    completed = int(viewer.tile("Completed").inner_text().replace(",", ""))
    viewer.page.evaluate("window.sameDocument = true")
    tenants.emit(event("stark", tier="bridge"))
    expect(viewer.row("stark")).to_be_visible()
    expect(viewer.row("stark")).to_contain_text("Completed")
    expect(viewer.tile("Completed")).to_have_text(f"{completed + 1:,}")
    assert viewer.page.evaluate("window.sameDocument") is True


def test_a_tenants_page_follows_its_steps_to_the_end(viewer: Dashboard, tenants: Tenants) -> None:
    tenants.verify_sender()
    with tenants.claimed("wayne", tier="silo", metadata={"stripeCustomer": "cus_NffrFeUfNV2Hib"}):
        tenants.wait_for("wayne", "PENDING")
        viewer.open("#/tenants/wayne")
        expect(viewer.status()).to_have_text(re.compile("Pending$"))
    steps = viewer.page.locator(".timeline li")
    expect(viewer.status()).to_have_text(re.compile("Completed$"))
    expect(steps.filter(has_text="CreateUserPool")).to_contain_text("Done")
    expect(steps.last).to_contain_text("CompleteOnboarding")
    expect(steps.last).to_contain_text("Done")
    expect(viewer.page.get_by_text("cus_NffrFeUfNV2Hib", exact=True)).to_be_visible()
    page = tenants.wait_for("wayne", "COMPLETED")
    expect(viewer.page.get_by_text(page["resources"]["userPoolId"], exact=True)).to_be_visible()
    console = viewer.page.get_by_role("link", name="in the AWS console")
    address = "https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/"
    assert console.get_attribute("href") == address + page["executionArn"]


def test_a_tenant_goes_from_pending_to_completed_before_ones_eyes(viewer: Dashboard, tenants: Tenants) -> None:
    tenants.verify_sender()
    with tenants.claimed("umbrella"):
        expect(viewer.row("umbrella")).to_contain_text("Pending")
        viewer.page.evaluate("window.sameDocument = true")
    expect(viewer.row("umbrella")).to_contain_text("Completed")
    assert viewer.page.evaluate("window.sameDocument") is True


def test_a_welcome_email_that_came_back_is_seen_with_what_to_do(viewer: Dashboard, tenants: Tenants) -> None:
    tenants.bounce("returned")
    viewer.open("#/tenants/returned")
    email = viewer.page.locator("section").filter(has=viewer.page.get_by_role("heading", name="Welcome email"))
    expect(email).to_contain_text("Bounced")
    expect(email).to_contain_text("Permanent General 5.1.1 550")
    expect(email).to_contain_text("onboard resend-welcome returned")
    expect(viewer.status()).to_have_text(re.compile("Completed$"))
    assert "recipient@example.com" not in viewer.page.content()


def test_what_is_odd_about_an_accepted_event_is_seen_as_a_warning(viewer: Dashboard, tenants: Tenants) -> None:
    """Of two certificates in its document one has ended."""
    tenants.verify_sender()
    document = Shape(certificates=[certificate(-365, -1), certificate(-1, 365)]).document()
    provider = SAML_DOCUMENT | {"metadataDocument": document}
    tenants.emit(event("oscorp", tier="silo", identityProviders=[provider]))
    tenants.emit(event("vandelay"))
    page = tenants.wait_for("oscorp", "COMPLETED")
    viewer.open("#/tenants/oscorp")
    seen = viewer.page.locator("section").filter(has=viewer.page.get_by_role("heading", name="Warnings"))
    (warning,) = page["warnings"]
    expect(seen).to_contain_text(warning["field"])
    expect(seen).to_contain_text(warning["message"])
    tenants.wait_for("vandelay", "COMPLETED")
    viewer.open("#/tenants/vandelay")
    expect(viewer.page.get_by_role("heading", name="Made for it")).to_be_visible()
    expect(viewer.page.get_by_role("heading", name="Warnings")).to_have_count(0)


def test_what_was_done_to_a_tenant_is_told_the_last_act_first(viewer: Dashboard) -> None:
    """By whom, and which failure it answered."""
    after = {"step": "SendWelcomeEmail", "error": "ConfigurationError"}
    retry = {"at": "2026-01-01T10:00:00.000Z", "by": "operator/0f1e2d3c", "what": "retry", "attempt": 2, "after": after}
    resend = retry | {"what": "resend-welcome", "by": None, "after": None}

    def answer(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | {"actions": [retry, resend]})

    with viewer.answering("/onboardings/before-00003", answer):
        viewer.open("#/tenants/before-00003")
        acts = viewer.page.locator(".acts-done li")
        expect(acts).to_have_count(2)
        expect(acts.first).to_contain_text("resend-welcome")
        for told in ("retry", "attempt 2", "by operator/0f1e2d3c", "after SendWelcomeEmail ConfigurationError"):
            expect(acts.last).to_contain_text(told)


def test_times_are_the_readers_own_with_utc_on_hover(viewer: Dashboard) -> None:
    viewer.open("#/tenants/before-00003")
    expect(viewer.status()).to_be_visible()
    moment = viewer.page.locator("dd time").first
    utc = moment.get_attribute("datetime") or ""
    assert moment.get_attribute("title") == f"{utc[:10]} {utc[11:23]} UTC"
    berlin = viewer.page.evaluate(
        """utc => new Intl.DateTimeFormat("en-GB", {timeStyle: "medium", timeZone: "Europe/Berlin"})
            .format(new Date(utc))""",
        utc,
    )
    assert berlin in moment.inner_text()


def test_filters_and_search_find_a_tenant_and_are_in_the_address(viewer: Dashboard) -> None:
    viewer.page.get_by_role("combobox", name="Status").select_option("FAILED")
    expect(viewer.row("before-00001")).to_be_visible()
    expect(viewer.row("before-00003")).to_have_count(0)
    viewer.page.get_by_label("Search").fill("Before-0990")
    expect(viewer.row("before-09901")).to_be_visible()
    expect(viewer.page.locator("table.list tbody tr")).to_have_count(2)
    viewer.page.get_by_role("combobox", name="Status").select_option("")
    expect(viewer.page.locator("table.list tbody tr")).to_have_count(10)
    viewer.page.get_by_role("combobox", name="Tier").select_option("silo")
    expect(viewer.row("before-09902")).to_be_visible()
    expect(viewer.row("before-09901")).to_have_count(0)
    assert viewer.page.url.endswith("#/?search=before-0990&tier=silo")
    viewer.page.reload()
    expect(viewer.page.get_by_label("Search")).to_have_value("before-0990")
    expect(viewer.row("before-09902")).to_be_visible()
    viewer.page.get_by_label("Search").fill("nobody")
    expect(viewer.page.get_by_text("No such tenant.")).to_be_visible()
    viewer.page.get_by_label("Search").fill("nobody.example")
    expect(viewer.page.get_by_text("No tenant has this host, or has verified this email domain.")).to_be_visible()
    viewer.page.get_by_role("link", name="Show all").click()
    expect(viewer.page.locator("table.list tbody tr")).to_have_count(25)


def test_a_tenant_is_found_by_what_leads_to_it(viewer: Dashboard, tenants: Tenants) -> None:
    tenants.verify_sender()
    tenants.emit(event("primatech", routing={"subdomain": "paper", "tenantCode": "PT-1"}))
    tenants.wait_for("primatech", "COMPLETED")
    holder = viewer.page.locator(".held")
    viewer.page.get_by_label("Search").fill("Paper.app.example")
    expect(viewer.row("primatech")).to_be_visible()
    expect(holder).to_have_text("paper.app.example is the host of primatech.")
    viewer.page.get_by_label("Search").fill("pt-1")
    expect(holder).to_have_text("PT-1 is the tenant code of primatech.")
    expect(viewer.row("primatech")).to_be_visible()
    holder.get_by_role("link", name="primatech").click()
    routing = viewer.page.locator("section").filter(has=viewer.page.get_by_role("heading", name="What leads to it"))
    expect(routing).to_contain_text("paper.app.example")
    expect(routing).to_contain_text("PT-1")


def test_tiles_lead_to_the_tenants_that_they_count(viewer: Dashboard) -> None:
    viewer.page.locator(".tile").filter(has_text="Abandoned").click()
    expect(viewer.page.get_by_role("heading", name="Abandoned tenants")).to_be_visible()
    expect(viewer.row("before-00000")).to_be_visible()
    expect(viewer.row("before-00001")).to_have_count(0)


def failed_tenants(dashboard: Dashboard) -> None:
    """Go to the list of tenants that failed; some of them are in the list of all as well."""
    dashboard.open("#/?status=FAILED")
    expect(dashboard.page.get_by_role("heading", name="Failed tenants")).to_be_visible()
    expect(dashboard.row("before-00001")).to_be_visible()


def test_pages_of_the_list_follow_each_other_and_lead_back(viewer: Dashboard) -> None:
    failed_tenants(viewer)
    viewer.page.get_by_role("button", name="More").click()
    expect(viewer.page.get_by_text("Page 2")).to_be_visible()
    expect(viewer.row("before-00001")).to_have_count(0)
    viewer.page.get_by_role("button", name="Back").click()
    expect(viewer.row("before-00001")).to_be_visible()


def test_the_figures_say_what_fails_how_full_it_is_and_how_long_it_takes(viewer: Dashboard, tenants: Tenants) -> None:
    tenants.verify_sender()
    tenants.emit(event("cyberdyne"))
    tenants.wait_for("cyberdyne", "COMPLETED")
    viewer.page.reload()
    figures = viewer.page.get_by_role("complementary", name="Figures")
    expect(figures).to_contain_text("CreateTenantGroup QuotaExceededError")
    expect(figures).to_contain_text("200")
    expect(figures.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile(r"^\d+ tenants? completed since \d\d:00")
    )
    expect(figures).to_contain_text(re.compile(r"groups\s*\d+ of 10,000"))
    expect(figures).to_contain_text("median")


def test_rejected_events_are_listed_with_every_reason(viewer: Dashboard, tenants: Tenants) -> None:
    """To a viewer not whole, as they name people."""
    event_id = tenants.emit(event("weyland", tier="castle", colour="red"))
    viewer.page.get_by_role("link", name="Rejected events").click()
    rejection = viewer.page.locator(".rejections > li").filter(has_text=event_id)
    expect(rejection).to_contain_text("weyland")
    expect(rejection).to_contain_text("colour")
    expect(rejection).to_contain_text("tier")
    expect(rejection.get_by_role("link")).to_have_count(0)
    viewer.open(f"#/rejections/{event_id}?tenant=weyland")
    expect(viewer.page.get_by_text("This needs a member of the group operators")).to_be_visible()
    assert "admin@weyland.example" not in viewer.page.content()


def test_an_operator_looks_at_a_whole_rejected_event_once(operator: Dashboard, tenants: Tenants) -> None:
    """Who holds what it wants is said too. It never changes, so it is not asked for again."""
    event_id = tenants.emit(event("nakatomi", routing={"subdomain": "shop-pool"}, colour="red"))
    operator.open("#/rejections")
    expect(operator.page.get_by_role("link", name=event_id)).to_be_visible()
    operator.stop_clock()
    operator.page.get_by_role("link", name=event_id).click()
    event_as_it_came = operator.page.get_by_role("region", name="As it came")
    expect(event_as_it_came).to_contain_text('"email": "admin@nakatomi.example"')
    expect(operator.page.get_by_role("region", name="Why")).to_contain_text("is not a field of this event")
    expect(operator.page.get_by_role("heading", level=1)).to_be_focused()
    asked = len(operator.asked)
    operator.let_pass(MINUTE_SECONDS)
    assert len(operator.asked) == asked


def test_a_reasons_field_covers_no_text_beside_it(operator: Dashboard, tenants: Tenants) -> None:
    """Fields are paths, and the keys in them are as long as whoever sent the event chose."""
    operator.page.set_viewport_size({"width": 1280, "height": 800})
    provider = {"name": "Sso", "type": "SAML", "metadataUrl": "http://login.example"}
    wrong = event("umbrella", tier="silo", identityProviders=[provider], **{"x" * 60: 1})
    event_id = tenants.emit(wrong)
    operator.open("#/rejections")
    assert_no_field_covers(operator)
    operator.page.get_by_role("link", name=event_id).click()
    expect(operator.page.get_by_role("region", name="Why")).to_be_visible()
    assert_no_field_covers(operator)


def assert_no_field_covers(operator: Dashboard) -> None:
    """Assert that no field of the reasons is wider than its column."""
    found = operator.page.locator("dl.pairs").filter(has_text="identityProviders[0].metadataUrl").first.locator("dt")
    expect(found.first).to_be_visible()
    assert found.evaluate_all("all => all.filter(each => each.scrollWidth > each.clientWidth).length") == 0


@pytest.mark.parametrize(("name", "calls"), [("nobody-here", 1), ("summary", 0), ("..", 0), ("%E0%A4%A", 0)])
def test_an_unknown_tenant_is_said_to_be_unknown(viewer: Dashboard, name: str, calls: int) -> None:
    viewer.stop_clock()
    expect(viewer.first_row()).to_be_visible()
    before = len(viewer.asked)
    viewer.page.evaluate("hash => { location.hash = hash }", f"#/tenants/{name}")
    expect(viewer.page.get_by_text("There is no such tenant.")).to_be_visible()
    expect(viewer.page.get_by_role("heading", level=1)).to_be_focused()
    viewer.let_pass(MINUTE_SECONDS)
    assert len(viewer.asked) == before + calls


def test_before_the_first_tenant_it_says_how_one_comes(viewer: Dashboard) -> None:
    def nobody(route: Route) -> None:
        answer = route.fetch()
        page = answer.json()
        page["summary"]["tenants"] = {
            status: dict.fromkeys(tiers, 0) for status, tiers in page["summary"]["tenants"].items()
        }
        page["summary"] |= {"total": 0, "failures": [], "sharedPools": [], "oldestInProgress": None}
        page["summary"]["durations"] |= {"tenants": 0, "p50Seconds": None, "p95Seconds": None, "maxSeconds": None}
        route.fulfill(json=page | {"onboardings": [], "nextCursor": None})

    with viewer.answering("/onboardings", nobody):
        viewer.page.reload()
        expect(viewer.page.get_by_text("onboard emit examples/events/01-acme.json")).to_be_visible()
        expect(viewer.page.get_by_text("None is open yet.")).to_be_visible()


def test_while_it_loads_it_says_so(viewer: Dashboard) -> None:
    with viewer.holding("/onboardings"):
        viewer.page.reload()
        expect(viewer.page.locator("p[aria-busy=true]")).to_have_text("Loading …")
        expect(viewer.page.locator("table.list")).to_have_count(0)
    expect(viewer.page.locator("table.list")).to_be_visible()
    expect(viewer.page.locator("[aria-busy=true]")).to_have_count(0)


def test_what_can_no_longer_be_updated_stays_in_sight_and_is_said_to_be_old(viewer: Dashboard) -> None:
    viewer.stop_clock()
    expect(viewer.page.locator("table.list")).to_be_visible()
    with viewer.answering("/onboardings", viewer.problem(503, "Try again in a moment.", **{"Retry-After": "7"})):
        viewer.let_pass(INTERVAL_SECONDS)
        alert = viewer.page.get_by_role("alert").filter(has_text="Try again in a moment.")
        expect(alert).to_contain_text("This is how it was at")
        expect(viewer.page.get_by_text("Next try in 7 s.")).to_be_visible()
        expect(viewer.page.locator("table.list")).to_be_visible()
    viewer.page.get_by_role("button", name="Try now").click()
    expect(alert).to_have_count(0)


def test_without_a_network_it_says_that_the_api_cannot_be_reached(viewer: Dashboard) -> None:
    viewer.stop_clock()
    expect(viewer.page.locator("table.list")).to_be_visible()
    with viewer.answering("/onboardings", lambda route: route.abort("internetdisconnected")):
        viewer.let_pass(INTERVAL_SECONDS)
        alert = viewer.page.get_by_role("alert").filter(has_text="The status API cannot be reached.")
        expect(alert).to_be_visible()
    viewer.page.get_by_role("button", name="Try now").click()
    expect(alert).to_have_count(0)


def test_a_page_from_before_a_deployment_still_works(tab: NewTab) -> None:
    """Its parts are in the browser's cache; those of a name that is no longer there are answered with 404."""
    dashboard = tab()
    answer = dashboard.page.request.get(f"{dashboard.url}dashboard/000000000000/main.js")
    assert (answer.status, answer.headers["cache-control"]) == (404, "no-store")


def test_a_script_that_does_not_arrive_is_asked_for_again(tab: NewTab) -> None:
    """Functions are throttled where an account has few of them; without its script the page would stay empty."""
    dashboard, lost = tab(), set[str]()

    def lose(route: Route) -> None:
        lost.add(re.sub(r".*/dashboard/\w+/", "", route.request.url))
        route.fulfill(status=503, json={"message": "Service Unavailable"})

    dashboard.stop_clock()
    with dashboard.answering("/dashboard/", lose):  # all the while: a browser may ask twice for what it loads ahead
        dashboard.open()
        expect(dashboard.page.get_by_text("did not arrive")).to_be_visible()
    dashboard.let_pass(2)
    expect(dashboard.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert lost - {"icon.svg"} == {"main.js"}  # not every browser asks for the icon


def test_until_another_list_is_there_the_old_one_keeps_its_name(viewer: Dashboard) -> None:
    expect(viewer.first_row()).to_be_visible()
    with viewer.holding("status=FAILED"):
        viewer.page.get_by_role("combobox", name="Status").select_option("FAILED")
        expect(viewer.page.locator("section[aria-busy=true]")).to_be_visible()
        expect(viewer.page.get_by_role("heading", name="All tenants")).to_be_visible()
        expect(viewer.page.get_by_role("button", name="More")).to_be_disabled()
    expect(viewer.page.get_by_role("heading", name="Failed tenants")).to_be_visible()
    expect(viewer.row("before-00001")).to_be_visible()


def test_a_second_click_turns_no_second_page(viewer: Dashboard) -> None:
    failed_tenants(viewer)
    with viewer.holding("cursor="):
        viewer.page.get_by_role("button", name="More").dblclick()
    expect(viewer.page.get_by_text("Page 2")).to_be_visible()
    viewer.page.get_by_role("button", name="Back").click()
    expect(viewer.page.get_by_text("Page 1")).to_be_visible()
    expect(viewer.row("before-00001")).to_be_visible()
    expect(viewer.page.get_by_role("heading", name="Failed tenants")).to_be_focused()


def test_what_can_never_be_found_is_said_once(viewer: Dashboard) -> None:
    viewer.stop_clock()
    expect(viewer.first_row()).to_be_visible()
    viewer.page.get_by_label("Search").fill("acme inc")
    viewer.let_pass(TYPING_SECONDS)
    alert = viewer.page.get_by_role("alert").filter(has_text="search")
    expect(alert).to_be_visible()
    expect(viewer.page.get_by_text("Next try in")).to_have_count(0)
    asked = len(viewer.asked)
    viewer.let_pass(MINUTE_SECONDS)
    assert len(viewer.asked) == asked
    viewer.page.get_by_role("link", name="Show all tenants").click()
    expect(viewer.first_row()).to_be_visible()


def test_a_page_of_the_list_that_is_no_longer_one_leads_to_the_first(viewer: Dashboard) -> None:
    viewer.stop_clock()
    failed_tenants(viewer)
    first_page = re.compile(r"/onboardings\?(?!.*cursor=)")
    with (
        viewer.answering("cursor=", viewer.problem(400, "cursor is not of this list.")),
        viewer.page.expect_response(first_page),
    ):
        viewer.page.get_by_role("button", name="More").click()
    expect(viewer.page.get_by_role("button", name="More")).to_be_enabled()
    expect(viewer.page.get_by_text("Page 1")).to_be_visible()
    expect(viewer.row("before-00001")).to_be_visible()


def test_who_clicks_while_typing_gets_where_they_clicked(viewer: Dashboard) -> None:
    viewer.stop_clock()
    failed_tenants(viewer)
    viewer.page.get_by_label("Search").press_sequentially("be")
    viewer.page.get_by_role("link", name="before-00001", exact=True).click()
    expect(viewer.page.get_by_role("heading", name="before-00001")).to_be_visible()
    viewer.let_pass(TYPING_SECONDS)
    assert viewer.page.url.endswith("#/tenants/before-00001")
    expect(viewer.page.get_by_role("heading", name="before-00001")).to_be_visible()


@pytest.mark.parametrize("place", ["#/?status=constructor", "#/?tier=__proto__", "#/?status=FOO"])
def test_a_filter_that_there_is_not_is_none(viewer: Dashboard, place: str) -> None:
    viewer.stop_clock()
    expect(viewer.first_row()).to_be_visible()
    with viewer.page.expect_response(re.compile("/onboardings")) as answer:
        viewer.page.evaluate("hash => { location.hash = hash }", place)
    assert answer.value.status == 200
    expect(viewer.page.locator("section[aria-busy=false]")).to_be_visible()
    expect(viewer.page.get_by_role("heading", name="All tenants")).to_be_visible()
    expect(viewer.first_row()).to_be_visible()
