"""Who signs in through the operators' user pool stays signed in for as long as they may, and no longer."""

import json
import re
from typing import Any

import boto3
import pytest
from playwright.sync_api import Route, expect

from orchestrator.cli.operators import sign_in
from orchestrator.local.people import Person
from orchestrator.operations import deployment
from tests.browser.conftest import NewTab
from tests.browser.dashboard import MINUTE_SECONDS, TOKENS, Dashboard

HOUR_MILLISECONDS = 3_600_000
REVOKE_SECONDS = 2


@pytest.fixture
def viewer(tab: NewTab, people: dict[str, Person]) -> Dashboard:
    """The dashboard of somebody who has just signed in."""
    dashboard = tab()
    dashboard.sign_in(people["viewers"])
    return dashboard


def tokens(dashboard: Dashboard) -> Any:  # Any: JSON
    """Return what the tab keeps."""
    return json.loads(dashboard.page.evaluate(f"sessionStorage.getItem('{TOKENS}')"))


def test_nothing_is_asked_of_the_api_before_somebody_signs_in(tab: NewTab) -> None:
    dashboard = tab()
    dashboard.open()
    expect(dashboard.page.get_by_role("button", name="Sign in")).to_be_enabled()
    assert dashboard.asked == []


def test_who_signs_in_is_led_back_to_where_they_wanted_to_be(tab: NewTab, people: dict[str, Person]) -> None:
    dashboard = tab()
    dashboard.sign_in(people["viewers"], "#/tenants/before-00003")
    expect(dashboard.page.get_by_role("heading", name="before-00003")).to_be_visible()
    expect(dashboard.page.get_by_text("viewer@ops.example")).to_be_visible()
    assert "code=" not in dashboard.page.url


def test_a_reload_needs_no_new_sign_in_and_another_tab_does(viewer: Dashboard, tab: NewTab) -> None:
    viewer.page.reload()
    expect(viewer.tile("All")).to_have_text(re.compile(r"^10,\d{3}$"))
    assert viewer.page.evaluate("Object.keys(localStorage).length + document.cookie.length") == 0
    other = viewer.page.context.new_page()
    other.goto(viewer.url)
    expect(other.get_by_role("button", name="Sign in")).to_be_visible()


def test_sign_out_forgets_the_tokens_and_ends_the_session_of_the_user_pool(viewer: Dashboard) -> None:
    with viewer.page.expect_request(re.compile("/logout")) as logout:
        viewer.sign_out()
    assert "logout_uri=" in logout.value.url
    assert viewer.page.evaluate("sessionStorage.length") == 0
    asked = len(viewer.asked)
    viewer.page.reload()
    expect(viewer.page.get_by_role("button", name="Sign in")).to_be_enabled()
    assert len(viewer.asked) == asked


def test_a_token_is_renewed_before_it_runs_out_and_nobody_notices(tab: NewTab, people: dict[str, Person]) -> None:
    """The local AWS forgets the groups when it renews a token, so a real one of another sign-in is given instead."""
    dashboard, person = tab(), people["operators"]
    dashboard.page.clock.install()
    dashboard.sign_in(person)
    expect(dashboard.page.locator("table.list")).to_be_visible()
    outputs = deployment.outputs()
    pool, client = outputs["OperatorsUserPoolId"], outputs["OperatorsClientId"]
    fresh = sign_in(boto3.client("cognito-idp"), pool, client, person.email, lambda _: person.password)
    before, renewals = tokens(dashboard), list[str]()
    bearer = f"Bearer {fresh['AccessToken']}"

    def renew(route: Route) -> None:
        renewals.append(route.request.post_data or "")
        answer = {"access_token": fresh["AccessToken"], "token_type": "Bearer", "expires_in": 7_200}
        route.fulfill(json=answer)

    with dashboard.answering("/oauth2/token", renew):
        with dashboard.page.expect_response(
            lambda answer: answer.request.headers.get("authorization") == bearer
        ) as answer:
            dashboard.page.clock.fast_forward(HOUR_MILLISECONDS)
        assert answer.value.status == 200
        expect(dashboard.page.get_by_text("operator@ops.example")).to_be_visible()
    (renewal,) = renewals
    assert f"refresh_token={before['refresh']}" in renewal
    assert "grant_type=refresh_token" in renewal
    assert tokens(dashboard)["refresh"] == before["refresh"]


def test_a_token_that_cannot_be_renewed_leads_back_to_the_door(tab: NewTab, people: dict[str, Person]) -> None:
    dashboard = tab()
    dashboard.page.clock.install()
    dashboard.sign_in(people["viewers"])
    refusal = {"error": "invalid_grant"}
    with dashboard.answering("/oauth2/token", lambda route: route.fulfill(status=400, json=refusal)):
        dashboard.page.clock.fast_forward(HOUR_MILLISECONDS)
        expect(dashboard.page.get_by_role("alert").filter(has_text="Your sign-in has run out")).to_be_visible()
    assert dashboard.page.evaluate("sessionStorage.length") == 0


