"""What functions are invoked with, and what a batch gives back."""

from types import SimpleNamespace
from typing import Any, cast

from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.unit.conftest import REGION, message
from tests.unit.simulated_aws import arn_of

STEP = "CreateTenantGroup"
SECRET = "secret@person.example"

CONTEXT = cast(
    "LambdaContext",
    SimpleNamespace(
        aws_request_id="request-1",
        function_name="function",
        function_version="1",
        memory_limit_in_mb=512,
        invoked_function_arn=f"arn:aws:lambda:{REGION}:123456789012:function:function",
        get_remaining_time_in_millis=lambda: 20_000,
    ),
)


def sqs(*bodies: str) -> dict[str, Any]:
    """Return an event of the queue; the messages are `m0`, `m1`, and so on."""
    records = [
        {
            "messageId": f"m{number}",
            "receiptHandle": "handle",
            "body": body,
            "attributes": {},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:intake",
            "awsRegion": REGION,
        }
        for number, body in enumerate(bodies)
    ]
    return {"Records": records}


def returned(answer: Any) -> list[str]:
    """Return which messages a batch gives back to the queue."""
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def invocation(step: str = STEP, *, attempt: int = 1, **execution: Any) -> dict[str, Any]:
    """Return what the workflow sends to a step's function."""
    return {
        "step": step,
        "tenantId": "acme",
        "attempt": attempt,
        "execution": {"Id": arn_of(attempt=attempt), "RedriveCount": 0} | execution,
    }


def onboarded(tenant_id: str) -> str:
    detail = {
        "tenantId": tenant_id,
        "attempt": 1,
        "redrive": 0,
        "eventKey": f"{tenant_id}:TenantOnboarded:1:0",
        "tier": "pool",
        "region": REGION,
        "userPoolId": "pool",
        "appClientId": "client",
        "issuer": "issuer",
        "domain": "domain",
        "groupName": tenant_id,
        "subdomain": tenant_id,
    }
    return message(detail)
