"""Operators see why a tenant failed and let it go on from here; viewers see it too, and can do nothing."""

import re

import pytest
from playwright.sync_api import expect

from orchestrator import operations
from tests.browser.dashboard import Dashboard
from tests.browser.tenants import FAILURE, Tenants


def test_an_operator_reads_why_a_tenant_failed_retries_it_and_sees_it_completed(
    operator: Dashboard, tenants: Tenants
) -> None:
    tenants.fail("initech")
    operator.open("#/tenants/initech")
    failure = operator.page.get_by_role("region", name="Failed at SendWelcomeEmail")
    expect(failure).to_contain_text("ConfigurationError")
    expect(failure).to_contain_text("Email address is not verified")
    expect(failure).to_contain_text("Verify in Amazon SES")
    tenants.verify_sender()
    operator.page.evaluate("window.sameDocument = true")
    operator.page.get_by_role("button", name="Retry").click()
    expect(operator.page.get_by_role("dialog")).to_contain_text("It goes on at SendWelcomeEmail")
    operator.say_yes("Retry")
    expect(operator.page.get_by_role("status")).to_contain_text("initech: attempt 2 started")
    expect(operator.status()).to_contain_text("Completed")
    expect(failure).to_have_count(0)
    expect(operator.page.locator(".timeline li").filter(has_text="SendWelcomeEmail")).to_contain_text("2 tries")
    assert operator.page.evaluate("window.sameDocument") is True


def test_a_tenant_is_retried_from_the_list(operator: Dashboard, tenants: Tenants) -> None:
    tenants.fail("massive")
    tenants.verify_sender()
    operator.page.get_by_role("button", name="Retry massive").click()
    operator.say_yes("Retry")
    expect(operator.row("massive")).to_contain_text("Completed")


def test_nothing_is_done_until_it_is_confirmed(operator: Dashboard, tenants: Tenants) -> None:
    tenants.fail("vandelay")
    operator.open("#/tenants/vandelay")
    retry = operator.page.get_by_role("button", name="Retry")
    retry.click()
    operator.say_yes("Cancel")
    expect(operator.page.get_by_role("dialog")).to_have_count(0)
    retry.click()
    operator.page.keyboard.press("Escape")
    expect(operator.page.get_by_role("dialog")).to_have_count(0)
    expect(retry).to_be_focused()
    assert [request.url for request in operator.asked if request.method == "POST"] == []
    assert tenants.wait_for("vandelay", "FAILED")["attempt"] == 1


def test_a_question_is_not_taken_along(operator: Dashboard, tenants: Tenants) -> None:
    operator.open("#/tenants/before-00001")
    operator.page.get_by_role("button", name="Retry").click()
    expect(operator.page.get_by_role("dialog")).to_be_visible()
    operator.page.evaluate("location.hash = '#/rejections'")
    expect(operator.page.get_by_role("heading", name="Rejected events")).to_be_visible()
    expect(operator.page.get_by_role("dialog")).to_have_count(0)


def test_who_was_faster_is_told_and_seen(operator: Dashboard, tenants: Tenants) -> None:
    tenants.fail("oceanic")
    operator.open("#/tenants/oceanic")
    operator.page.get_by_role("button", name="Retry").click()
    tenants.verify_sender()
    operations.retry(tenants.stack.clients, tenants.stack.settings, "oceanic")
    tenants.wait_for("oceanic", "COMPLETED")
    operator.say_yes("Retry")
    expect(operator.page.get_by_role("alert").filter(has_text="oceanic")).to_contain_text("COMPLETED")
    expect(operator.status()).to_contain_text("Completed")


def test_the_welcome_email_is_sent_once_more(operator: Dashboard, tenants: Tenants) -> None:
    tenants.fail("umbra")
    tenants.verify_sender()
    operations.retry(tenants.stack.clients, tenants.stack.settings, "umbra")
    tenants.wait_for("umbra", "COMPLETED")
    operator.open("#/tenants/umbra")
    operator.page.get_by_role("button", name="Resend the welcome email").click()
    expect(operator.page.get_by_role("dialog")).to_contain_text("Resend the welcome email of umbra?")
    operator.say_yes("Resend")
    expect(operator.page.get_by_role("status")).to_contain_text("umbra")
    sent = operator.page.request.get(f"{tenants.stack.ministack.endpoint}/_ministack/ses/messages").text()
    assert len(re.findall(r'"admin@umbra\.example"', sent)) >= 2


@pytest.mark.parametrize("place", ["#/", "#/tenants/before-00001", "#/tenants/before-00003"])
def test_a_viewer_sees_the_same_and_no_buttons(viewer: Dashboard, place: str) -> None:
    viewer.visit(place)
    expect(viewer.page.locator("main .badge").first).to_be_visible()
    expect(viewer.page.locator("main").get_by_role("button", name=re.compile("Retry|Resend"))).to_have_count(0)


def test_the_button_does_what_the_failures_command_does(operator: Dashboard, tenants: Tenants) -> None:
    """A step whose resource is gone is done again; what an abandonment has begun to remove is not retried at all."""
    gone = {**FAILURE, "nextAction": "Have it made anew. Command: onboard retry x --redo CreateTenantGroup"}
    tenants.change("before-00101", failure={**gone, "command": "retry", "redo": "CreateTenantGroup"})
    operator.open("#/tenants/before-00101")
    operator.page.get_by_role("button", name="Retry").click()
    expect(operator.page.get_by_role("dialog")).to_contain_text("CreateTenantGroup is done again")
    operator.say_yes("Retry")
    expect(operator.page.get_by_role("dialog")).to_have_count(0)
    [asked] = [request.url for request in operator.asked if request.method == "POST"]
    assert asked.endswith("/before-00101/retry?redo=CreateTenantGroup")
    removal = {**FAILURE, "step": "RemoveTenantGroup", "command": "abandon"}
    tenants.change("before-00201", failure=removal | {"nextAction": "Go on. Command: onboard abandon before-00201"})
    operator.open("#/tenants/before-00201")
    expect(operator.page.get_by_role("region", name="Failed at RemoveTenantGroup")).to_be_visible()
    expect(operator.page.get_by_role("button", name="Retry")).to_have_count(0)
    advice = operator.page.locator(".failure dd").last
    expect(advice.locator("p").first).to_have_text("Go on.")
    expect(advice.locator("code")).to_have_text("onboard abandon before-00201")


def test_a_viewer_who_sends_what_the_button_would_is_refused(viewer: Dashboard, tenants: Tenants) -> None:
    status = viewer.page.evaluate(
        """async () => {
            const {access} = JSON.parse(sessionStorage.getItem("onboarding.tokens"));
            const headers = {Authorization: `Bearer ${access}`};
            return (await fetch("onboardings/before-00001/retry", {method: "POST", headers})).status;
        }"""
    )
    assert status == 403
    assert tenants.wait_for("before-00001", "FAILED")["attempt"] == 1