def test_a_token_that_the_api_refuses_is_renewed_once_and_no_more(viewer: Dashboard) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=401, json={"message": "Unauthorized"})

    asked = len(viewer.asked)
    with viewer.answering("/onboardings", refuse):
        viewer.open("#/?status=FAILED")
        expect(viewer.page.get_by_role("alert").filter(has_text="Your sign-in has run out")).to_be_visible()
    assert len(viewer.asked) == asked + 2


@pytest.mark.parametrize("query", ["?code=stolen&state=of-somebody-else", "?code=x", "?error=access_denied&state=x"])
def test_a_code_that_this_tab_did_not_ask_for_is_refused(query: str, tab: NewTab) -> None:
    dashboard = tab()
    dashboard.open(query)
    expect(dashboard.page.get_by_role("alert")).to_contain_text("Signing in did not work")
    assert "code=" not in dashboard.page.url
    assert [request.url for request in dashboard.sent if "/oauth2/token" in request.url] == []
    dashboard.complaints.clear()  # the page logs why


def test_sign_in_asks_by_code_and_pkce_and_for_no_more_than_it_needs(tab: NewTab) -> None:
    dashboard = tab()
    dashboard.open()
    with dashboard.page.expect_request(re.compile("/oauth2/authorize")) as asked:
        dashboard.page.get_by_role("button", name="Sign in").click()
    query = asked.value.url.split("?")[1]
    for part in ("response_type=code", "code_challenge_method=S256", "code_challenge=", "state=", "nonce="):
        assert part in query
    assert "scope=openid+email" in query


def test_whoever_is_in_no_group_is_told_so(viewer: Dashboard) -> None:
    detail = "This needs a member of the group viewers or operators; yours are read when you sign in."
    with viewer.answering("/onboardings", viewer.problem(403, detail)):
        viewer.stop_clock()
        expect(viewer.page.get_by_role("alert").filter(has_text=detail)).to_be_visible()
        asked = len(viewer.asked)
        viewer.let_pass(2 * MINUTE_SECONDS)
        assert len(viewer.asked) == asked
        viewer.sign_out("Sign out, to sign in anew")


@pytest.mark.parametrize("pages", [1, 2])
def test_after_signing_out_back_shows_nothing(pages: int, people: dict[str, Person], remembering: NewTab) -> None:
    """The browser keeps pages as they were left, also those of before the signing out, and shows them again."""
    dashboard = remembering()
    dashboard.sign_in(people["operators"])
    expect(dashboard.page.locator("table.list")).to_be_visible()
    dashboard.page.evaluate("window.asLeft = true")
    dashboard.open("?once-more")
    expect(dashboard.page.locator("table.list")).to_be_visible()
    dashboard.page.evaluate("window.asLeft = true")
    dashboard.sign_out()
    dashboard.back(pages)
    expect(dashboard.page.get_by_role("button", name="Sign in")).to_be_enabled()
    assert dashboard.page.url.startswith(dashboard.url)
    assert dashboard.page.evaluate("window.asLeft") is True
    expect(dashboard.page.locator("table.list")).to_have_count(0)
    expect(dashboard.page.get_by_text("operator@ops.example")).to_have_count(0)


def test_back_from_the_sign_in_page_one_can_sign_in_again(remembering: NewTab) -> None:
    dashboard = remembering()
    dashboard.open()
    dashboard.page.evaluate("window.asLeft = true")
    dashboard.page.get_by_role("button", name="Sign in").click()
    expect(dashboard.page.locator("input[name=password]")).to_be_visible()
    dashboard.back()
    expect(dashboard.page.get_by_role("button", name="Sign in")).to_be_enabled()
    assert dashboard.page.url.startswith(dashboard.url)
    assert dashboard.page.evaluate("window.asLeft") is True


def test_signing_out_waits_for_no_answer(viewer: Dashboard) -> None:
    viewer.stop_clock()
    expect(viewer.page.locator("table.list")).to_be_visible()
    with viewer.answering("/oauth2/revoke", lambda _: None):
        viewer.page.get_by_role("button", name="Sign out").click()
        expect(viewer.page.get_by_role("button", name="Sign in")).to_be_disabled()
        expect(viewer.page.locator("table.list")).to_have_count(0)
        with viewer.page.expect_request(re.compile("/logout")):
            viewer.let_pass(REVOKE_SECONDS)
        expect(viewer.page.get_by_role("button", name="Sign in")).to_be_enabled()
        assert viewer.page.url.endswith("/$default/")
