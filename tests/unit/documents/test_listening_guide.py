"""What is said to those who listen holds: the event is ours, the rule takes it alone, the function works once."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from moto.events.models import EventPattern

from tenant_onboarding.contracts.outgoing import TenantOnboarded, TenantOnboardingStarted
from tenant_onboarding.names import SOURCE
from tests.pages import EVENTS
from tests.unit.documents.guide_blocks import blocks, section
from tests.unit.faults import Wire

GUIDE = section(EVENTS, "### Listen")
EVENT, PATTERN = (json.loads(each) for each in blocks(GUIDE, "json"))
Consumer = Callable[[dict[str, Any], object], None]


def test_the_event_is_one_of_ours_as_the_bus_delivers_it() -> None:
    told = TenantOnboarded.model_validate(EVENT["detail"])
    assert json.loads(told.to_json()) == EVENT["detail"]
    assert TenantOnboarded.model_validate({**EVENT["detail"], "eventKey": ""}).event_key == ""
    derived = {name: value for name, value in EVENT["detail"].items() if name != "eventKey"}
    assert TenantOnboarded.model_validate(derived).event_key == EVENT["detail"]["eventKey"]
    assert (EVENT["source"], EVENT["detail-type"]) == (SOURCE, TenantOnboarded.__name__)


@pytest.mark.parametrize(
    ("change", "taken"),
    [({}, True), ({"detail-type": TenantOnboardingStarted.__name__}, False), ({"source": "billing"}, False)],
)
def test_the_rule_takes_that_event_and_no_other(change: dict[str, str], taken: bool) -> None:
    assert EventPattern.load(json.dumps(PATTERN)).matches_event(EVENT | change) is taken


@pytest.fixture
def opened(wire: Wire) -> list[tuple[str, str]]:
    """Whom the function of the guide has opened an account for; `deliver` is that function."""
    boto3.client("dynamodb").create_table(
        TableName="seen-events",
        AttributeDefinitions=[{"AttributeName": "eventKey", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "eventKey", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return []


def consumer(opened: list[tuple[str, str]], fails: bool = False) -> Consumer:
    (program,) = blocks(GUIDE, "python")
    names: dict[str, Any] = {}
    exec(program, names)  # the page's own text

    def open_account(tenant_id: str, subdomain: str) -> None:
        if fails:
            raise RuntimeError("the product is not there")
        opened.append((tenant_id, subdomain))

    names["open_account"] = open_account
    handler: Consumer = names["handler"]
    return handler


def test_what_is_delivered_twice_is_done_once(opened: list[tuple[str, str]]) -> None:
    handler = consumer(opened)
    for _ in range(3):
        handler(EVENT, None)
    handler(
        EVENT | {"detail": EVENT["detail"] | {"tenantId": "globex", "eventKey": "globex:TenantOnboarded:1:0"}}, None
    )
    assert opened == [("acme", "acme"), ("globex", "acme")]


def test_what_failed_is_done_when_it_is_delivered_again(opened: list[tuple[str, str]]) -> None:
    with pytest.raises(RuntimeError):
        consumer(opened, fails=True)(EVENT, None)
    consumer(opened)(EVENT, None)
    assert opened == [("acme", "acme")]
