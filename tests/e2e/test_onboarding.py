"""A tenant's way through the deployed template: from an event on the bus to a signed-in admin."""

import json
from typing import Any

import boto3
import pytest

from orchestrator import operations
from orchestrator.local.first_sign_in import sign_in, temporary_password
from orchestrator.local.ministack import REGION
from tenant_onboarding.authorizer import registry
from tests.e2e.conftest import FIRST_TENANTS
from tests.e2e.inventory import every, take_inventory
from tests.e2e.personal_data import executed, logged
from tests.e2e.world import World, tenant, wait_until


def _shared_user_pools() -> list[str]:
    return [pool["Id"] for pool in every("list_user_pools", "UserPools") if "-shared-" in pool["Name"]]


def _resources_of(world: World, tenant_id: str) -> dict[str, Any]:
    """Everything in Cognito that bears the tenant's id, counted from outside."""
    (pool_id,) = _shared_user_pools()
    groups = [group["GroupName"] for group in every("list_groups", "Groups", UserPoolId=pool_id)]
    users = [user["Username"] for user in every("list_users", "Users", UserPoolId=pool_id)]
    return {
        "groups": groups.count(tenant_id),
        "users": sum(name.startswith(f"{tenant_id}/") for name in users),
        "mails": len(world.mails_to(f"first.user@{tenant_id}.example")),
    }


def test_first_tenants_at_once_share_one_user_pool_and_each_has_one_of_everything(everything: World) -> None:
    pages = [everything.show(tenant_id) for tenant_id in FIRST_TENANTS]
    assert {page["status"] for page in pages} == {"COMPLETED"}, [page["failure"] for page in pages]
    (pool_id,) = _shared_user_pools()
    assert {page["resources"]["userPoolId"] for page in pages} == {pool_id}
    clients = every("list_user_pool_clients", "UserPoolClients", UserPoolId=pool_id)
    assert [client["ClientName"] for client in clients].count("TenantOnboarding-shared-001") == 1
    for tenant_id in FIRST_TENANTS:
        assert _resources_of(everything, tenant_id) == {"groups": 1, "users": 1, "mails": 1}
    row: dict[str, Any] = everything.stack.clients.dynamodb.get_item(
        TableName=everything.stack.settings.shared_pools_table, Key={"region": "us-east-1", "poolKey": "shared-001"}
    )["Item"]
    assert row["groups"] == len(list(every("list_groups", "Groups", UserPoolId=pool_id)))


def test_a_tenant_can_sign_in_and_is_found_by_its_keys(everything: World) -> None:
    page = everything.onboard(tenant("acme"))
    (mail,) = everything.mails_to("first.user@acme.example")
    claims = sign_in(
        everything.stack.clients, everything.stack.ministack.endpoint, page["resources"], temporary_password(mail)
    ).claims
    assert claims["custom:tenantId"] == "acme"
    assert claims["custom:tenantTier"] == "pool"
    assert claims["cognito:groups"] == ["acme"]
    (row,) = [each for each in take_inventory(everything).register["acme"] if each["item"].startswith("USER#")]
    assert claims["userId"] == claims["custom:userId"] == row["userId"] != claims["sub"]
    table = everything.stack.settings.routes_table
    for key in ("subdomain#acme", "code#ACME"):
        found = registry.resolve(everything.stack.clients.dynamodb, table, key)
        assert found is not None
        assert (found["tenantId"], found["userPoolId"]) == ("acme", page["resources"]["userPoolId"])


def test_the_bus_says_started_and_onboarded_once_and_the_parameter_follows(everything: World) -> None:
    page = everything.onboard(tenant("events"))
    assert len(everything.events("TenantOnboardingStarted", "events")) == 1
    (onboarded,) = everything.events("TenantOnboarded", "events")
    assert onboarded["userPoolId"] == page["resources"]["userPoolId"]
    assert onboarded["eventKey"] == "events:TenantOnboarded:1:0"
    ssm, name = boto3.client("ssm"), "/tenant-onboarding/tenants/events"
    wait_until(lambda: bool(ssm.get_parameters(Names=[name])["Parameters"]), name)
    assert json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"])["appClientId"] == onboarded["appClientId"]


def test_the_same_event_five_times_makes_one_of_everything(everything: World) -> None:
    for _ in range(5):
        everything.emit(tenant("again"))
    everything.onboard(tenant("again"))
    everything.wait_until_quiet()
    assert _resources_of(everything, "again") == {"groups": 1, "users": 1, "mails": 1}
    assert {event["eventKey"] for event in everything.events("TenantOnboarded", "again")} == {
        "again:TenantOnboarded:1:0"
    }


