"""What Amazon SES reports of emails, as AWS documents it, with our tags."""

import copy
import json
from pathlib import Path
from typing import Any

from orchestrator.emails import reports
from orchestrator.emails.reports import Report

Event = dict[str, Any]  # Any: JSON
SAMPLES: dict[str, Event] = {
    path.stem: json.loads(path.read_text())
    for path in sorted((Path(__file__).parents[2] / "events" / "ses").glob("*.json"))
}
ADDRESS = "recipient@example.com"


def about(name: str, **mail: Any) -> Event:
    """Return an event about an email that differs from the sample's by this."""
    event = copy.deepcopy(SAMPLES[name])
    event["detail"]["mail"] |= mail
    return event


def read(event: Event) -> Report:
    """Return what an event says that comes as it does from a queue."""
    return reports.read(json.dumps(event))


def automatic_answer(**mail: Any) -> Event:
    """Return what SES tells of an answer that a mailbox gives by itself."""
    event = about("bounce", **mail)
    event["detail"]["bounce"] |= {"bounceType": "Transient", "bounceSubType": "General", "bouncedRecipients": []}
    return event
