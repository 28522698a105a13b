"""What a billing system publishes with: nothing wrong is sent, nothing is lost, and little is imported for it."""

import json
import os
import random
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from packaging.requirements import Requirement

from tenant_onboarding import publisher, put_events
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tenant_onboarding.publisher import InvalidEventError, NotSent, NotSentError, Publisher, PublishingError
from tests.unit.conftest import EVENT_BUS, tenant_created
from tests.unit.faults import ALWAYS, Wire, access_denied, refused, server_error, unreachable

ROOT = Path(__file__).parents[3]
NEEDED = {"boto3", "email-validator", "idna", "pydantic"}
"""Of our dependencies those that a billing system installs."""
MAY_IMPORT = {"annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"}
Bus = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def billing(published: Bus, _session: boto3.Session, wire: Wire) -> Publisher:
    """A publisher on the stack's bus."""
    wire.attempts.clear()
    return Publisher(EVENT_BUS, source="billing", client=_session.client("events"))


def tenants(count: int) -> list[dict[str, Any]]:
    return [tenant_created(f"tenant-{number}") for number in range(count)]


def entries_refused(*codes: str | None) -> Any:
    """Return a strike that takes the entries of which the code is None, or says that it does."""
    entries = [{"ErrorCode": code, "ErrorMessage": "no"} if code else {"EventId": "taken"} for code in codes]
    return refused("", status=200, FailedEntryCount=len([code for code in codes if code]), Entries=entries)


def test_an_event_is_on_the_bus_as_it_was_given(billing: Publisher, published: Bus) -> None:
    (event_id,) = billing.publish([tenant_created(tenantName='"Zoë" & 名')])
    (seen,) = published()
    assert (seen["id"], seen["source"], seen["detail-type"]) == (event_id, "billing", "TenantCreated")
    assert seen["detail"] == tenant_created(tenantName='"Zoë" & 名')


def test_a_model_is_sent_with_what_was_said_and_no_defaults(billing: Publisher, published: Bus) -> None:
    billing.publish([TenantCreated.model_validate(tenant_created())])
    assert published()[0]["detail"] == tenant_created()


def test_the_ids_are_in_the_order_of_the_details_ten_to_a_call(billing: Publisher, published: Bus, wire: Wire) -> None:
    event_ids = billing.publish(tenants(23))
    assert [len(body["Entries"]) for body in wire.bodies("PutEvents")] == [10, 10, 3]
    by_id = {event["id"]: event["detail"]["tenantId"] for event in published()}
    assert [by_id[event_id] for event_id in event_ids] == [f"tenant-{number}" for number in range(23)]


def test_large_events_share_no_call(billing: Publisher, wire: Wire) -> None:
    addresses = [f"https://{number}.acme.example/{'a' * 990}" for number in range(20)]
    own = {"callbackUrls": addresses, "logoutUrls": addresses}
    billing.publish([*(detail | {"appClient": own} for detail in tenants(9)), *tenants(2)])
    sizes = [[len(each["Detail"].encode()) for each in body["Entries"]] for body in wire.bodies("PutEvents")]
    assert [len(each) for each in sizes] == [6, 5]
    assert all(sum(each) <= publisher.MOST_BYTES for each in sizes)
    assert sum(sizes[0]) + sizes[1][0] > publisher.MOST_BYTES


def test_the_size_of_an_event_is_told_in_bytes(billing: Publisher, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "MOST_BYTES", 1_000)
    billing.publish(detail | {"tenantName": "名" * 200} for detail in tenants(2))
    assert [len(body["Entries"]) for body in wire.bodies("PutEvents")] == [1, 1]


def test_nothing_to_publish_costs_no_call(billing: Publisher, wire: Wire) -> None:
    assert billing.publish([]) == []
    assert wire.operations() == []


def test_of_wrong_events_every_field_is_named_and_none_at_all_is_sent(billing: Publisher, wire: Wire) -> None:
    wrong = tenant_created(tier="pool", coupon="SAVE10") | {"admin": {"email": "nobody"}}
    with pytest.raises(InvalidEventError) as refusal:
        billing.publish([tenant_created(), wrong, {}])
    assert refusal.value.problems.keys() == {1, 2}
    assert {each.field for each in refusal.value.problems[1]} == {"admin.email", "coupon"}
    assert "event 1: coupon is not a field of this event; remove it" in str(refusal.value)
    assert "nobody" not in str(refusal.value)
    assert "SAVE10" not in str(refusal.value)
    assert wire.operations() == []


def test_only_what_the_bus_did_not_take_is_sent_again(
    billing: Publisher, published: Bus, wire: Wire, naps: list[float]
) -> None:
    with wire.strikes("PutEvents", entries_refused(None, "ThrottlingException", None, "InternalFailure")):
        first, second, third, fourth = billing.publish(tenants(4))
    assert (first, third) == ("taken", "taken")
    again = [json.loads(each["Detail"])["tenantId"] for each in wire.bodies("PutEvents")[1]["Entries"]]
    assert again == ["tenant-1", "tenant-3"]
    assert {event["id"] for event in published()} == {second, fourth}
    assert len(naps) == 1


