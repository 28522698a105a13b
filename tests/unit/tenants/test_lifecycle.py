"""Statuses, counters and the outbox move together or not at all."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import ConfigurationError, ResourceMissingError
from orchestrator.aws.settings import Settings
from orchestrator.status.summary import HOURS
from orchestrator.tenants import counters, lifecycle, transitions
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.lifecycle import COMPLETED, FAILED, IN_PROGRESS, PENDING
from orchestrator.tenants.outbox import post, take_out
from orchestrator.tenants.records import UNPUBLISHED_INDEX, read_record, read_request, record_key, request_key
from tenant_onboarding.contracts.outgoing import OutgoingEvent, TenantOnboardingFailed, TenantOnboardingStarted
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit import faults
from tests.unit.conftest import tenant_created, turn
from tests.unit.faults import Wire
from tests.unit.tenant_onboarding.test_provider_contracts import SAML

Claim = Callable[..., Record]

STARTED = TenantOnboardingStarted(tenant_id="acme", attempt=1, tier="pool", execution_arn="arn:of-the-execution")
STOPPED = TenantOnboardingFailed(
    tenant_id="acme", attempt=1, tier="pool", step="CreateTenantGroup", error="E", message="m", next_action="n"
)


def counted(clients: Clients) -> dict[str, int]:
    """Return the sum of all counter rows, without zeros."""
    sums: dict[str, int] = {}
    for shard in range(counters.COUNTER_SHARDS):
        row = clients.dynamodb.get_item(TableName="tenants", Key=counters.counter_key(shard)).get("Item", {})
        for name in row.keys() - counters.counter_key(shard):
            sums[name] = sums.get(name, 0) + int(str(row[name]))
    return {name: value for name, value in sums.items() if value}


def put_out(clients: Clients, event: OutgoingEvent) -> None:
    """Put an event into the outbox of acme's record."""
    change = Change("tenants", record_key("acme"))
    clients.dynamodb.update_item(**post(change, event, 1_800_000_000.0).arguments())


def unpublished(clients: Clients) -> list[Any]:
    """Return what the index of unpublished events lists."""
    found = clients.dynamodb.query(
        TableName="tenants",
        IndexName=UNPUBLISHED_INDEX,
        KeyConditionExpression="unpublished = :yes",
        ExpressionAttributeValues={":yes": "YES"},
    )
    return [item["tenantId"] for item in found["Items"]]


def test_a_claimed_and_started_tenant_is_counted_once_as_in_progress(claim: Claim, clients: Clients) -> None:
    claim()
    assert counted(clients) == {"IN_PROGRESS#pool": 1}


@pytest.mark.parametrize("way", [(FAILED,), (COMPLETED,), (FAILED, IN_PROGRESS), (FAILED, IN_PROGRESS, COMPLETED)])
def test_counters_follow_the_status(way: tuple[str, ...], claim: Claim, clients: Clients, settings: Settings) -> None:
    record = claim()
    claim("globex")
    for status in way:
        assert transitions.move(clients.dynamodb, settings.tenants_table, record, status)
        record = record | {"status": status}
    expected = {"IN_PROGRESS#pool": 1}
    expected[f"{way[-1]}#pool"] = expected.get(f"{way[-1]}#pool", 0) + 1
    assert counted(clients) == expected


def completions(clients: Clients) -> dict[str, int]:
    """Return how many tenants were completed, by hour."""
    found = clients.dynamodb.query(
        TableName="tenants",
        KeyConditionExpression="tenantId = :completions",
        ExpressionAttributeValues={":completions": counters.COMPLETIONS},
    )
    sums: dict[str, int] = {}
    for row in found["Items"]:
        hour, shard = str(row["item"]).split("#")
        assert int(shard) in range(counters.COUNTER_SHARDS)
        sums[hour] = sums.get(hour, 0) + int(str(row["tenants"]))
    return sums


