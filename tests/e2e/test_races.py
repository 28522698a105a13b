"""Duplicates and races on the deployed template: whatever comes twice, late or at once, there is one of everything."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from orchestrator import operations
from tests.e2e.held_calls import Hold
from tests.e2e.inventory import take_inventory
from tests.e2e.invocations import invoke
from tests.e2e.world import World, tenant, wait_until


def at_once(world: World, details: list[dict[str, Any]]) -> list[str]:
    """Emit events at the same time; return their ids."""
    with ThreadPoolExecutor(len(details)) as pool:
        return list(pool.map(world.emit, details))


def assert_one_of_everything(world: World, *tenant_ids: str) -> None:
    """Nothing of these tenants is there twice or missing, and nothing is nobody's or miscounted."""
    found = take_inventory(world)
    assert [complaint for tenant_id in tenant_ids for complaint in found.complaints(tenant_id)] == []
    assert list(found.drift()) == []


def test_the_same_event_fifty_times_at_once_makes_one_of_everything(everything: World) -> None:
    at_once(everything, [tenant("fifty", tier="bridge")] * 50)
    page = everything.wait_for("fifty", "COMPLETED", "FAILED")
    everything.wait_until_quiet()
    assert page["status"] == "COMPLETED"
    assert {step["attempts"] for step in page["steps"]} == {1}
    assert_one_of_everything(everything, "fifty")
    assert len(everything.mails_to("first.user@fifty.example")) == 1
    assert {event["eventKey"] for event in everything.events("TenantOnboarded", "fifty")} == {
        "fifty:TenantOnboarded:1:0"
    }
    assert everything.events("TenantOnboardingRejected", "fifty") == []


def test_of_two_payloads_for_one_tenant_at_once_one_holds_and_the_other_is_rejected(everything: World) -> None:
    ids = at_once(everything, [tenant("twofold"), tenant("twofold", tenantName="Another")])
    everything.wait_for("twofold", "COMPLETED")
    wait_until(lambda: bool(everything.events("TenantOnboardingRejected", "twofold")), "one of them to be rejected")
    (rejected,) = everything.events("TenantOnboardingRejected", "twofold")
    assert rejected["eventId"] in ids
    assert [reason["field"] for reason in rejected["reasons"]] == ["tenantId"]
    holds = "Another" if rejected["eventId"] == ids[0] else "Twofold Company"
    assert everything.show("twofold")["tenantName"] == holds
    assert_one_of_everything(everything, "twofold")


def test_of_twenty_tenants_wanting_one_subdomain_at_once_one_gets_it(everything: World) -> None:
    wanting = [f"rival-{number:02d}" for number in range(20)]
    at_once(everything, [tenant(each, routing={"subdomain": "coveted"}) for each in wanting])

    def answered() -> bool:
        return sum(bool(everything.events("TenantOnboardingRejected", each)) for each in wanting) == 19

    wait_until(answered, "nineteen to be rejected")
    (winner,) = [each for each in wanting if everything.show(each)]
    assert everything.wait_for(winner, "COMPLETED", "FAILED")["status"] == "COMPLETED"
    route = take_inventory(everything).routes["subdomain#coveted"]
    assert (route["tenantId"], route["state"]) == (winner, "ACTIVE")
    assert_one_of_everything(everything, winner)


def test_status_changes_that_come_thrice_late_and_after_a_retry_change_nothing(everything: World) -> None:
    ses, sender = everything.stack.clients.ses_once, everything.stack.settings.sender
    ses.delete_email_identity(EmailIdentity=sender)
    try:
        everything.emit(tenant("belated"))
        page = everything.wait_for("belated", "FAILED")
    finally:
        ses.create_email_identity(EmailIdentity=sender)
    old = {"detail": {"executionArn": page["executionArn"], "status": "FAILED"}}
    for _ in range(3):
        assert invoke("OutcomeFunction", old)["error"] is None
    assert everything.show("belated") == page
    assert operations.retry(everything.stack.clients, everything.stack.settings, "belated").attempt == 2
    assert invoke("OutcomeFunction", old)["error"] is None
    assert everything.wait_for("belated", "COMPLETED", "FAILED")["status"] == "COMPLETED"
    assert invoke("OutcomeFunction", old)["error"] is None
    assert everything.show("belated")["status"] == "COMPLETED"
    assert_one_of_everything(everything, "belated")
    failed = {event["eventKey"] for event in everything.events("TenantOnboardingFailed", "belated")}
    assert failed == {"belated:TenantOnboardingFailed:1:0"}


def test_an_old_attempt_that_wakes_up_inside_a_create_makes_no_twin(everything: World) -> None:
    """The lease keeps the new attempt out until the old one has written down what it made."""
    hold = Hold("sleeper", "cognito-idp:CreateUserPoolClient")
    with everything.proxy.struck_by(hold.choose):
        everything.emit(tenant("sleeper", tier="bridge"))
        wait_until(lambda: hold.held, "the create to be under way")
        everything.stop("sleeper")
        everything.wait_for("sleeper", "FAILED")
        assert not hold.let_go, "the new attempt must begin while the old call is under way"
        assert operations.retry(everything.stack.clients, everything.stack.settings, "sleeper").attempt == 2
        page = everything.wait_for("sleeper", "COMPLETED", "FAILED")
        wait_until(lambda: hold.let_go, "the old call to arrive")
        everything.wait_until_quiet()
    assert page["status"] == "COMPLETED", page["failure"]
    assert_one_of_everything(everything, "sleeper")


def test_a_redrive_from_the_console_is_followed(everything: World) -> None:
    """No local engine redrives, so the functions are invoked with what a redriven execution would hand them."""
    ses, sender = everything.stack.clients.ses_once, everything.stack.settings.sender
    ses.delete_email_identity(EmailIdentity=sender)
    try:
        everything.emit(tenant("redriven"))
        page = everything.wait_for("redriven", "FAILED")
    finally:
        ses.create_email_identity(EmailIdentity=sender)
    execution = {"Id": page["executionArn"], "Name": "redriven-1", "RedriveCount": 1}
    for name, step in (("WelcomeFunction", "SendWelcomeEmail"), ("RoutingFunction", "CompleteOnboarding")):
        event = {"step": step, "tenantId": "redriven", "attempt": 1, "execution": execution}
        assert invoke(name, event) == {"error": None, "payload": None}
        assert invoke(name, event) == {"error": None, "payload": None}
    page = everything.show("redriven")
    assert (page["status"], page["attempt"], page["failure"]) == ("COMPLETED", 1, None)
    (event,) = everything.events("TenantOnboarded", "redriven")
    assert event["eventKey"] == "redriven:TenantOnboarded:1:1"
    assert_one_of_everything(everything, "redriven")
    assert len(everything.mails_to("first.user@redriven.example")) == 1