def test_the_pauses_grow_and_end(billing: Publisher, wire: Wire, naps: list[float], monkeypatch: Any) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    with (
        wire.strikes("PutEvents", entries_refused("ThrottlingException"), times=ALWAYS),
        pytest.raises(NotSentError) as refusal,
    ):
        billing.publish([tenant_created()])
    assert wire.count("PutEvents") == publisher.ATTEMPTS
    assert naps == [0.4, 0.8, 1.6, 3.2]
    assert refusal.value.not_sent == [NotSent(tenant_created(), "ThrottlingException")]


@pytest.mark.parametrize("code", sorted(put_events.FINAL_CODES))
def test_what_will_never_be_taken_is_told_at_once(billing: Publisher, wire: Wire, code: str) -> None:
    with wire.strikes("PutEvents", entries_refused(None, code)), pytest.raises(NotSentError) as refusal:
        billing.publish(tenants(2))
    assert str(refusal.value) == f"not sent: tenant-1 ({code})"
    assert refusal.value.event_ids == ["taken", None]
    assert wire.count("PutEvents") == 1


@pytest.mark.parametrize(
    ("strike", "code"),
    [
        (access_denied("events:PutEvents"), "AccessDeniedException"),
        (server_error, "InternalErrorException"),
        (unreachable, "ConnectTimeoutError"),
    ],
    ids=["denied", "error", "unreachable"],
)
def test_after_a_call_that_failed_altogether_all_that_is_left_can_be_published_later(
    billing: Publisher, published: Bus, wire: Wire, strike: Any, code: str
) -> None:
    with wire.strikes("PutEvents", strike, times=ALWAYS, spare=1), pytest.raises(NotSentError) as refusal:
        billing.publish(tenants(23))
    assert [each.code for each in refusal.value.not_sent] == [code] * 10 + ["NotTried"] * 3
    assert "admin@" not in str(refusal.value)
    assert isinstance(refusal.value, PublishingError)
    billing.publish(each.detail for each in refusal.value.not_sent)
    assert [event["detail"]["tenantId"] for event in published()] == [f"tenant-{number}" for number in range(23)]
    assert [bool(event_id) for event_id in refusal.value.event_ids] == [True] * 10 + [False] * 13


@pytest.mark.parametrize("source", ["tenant.onboarding", "aws.events"])
def test_nobody_speaks_in_another_name(source: str) -> None:
    with pytest.raises(ValueError, match="not yours"):
        Publisher(EVENT_BUS, source=source)


def run_apart(program: str) -> Any:
    """Return what a program in a fresh interpreter prints as JSON."""
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"AWS_DEFAULT_REGION": "eu-central-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_the_publisher_imports_the_contract_and_pydantic_and_no_more() -> None:
    loaded = run_apart("import json, sys; import tenant_onboarding.publisher; print(json.dumps(list(sys.modules)))")
    before = run_apart("import json, sys; print(json.dumps(list(sys.modules)))")
    news = {name for name in loaded if name not in before}
    tops = {name.split(".")[0] for name in news} - sys.stdlib_module_names - {"tenant_onboarding"}
    assert {name for name in tops if not name.startswith("_sysconfigdata")} == MAY_IMPORT
    ours = {name for name in news if name.startswith(("orchestrator", "tenant_onboarding."))}
    ours = {name for name in ours if not name.startswith("tenant_onboarding.contracts")}
    assert ours == {"tenant_onboarding.names", "tenant_onboarding.publisher", "tenant_onboarding.put_events"}


def test_a_billing_system_needs_three_packages() -> None:
    """Without any other of our dependencies an event is checked and sent."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    unneeded = {Requirement(line).name for line in project["dependencies"]} - NEEDED
    assert {"aws-lambda-powertools", "jinja2"} <= unneeded
    modules = {"aws-lambda-powertools": "aws_lambda_powertools", "pyjwt": "jwt", "dnspython": ""}
    barred = [modules.get(name, name) for name in sorted(unneeded)]  # email-validator brings dnspython
    sent = run_apart(
        f"""
import json, sys
for name in {[name for name in barred if name]!r}:
    sys.modules[name] = None
import boto3
from botocore.stub import Stubber
from tenant_onboarding.publisher import Publisher
client = boto3.client("events", aws_access_key_id="x", aws_secret_access_key="x")
with Stubber(client) as stub:
    stub.add_response("put_events", {{"FailedEntryCount": 0, "Entries": [{{"EventId": "1"}}]}})
    print(json.dumps(Publisher("bus", source="billing", client=client).publish([{tenant_created()!r}])))
"""
    )
    assert sent == ["1"]
    sdk = tomllib.loads((ROOT / "packages/tenant_onboarding/pyproject.toml").read_text())["project"]
    asked = [*sdk["dependencies"], *sdk["optional-dependencies"]["publisher"]]
    assert {Requirement(line).name for line in asked} == NEEDED
