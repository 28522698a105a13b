"""Resending the welcome email: asked of the Welcome function, which alone sets passwords and sends mail."""

import json
from typing import TYPE_CHECKING, Any

from orchestrator.aws import errors
from orchestrator.aws.errors import OnboardingError, TransientError, advice_for
from orchestrator.welcome.resent import Resent

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


def resend_welcome(clients: "Clients", settings: "Settings", tenant_id: str, by: str | None = None) -> Resent:
    """Have a COMPLETED tenant mailed anew, a local admin's only before the first sign-in; return what came of it.

    `by` is who asks for it, as `orchestrator.tenants.actions` has it.

    Of two who ask at once, one email comes. Raises the errors of `orchestrator.aws.errors` and those of AWS; after a
    lost answer the email may have been sent.
    """
    asked = {"resend": tenant_id, "by": by}
    answer = clients.functions.invoke(FunctionName=settings.welcome_function_name, Payload=json.dumps(asked).encode())
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise _failure(said)
    return Resent(said["tenantId"], said["message"], sent=said["sent"])


def _failure(said: dict[str, Any]) -> OnboardingError:
    """Return the error that the function raised; what Lambda itself names is worth another try."""
    name, code = str(said.get("errorType", "Unknown")), str(said.get("errorMessage", ""))
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, OnboardingError):
        return kind(f"The Welcome function failed with {name} ({code})", code=code, next_action=advice_for(name, code))
    return TransientError(
        f"The Welcome function ended with {name}", code=name, settled=False, next_action=advice_for(name)
    )
