"""Publishes TenantCreated with boto3 and nothing of ours: python publish.py BUS SOURCE DETAIL.json..."""

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import boto3

MOST_ENTRIES = 10
ATTEMPTS = 5


def publish(client: Any, bus: str, source: str, details: list[dict[str, Any]]) -> list[str]:
    """Put an event for each detail on the bus and return their ids; raises RuntimeError naming who is not there.

    PutEvents answers with success though it took no entry, so each answer is looked at.
    """
    event_ids: dict[int, str] = {}
    left = list(range(len(details)))
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311  # spreads load
        for start in range(0, len(left), MOST_ENTRIES):
            batch = left[start : start + MOST_ENTRIES]
            entries = [
                {
                    "EventBusName": bus,
                    "Source": source,
                    "DetailType": "TenantCreated",
                    "Detail": json.dumps(details[place]),
                }
                for place in batch
            ]
            answers = client.put_events(Entries=entries)["Entries"]
            for place, answer in zip(batch, answers, strict=True):
                if "EventId" in answer:
                    event_ids[place] = answer["EventId"]
        left = [place for place in left if place not in event_ids]
        if not left:
            return [event_ids[place] for place in range(len(details))]
    raise RuntimeError("not sent: " + ", ".join(details[place]["tenantId"] for place in left))


if __name__ == "__main__":
    bus, source, *files = sys.argv[1:]
    for event_id in publish(
        boto3.client("events"), bus, source, [json.loads(Path(file).read_text()) for file in files]
    ):
        print(event_id)