def test_completions_are_counted_by_the_hour_in_which_they_became_true(
    claim: Claim, clients: Clients, wire: Wire, record_of: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the millisecond, and by the very transaction that moves the tenant."""
    last_moment = 1_767_232_799.999  # 01:59:59.999
    for number, now in enumerate((last_moment - 3_599.999, last_moment, last_moment + 0.001, last_moment + 0.002)):
        record = claim(f"tenant-{number}")
        monkeypatch.setattr(time, "time", lambda now=now: now)
        wire.attempts.clear()
        assert transitions.move(clients.dynamodb, "tenants", record, COMPLETED)
        assert wire.operations() == ["TransactWriteItems"]
        assert record_of(f"tenant-{number}")["statusChangedAt"] == timestamp(now)
        monkeypatch.undo()
    assert completions(clients) == {"2026-01-01T01:00:00Z": 2, "2026-01-01T02:00:00Z": 2}


def test_no_other_move_is_a_completion_and_one_that_is_refused_is_none_either(claim: Claim, clients: Clients) -> None:
    record = claim()
    for status in (FAILED, IN_PROGRESS, lifecycle.ABANDONING, lifecycle.ABANDONED):
        assert transitions.move(clients.dynamodb, "tenants", record, status)
        record = record | {"status": status}
    assert not transitions.move(clients.dynamodb, "tenants", record | {"attempt": 7}, COMPLETED)
    assert completions(clients) == {}
    assert transitions.move(clients.dynamodb, "tenants", record, COMPLETED)
    assert not transitions.move(clients.dynamodb, "tenants", record, COMPLETED)
    assert list(completions(clients).values()) == [1]


def test_a_completion_whose_transaction_is_told_to_wait_is_counted_once(
    claim: Claim, clients: Clients, wire: Wire
) -> None:
    record = claim()
    with wire.strikes("TransactWriteItems", faults.cancelled("None", "None", "TransactionConflict"), times=2):
        assert transitions.move(clients.dynamodb, "tenants", record, COMPLETED)
    assert list(completions(clients).values()) == [1]


def test_a_tenant_that_is_completed_already_is_not_counted_again(claim: Claim) -> None:
    record = claim() | {"status": COMPLETED}
    assert counters.count_move("tenants", record, COMPLETED, 1_767_225_600.0) == []


def test_completions_are_kept_for_longer_than_anybody_asks(claim: Claim, clients: Clients) -> None:
    now = 1_767_225_600.0
    _, counted = counters.count_move("tenants", claim(), COMPLETED, now)
    clients.dynamodb.update_item(**counted["Update"])
    (row,) = clients.dynamodb.query(
        TableName="tenants",
        KeyConditionExpression="tenantId = :completions",
        ExpressionAttributeValues={":completions": counters.COMPLETIONS},
    )["Items"]
    assert int(str(row["expiresAt"])) == now + counters.COMPLETIONS_KEPT_SECONDS
    assert counters.COMPLETIONS_KEPT_SECONDS > (HOURS + 1) * 3_600


def test_counter_rows_are_spread_over_shards() -> None:
    rows = {str(counters.count("tenants", f"tenant-{n}", enters=[PENDING])[0]["Update"]["Key"]) for n in range(200)}
    assert len(rows) == counters.COUNTER_SHARDS


def test_a_move_carries_its_change_and_the_time_that_lists_sort_by(
    claim: Claim, clients: Clients, record_of: Claim
) -> None:
    record = claim()
    change = Change("tenants", record_key("acme")).set("failure", {"step": "CreateTenantGroup"})
    assert transitions.move(clients.dynamodb, "tenants", record, FAILED, change)
    after = record_of()
    assert (after["status"], after["failure"]) == (FAILED, {"step": "CreateTenantGroup"})
    assert after["statusChangedAt"] == after["updatedAt"] >= record["statusChangedAt"]


@pytest.mark.parametrize("seen", [{"status": PENDING}, {"attempt": 2}, {"attempt": 0}, {"redriveCount": 1}])
def test_a_move_from_a_stale_record_is_refused_and_changes_nothing(
    seen: dict[str, Any], claim: Claim, clients: Clients, record_of: Claim
) -> None:
    record = claim()
    assert not transitions.move(clients.dynamodb, "tenants", record | seen, FAILED)
    assert record_of() == record
    assert counted(clients) == {"IN_PROGRESS#pool": 1}


def test_of_two_movers_only_the_first_moves_and_counts(claim: Claim, clients: Clients) -> None:
    record = claim()
    answers = [transitions.move(clients.dynamodb, "tenants", record, status) for status in (FAILED, COMPLETED)]
    assert answers == [True, False]
    assert counted(clients) == {"FAILED#pool": 1}


def test_a_move_waits_out_conflicting_transactions(
    claim: Claim, clients: Clients, wire: Wire, record_of: Claim
) -> None:
    record = claim()
    with wire.strikes("TransactWriteItems", faults.cancelled("TransactionConflict", "None"), times=2) as conflict:
        assert transitions.move(clients.dynamodb, "tenants", record, FAILED)
    assert (conflict.struck, record_of()["status"]) == (2, FAILED)


def test_the_only_event_leaves_the_outbox_and_the_index_of_unpublished_ones(
    claim: Claim, clients: Clients, record_of: Claim
) -> None:
    claim()
    put_out(clients, STARTED)
    assert record_of()["outbox"] == {"TenantOnboardingStarted-1-0": STARTED.to_json()}
    assert unpublished(clients) == ["acme"]

    take_out(clients.dynamodb, "tenants", STARTED)
    after = record_of()
    assert after["outbox"] == {}
    assert "unpublished" not in after
    assert "unpublishedSince" not in after
    assert unpublished(clients) == []


def test_one_of_two_events_leaves_the_other_listed(claim: Claim, clients: Clients, record_of: Claim) -> None:
    claim()
    put_out(clients, STARTED)
    put_out(clients, STOPPED)
    take_out(clients.dynamodb, "tenants", STARTED)
    assert list(record_of()["outbox"]) == [STOPPED.outbox_key]
    assert unpublished(clients) == ["acme"]

    take_out(clients.dynamodb, "tenants", STOPPED)
    assert record_of()["outbox"] == {}
    assert unpublished(clients) == []


@pytest.mark.parametrize("left", [[], [STOPPED]])
def test_taking_out_an_event_twice_changes_nothing_more(
    left: list[OutgoingEvent], claim: Claim, clients: Clients, record_of: Claim
) -> None:
    claim()
    for event in [STARTED, *left]:
        put_out(clients, event)
    take_out(clients.dynamodb, "tenants", STARTED)
    once = record_of()
    take_out(clients.dynamodb, "tenants", STARTED)
    assert record_of() == once
    assert unpublished(clients) == ["acme"] * len(left)


def test_two_who_take_out_the_last_two_events_at_once_leave_nothing_listed(
    claim: Claim, clients: Clients, wire: Wire, record_of: Claim
) -> None:
    claim()
    put_out(clients, STARTED)
    put_out(clients, STOPPED)
    # The other one sees two events as well, and removes its own between our two writes.
    rival = Change("tenants", record_key("acme")).remove(f"outbox.{STOPPED.outbox_key}")
    with wire.strikes(
        "UpdateItem", faults.preceded_by(lambda: clients.dynamodb.update_item(**rival.arguments())), spare=1
    ):
        take_out(clients.dynamodb, "tenants", STARTED)
    assert record_of()["outbox"] == {}
    assert unpublished(clients) == []


# What was asked for

EARLIER: list[tuple[dict[str, Any], str]] = [
    ({"identityProviders": [{"name": "sso", "type": "OIDC"}]}, "identityProviders[0].clientId"),
    ({"identityProviders": [{"name": "sso", "type": "LDAP"}]}, "identityProviders[0].type"),
    ({"tenantName": "s3cr3t-value\n"}, "tenantName"),
    ({"s3cr3t-value!": 1}, "(unreadable name)"),
    ({"colour": "s3cr3t-value"}, "colour"),
]


def keep(clients: Clients, request: str) -> None:
    """Let acme's request be what an earlier version kept."""
    item: Any = request_key("acme") | {"request": request}
    clients.dynamodb.put_item(TableName="tenants", Item=item)


def test_what_was_asked_for_is_read_back_whole_by_one_consistent_read(
    claim: Claim, clients: Clients, wire: Wire
) -> None:
    asked = tenant_created(tier="premium", identityProviders=[SAML], security={"mfa": "ON"}, appClient={})
    claim(**{name: value for name, value in asked.items() if name != "tenantId"})
    wire.attempts.clear()
    assert read_request(clients.dynamodb, "tenants", "acme") == TenantCreated.model_validate(asked)
    assert [body["ConsistentRead"] for body in wire.bodies("GetItem")] == [True]


@pytest.mark.parametrize(("changes", "field"), EARLIER, ids=lambda value: str(value)[:40])
def test_a_request_that_this_version_allows_no_longer_is_an_outdated_one_and_says_where(
    claim: Claim, clients: Clients, changes: dict[str, Any], field: str
) -> None:
    claim()
    keep(clients, json.dumps(tenant_created() | changes))
    with pytest.raises(ConfigurationError) as outdated:
        read_request(clients.dynamodb, "tenants", "acme")
    assert outdated.value.code == "RequestOutdated"
    assert field in outdated.value.message
    assert "s3cr3t-value" not in outdated.value.message
    assert "retry" in outdated.value.next_action


@pytest.mark.parametrize("request_", ["", "{", "null", "[]", '"text"'])
def test_a_request_that_cannot_be_read_is_an_outdated_one(claim: Claim, clients: Clients, request_: str) -> None:
    claim()
    keep(clients, request_)
    with pytest.raises(ConfigurationError) as outdated:
        read_request(clients.dynamodb, "tenants", "acme")
    assert outdated.value.code == "RequestOutdated"


def test_a_request_that_is_gone_is_missing(claim: Claim, clients: Clients) -> None:
    claim()
    clients.dynamodb.delete_item(TableName="tenants", Key=request_key("acme"))
    with pytest.raises(ResourceMissingError, match="The request of acme is no longer in the tenants table"):
        read_request(clients.dynamodb, "tenants", "acme")


# Redrives


def test_a_redrive_nobody_announced_moves_a_failed_record_back_to_work(
    claim: Claim, clients: Clients, record_of: Claim
) -> None:
    record = claim()
    failure = {"step": "CreateTenantGroup", "error": "States.Timeout"}
    transitions.move(clients.dynamodb, "tenants", record, FAILED, failure=failure)
    assert counted(clients) == {"FAILED#pool": 1, "failed:CreateTenantGroup:States.Timeout": 1}
    transitions.note_redrive(clients.dynamodb, "tenants", "acme", turn("CreateTenantGroup", redrive=1))
    after = record_of()
    assert (after["status"], after["redriveCount"]) == (IN_PROGRESS, 1)
    assert "failure" not in after
    assert counted(clients) == {"IN_PROGRESS#pool": 1}


def test_a_redrive_is_noted_on_a_record_that_nobody_had_seen_fail(
    claim: Claim, clients: Clients, record_of: Claim
) -> None:
    record = claim()
    transitions.note_redrive(clients.dynamodb, "tenants", "acme", turn("CreateTenantGroup", redrive=2))
    assert record_of() == record | {"redriveCount": 2}
    assert counted(clients) == {"IN_PROGRESS#pool": 1}


@pytest.mark.parametrize(("attempt", "redrive"), [(2, 1), (1, 0)], ids=["another attempt", "nothing new"])
def test_a_redrive_of_another_attempt_or_an_old_one_is_not_noted(
    attempt: int, redrive: int, claim: Claim, clients: Clients, record_of: Claim
) -> None:
    record = claim()
    late = turn("CreateTenantGroup", attempt=attempt, redrive=redrive)
    transitions.note_redrive(clients.dynamodb, "tenants", "acme", late)
    assert record_of() == record


def test_a_redrive_of_an_unknown_tenant_is_not_noted(clients: Clients) -> None:
    transitions.note_redrive(clients.dynamodb, "tenants", "nobody", turn("CreateTenantGroup", redrive=1))
    assert read_record(clients.dynamodb, "tenants", "nobody") is None


def test_a_redrive_noted_by_somebody_else_meanwhile_is_left_alone(
    claim: Claim, clients: Clients, wire: Wire, record_of: Claim
) -> None:
    claim()

    def somebody_else() -> None:
        transitions.note_redrive(clients.dynamodb, "tenants", "acme", turn("CreateTenantGroup", redrive=2))

    with wire.strikes("UpdateItem", faults.preceded_by(somebody_else)):
        transitions.note_redrive(clients.dynamodb, "tenants", "acme", turn("CreateTenantGroup", redrive=1))
    assert record_of()["redriveCount"] == 2
