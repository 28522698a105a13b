"""What becomes of a welcome email, told as Amazon SES tells it: the emulator itself tells nothing about mail."""

import json
from pathlib import Path

import boto3

from orchestrator import mail_feedback
from tests.e2e.world import World, tenant

BOUNCE = Path(__file__).parents[1] / "events" / "ses" / "bounce.json"


def test_a_bounce_is_shown_and_the_tenant_stays_completed(everything: World) -> None:
    """The function that the template has writes it with the grants that it has there, through its alias."""
    page = everything.onboard(tenant("bounced"))
    assert page["welcomeEmail"]["status"] == mail_feedback.SENT
    event = json.loads(BOUNCE.read_text())
    event["detail"]["mail"]["messageId"] = page["welcomeEmail"]["messageId"]
    event["detail"]["mail"]["tags"] |= {tag["Name"]: [tag["Value"]] for tag in mail_feedback.tags("bounced", 1)}
    functions = boto3.client("lambda").get_paginator("list_functions").paginate()
    (name,) = [
        each["FunctionName"]
        for found in functions
        for each in found["Functions"]
        if each["Handler"] == "handlers.mail_feedback.handler"
    ]
    answer = boto3.client("lambda").invoke(FunctionName=f"{name}:live", Payload=json.dumps(event).encode())
    assert "FunctionError" not in answer
    after = everything.show("bounced")
    assert after["status"] == "COMPLETED"
    told = after["welcomeEmail"]
    assert (told["status"], told["reason"]) == (mail_feedback.BOUNCED, "Permanent General 5.1.1 550")
    assert "resend-welcome bounced" in told["nextAction"]
