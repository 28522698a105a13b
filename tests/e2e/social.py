"""People who come from a social provider: tenants that let them, and the question whether they may become users."""

import json
from typing import Any

from tests.e2e.world import SECRET, World, tenant

TRIGGER = "TenantOnboarding-pre-sign-up:live"

Resources = dict[str, Any]


def social(world: World, tenant_id: str, sign_up: str) -> dict[str, Any]:
    """Return the detail of a silo tenant whose people come from Google."""
    google = {
        "name": "Google",
        "type": "Google",
        "clientId": "product",
        "clientSecretArn": world.put_secret(f"tenant-onboarding/{tenant_id}/google", SECRET),
    }
    detail = tenant(tenant_id, tier="silo", identityProviders=[google], users={"signUp": sign_up})
    detail["routing"]["emailDomains"] = [f"{tenant_id}.example"]
    return detail


def ask(world: World, at: Resources, email: str, verified: str = "true") -> str | None:
    """Ask the function as Cognito does of somebody from Google; return what is said if nobody is made a user."""
    event = {
        "version": "1",
        "triggerSource": "PreSignUp_ExternalProvider",
        "region": at["region"],
        "userPoolId": at["userPoolId"],
        "userName": "google_112233445566778899001",
        "callerContext": {"awsSdkVersion": "x", "clientId": at["appClientId"]},
        "request": {"userAttributes": {"email": email, "email_verified": verified}, "validationData": {}},
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }
    functions = world.stack.clients.in_region(at["region"]).functions
    answer = functions.invoke(FunctionName=TRIGGER, Payload=json.dumps(event).encode())
    said = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        assert email not in json.dumps(said)
        return str(said["errorMessage"])
    assert said == event
    return None