@pytest.mark.parametrize(
    ("detail", "fields"),
    [
        pytest.param(tenant("late", routing={"subdomain": "early-0"}), {"routing.subdomain"}, id="taken subdomain"),
        pytest.param(tenant("early-1", tenantName="Another"), {"tenantId"}, id="another payload"),
        pytest.param(tenant("gold-one", tier="gold"), {"tier"}, id="no such plan"),
        pytest.param(tenant("far-one", tier="silo", region="sa-east-1"), {"region"}, id="Region not offered"),
        pytest.param(
            tenant(
                "idp-one", identityProviders=[{"name": "Sso", "type": "SAML", "metadataUrl": "https://a.example/m"}]
            ),
            {"identityProviders"},
            id="more than the tier carries",
        ),
        pytest.param({"tenantId": 7}, {"tenantId", "tenantName", "tier", "admin", "routing"}, id="not a tenant"),
    ],
)
def test_a_wrong_event_is_recorded_and_answered_with_every_reason(
    everything: World, detail: dict[str, Any], fields: set[str]
) -> None:
    before = everything.show(str(detail["tenantId"]))
    event_id = everything.emit(detail)
    recorded = everything.rejection(event_id)
    assert {reason["field"] for reason in recorded["reasons"]} == fields
    answer = everything.wait_for_event("TenantOnboardingRejected", recorded["tenantId"])
    assert answer["eventId"] == event_id
    assert answer["reasons"] == recorded["reasons"]
    assert everything.show(str(detail["tenantId"])) == before


def test_a_failure_is_explained_and_a_retry_does_only_what_is_left(everything: World) -> None:
    ses, sender = everything.stack.clients.ses_once, everything.stack.settings.sender
    ses.delete_email_identity(EmailIdentity=sender)
    try:
        everything.emit(tenant("unlucky"))
        page = everything.wait_for("unlucky", "FAILED", "COMPLETED")
        told = everything.wait_for_event("TenantOnboardingFailed", "unlucky")
    finally:
        ses.create_email_identity(EmailIdentity=sender)
    assert page["status"] == "FAILED"
    assert (page["failure"]["step"], page["failure"]["error"]) == ("SendWelcomeEmail", "ConfigurationError")
    assert "Amazon SES" in page["failure"]["nextAction"]
    assert "onboard retry unlucky" in page["failure"]["nextAction"]
    assert (told["step"], told["nextAction"]) == ("SendWelcomeEmail", page["failure"]["nextAction"])
    assert "@" not in told["message"]

    retried = operations.retry(everything.stack.clients, everything.stack.settings, "unlucky")
    assert retried.attempt == 2
    page = everything.wait_for("unlucky", "COMPLETED")
    assert page["attempt"] == 2
    assert page["failure"] is None
    tries = {step["name"]: step["attempts"] for step in page["steps"]}
    assert tries.pop("SendWelcomeEmail") == 2
    assert set(tries.values()) == {1}
    assert _resources_of(everything, "unlucky") == {"groups": 1, "users": 1, "mails": 1}


def test_reconcile_publishes_what_a_fault_left_unpublished(everything: World) -> None:
    page = everything.onboard(tenant("quiet"))
    everything.wait_for_event("TenantOnboarded", "quiet")
    (event,) = everything.events("TenantOnboarded", "quiet")
    dynamodb, table = everything.stack.clients.dynamodb, everything.stack.settings.tenants_table
    dynamodb.update_item(
        TableName=table,
        Key={"tenantId": "quiet", "item": "RECORD"},
        UpdateExpression="SET outbox.#key = :event, unpublished = :yes, unpublishedSince = :since",
        ExpressionAttributeNames={"#key": "TenantOnboarded-1-0"},
        ExpressionAttributeValues={":event": json.dumps(event), ":yes": "YES", ":since": page["requestedAt"][:4]},
    )
    functions = boto3.client("lambda").list_functions()["Functions"]
    (name,) = [f["FunctionName"] for f in functions if "Reconcile" in f["FunctionName"]]
    answer = boto3.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    found = json.load(answer["Payload"])
    assert {kind: number for kind, number in found.items() if number and kind != "seats"} == {"published": 1}
    wait_until(lambda: len(everything.events("TenantOnboarded", "quiet")) == 2, "the event to come again")
    assert {event["eventKey"] for event in everything.events("TenantOnboarded", "quiet")} == {event["eventKey"]}
    record = dynamodb.get_item(TableName=table, Key={"tenantId": "quiet", "item": "RECORD"})["Item"]
    assert record["outbox"] == {}
    assert "unpublished" not in record


def test_zz_no_log_and_no_history_holds_an_address_a_name_or_a_password(everything: World) -> None:
    """Holds alone; last in this file it also reads what all the others left."""
    everything.onboard(tenant("private"))
    lines = [left.text for left in logged(REGION)]
    assert any('"tenantId":"private"' in line for line in lines), "the functions' logs were not found"
    histories = [left.text for left in executed()]
    assert sum('"executionArn"' in text for text in histories) > len(FIRST_TENANTS)
    passwords = [
        temporary_password(mail)
        for tenant_id in (*FIRST_TENANTS, "private", "unlucky")
        for mail in everything.mails_to(f"first.user@{tenant_id}.example")
    ]
    assert len(passwords) > len(FIRST_TENANTS)
    on_the_bus = [json.dumps(event["detail"]) for event in everything.heard]
    assert on_the_bus
    for secret in ("first.user@", "Founder of", " Company", *passwords):
        assert not [text for text in lines + histories + on_the_bus if secret in text], secret
