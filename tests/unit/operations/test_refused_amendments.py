"""What would contradict another tenant or this one as it stands is refused with all reasons, and changes nothing."""

import json
from typing import Any

import pytest

from orchestrator.aws.errors import ConfigurationError
from orchestrator.onboarding import intake
from orchestrator.operations import Amended, abandon, retry
from orchestrator.operations.amendments import CANNOT, preview
from orchestrator.operations.retries import CHANGED_MEANWHILE
from orchestrator.tenants import lifecycle
from orchestrator.tenants.records import REQUEST
from tests.unit import faults, simulated_aws
from tests.unit.conftest import REGION, tenant_created
from tests.unit.operations.amendment_desk import (
    ADMIN,
    BEGUN,
    ELSEWHERE,
    MENDED,
    ROUTING,
    SAML,
    SECOND,
    Desk,
    desk,
    fields,
)

__all__ = ["desk"]

TAKEN: dict[str, tuple[dict[str, Any], str]] = {
    "subdomain": ({"routing": {"subdomain": "globex", "tenantCode": "ACME-42"}}, "routing.subdomain"),
    "tenant code": ({"routing": {"subdomain": "acme", "tenantCode": "GLOBEX-42"}}, "routing.tenantCode"),
    "SAML provider": ({"identityProviders": [SECOND]}, "identityProviders[0].metadataUrl"),
}


@pytest.mark.parametrize("key", TAKEN)
def test_a_key_of_another_tenant_is_refused_by_its_field_and_nothing_is_changed(key: str, desk: Desk) -> None:
    change, field = TAKEN[key]
    theirs = tenant_created("globex", tier="bridge", identityProviders=[SECOND])
    assert desk.stack.receive(theirs, "event-2") == intake.STARTED
    detail = desk.stop_before("CreateIdentityProviders", tier="bridge", identityProviders=[SAML])
    before = desk.everything()
    for act in (desk.preview, desk.amend):
        answer = act(detail | {"tenantName": "Acme Ltd."} | change)
        assert (answer.attempt, answer.message, fields(answer)) == (0, CANNOT, [field])
        assert "another" in answer.reasons[0].message
        assert desk.everything() == before
    assert desk.amend(detail | {"tenantName": "Acme Ltd."}).attempt == 2


