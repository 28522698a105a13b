"""Puts what the rule made of Stripe's event on the onboarding bus; there it is judged."""

import json
import os
from functools import cache
from typing import Any

import boto3

DETAIL_TYPE = "TenantCreated"


@cache
def client() -> Any:
    """Return the client of this execution environment."""
    return boto3.client("events")


def handler(event: dict[str, Any], context: object) -> None:
    """Publish the detail; raises RuntimeError if the bus did not take it, and then Lambda tries again."""
    entry = {
        "EventBusName": os.environ["ADAPTER_EVENT_BUS"],
        "Source": os.environ["ADAPTER_SOURCE"],
        "DetailType": DETAIL_TYPE,
        "Detail": json.dumps(event),
    }
    answer = client().put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"PutEvents: {answer['Entries'][0].get('ErrorCode')}")