def test_a_key_that_is_taken_at_the_last_moment_is_refused_too(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")

    def rival() -> None:
        assert desk.stack.receive(tenant_created("globex"), "event-2") == intake.STARTED

    with desk.wire.strikes("TransactWriteItems", faults.preceded_by(rival)):
        answer = desk.amend(detail | {"routing": {"subdomain": "globex"}})
    assert fields(answer) == ["routing.subdomain"]
    assert desk.stack.record()["status"] == lifecycle.FAILED
    assert {key: route["tenantId"] for key, route in desk.stack.routes().items() if "shared" not in route} == {
        "subdomain#acme": "acme",
        "code#ACME-42": "acme",
        "subdomain#globex": "globex",
        "code#GLOBEX-42": "globex",
    }


def test_an_earlier_key_that_leads_somewhere_is_not_given_up(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    desk.clients.dynamodb.update_item(
        TableName="routes",
        Key={"routeKey": "subdomain#acme"},
        UpdateExpression="SET #state = :active",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":active": "ACTIVE"},
    )
    before = desk.everything()
    answer = desk.amend(detail | {"routing": ROUTING | {"subdomain": "acme-new"}})
    assert [reason.model_dump() for reason in answer.reasons] == [
        {
            "field": "routing.subdomain",
            "message": "the earlier key subdomain#acme is in use or another tenant's; find out why in the routes table",
        }
    ]
    assert desk.everything() == before


# who may be amended


@pytest.mark.parametrize("status", [lifecycle.PENDING, lifecycle.IN_PROGRESS, lifecycle.COMPLETED])
def test_a_tenant_that_did_not_fail_is_not_amended(status: str, desk: Desk) -> None:
    detail = tenant_created()
    desk.stack.receive(detail)
    desk.stack.change(status=status)
    before = desk.everything()
    answer = desk.amend(detail | {"tenantName": "Other"})
    assert answer == Amended("acme", 0, f"is {status}; only a FAILED tenant can be amended")
    assert desk.everything() == before


@pytest.mark.parametrize("status", [lifecycle.FAILED, lifecycle.ABANDONING, lifecycle.ABANDONED])
def test_a_tenant_whose_abandonment_was_begun_is_not_amended(status: str, desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    assert abandon(desk.clients, desk.stack.settings, "acme").attempt == 2
    assert desk.stack.record()["status"] == lifecycle.ABANDONING
    desk.stack.change(status=status)
    before = desk.everything()
    answer = desk.amend(detail | {"tenantName": "Other"})
    told = {
        lifecycle.FAILED: BEGUN,
        lifecycle.ABANDONING: "is being abandoned; follow it: onboard show acme --watch",
        lifecycle.ABANDONED: "was abandoned; to onboard it again, emit its event anew",
    }
    assert answer == Amended("acme", 0, told[status])
    assert desk.everything() == before


def test_an_abandonment_that_begins_at_the_same_moment_wins(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    begins = faults.preceded_by(lambda: desk.stack.change(abandonment={"attempt": 1}))
    with desk.wire.strikes("TransactWriteItems", begins):
        answer = desk.amend(detail | {"tenantName": "Other"})
    assert (answer.attempt, answer.message) == (0, CHANGED_MEANWHILE)
    assert desk.stack.record()["tenantName"] == "Acme Inc."


def test_a_tenant_that_nobody_knows_is_not_amended(desk: Desk) -> None:
    assert desk.amend(tenant_created()) == Amended("acme", 0, "is not known; see: onboard list")


def test_while_a_step_may_be_at_work_nothing_is_amended(desk: Desk) -> None:
    """It could finish, and write down as done what it made of the earlier request."""
    detail = tenant_created(tier="bridge", identityProviders=[SAML])
    desk.stack.receive(detail)
    desk.run("AssignSharedPool", "CreateTenantGroup")
    with desk.wire.strikes("CreateIdentityProvider", faults.death_before), pytest.raises(faults.DeathError):
        desk.run("CreateIdentityProviders", lease=30)
    desk.fail()
    answer = desk.amend(detail | {"identityProviders": [MENDED]})
    assert answer.attempt == 0
    assert answer.message in {f"one of its steps may still be at work; try again in {n} s" for n in (29, 30, 31)}


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_changed(desk: Desk) -> None:
    desk.stop_before("CreateTenantAdmin")
    before = desk.everything()
    wrong = tenant_created("globex", admin={"email": "nobody"}, region=ELSEWHERE, more=1)
    answer = desk.amend(wrong)
    assert (answer.attempt, answer.message) == (0, CANNOT)
    assert fields(answer) == ["admin.email", "more", "region", "tenantId"]
    nonsense: Any
    for nonsense in ([], "acme", None, 7):
        assert fields(desk.amend(nonsense)) == ["detail"]
    assert desk.everything() == before


def test_the_event_of_another_tenant_is_refused(desk: Desk) -> None:
    desk.stop_before("CreateTenantAdmin")
    answer = desk.amend(tenant_created("globex"))
    assert [reason.model_dump() for reason in answer.reasons] == [
        {"field": "tenantId", "message": "must stay acme: the event is another tenant's"}
    ]


def test_an_event_that_asks_for_the_same_is_no_amendment(desk: Desk) -> None:
    """However it is put: what is left out stands for its default."""
    detail = desk.stop_before("CreateUserPool", tier="silo")
    before = desk.everything()
    spelled_out = {"region": REGION, "security": {"mfa": "OPTIONAL"}, "appClient": {}, "identityProviders": []}
    for same in (detail, detail | spelled_out):
        answer = desk.amend(same)
        assert answer == Amended("acme", 0, "asks for nothing else than it did; to try again: onboard retry acme")
    assert desk.everything() == before


def test_a_plan_that_now_stands_for_another_tier_is_a_change_of_tier(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantGroup", tier="standard")
    anew = desk.stack.settings.model_copy(update={"plans": {"standard": "silo"}})
    answer = preview(desk.clients, anew, "acme", detail | {"tenantName": "Acme Ltd."})
    assert fields(answer) == ["tier"]
    assert [(each.field, each.before, each.after) for each in answer.changes] == [
        ("tenantName", "Acme Inc.", "Acme Ltd."),
        ("tier", "standard (bridge)", "standard (silo)"),
    ]
    assert preview(desk.clients, anew, "acme", detail | {"tier": "bridge"}).attempt == 2


def test_an_earlier_request_that_lacks_what_this_version_needs_is_told_by_its_field(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    asked = json.loads(desk.stack.items()["acme", REQUEST]["request"])
    desk.stack.change(item=REQUEST, request=json.dumps(asked | {"admin": {}}))
    with pytest.raises(ConfigurationError, match=r"admin\.email"):
        desk.amend(detail | {"tenantName": "Other"})


def test_of_two_operators_at_once_one_amends(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    first, second = (detail | {"admin": {"email": f"{name}@acme.example"}} for name in ("first", "second"))
    answers: list[Amended] = []
    with desk.wire.strikes("TransactWriteItems", faults.preceded_by(lambda: answers.append(desk.amend(first)))):
        answers.append(desk.amend(second))
    assert [(answer.attempt, answer.message) for answer in answers] == [
        (2, "attempt 2 started"),
        (0, CHANGED_MEANWHILE),
    ]
    assert desk.stack.record()["admin"] == {"email": "first@acme.example"}
    assert simulated_aws.executions() == ["acme-1", "acme-2"]
    assert desk.stack.counters() == {"IN_PROGRESS#pool": 1}


def test_a_retry_at_the_same_moment_wins_or_loses_as_a_whole(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    rival = faults.preceded_by(lambda: retry(desk.clients, desk.stack.settings, "acme"))
    with desk.wire.strikes("TransactWriteItems", rival):
        answer = desk.amend(detail | {"admin": {"email": "right@acme.example"}})
    assert (answer.attempt, answer.message) == (0, CHANGED_MEANWHILE)
    assert desk.stack.record()["admin"] == ADMIN
    assert simulated_aws.executions() == ["acme-1", "acme-2"]
