"""Signing in at Amazon Cognito as AWS documents it, where moto lets pass what Cognito refuses: a stand-in at the wire.

    with sign_in_at_cognito.standing_in() as cognito:
        cognito.ahead = 16 * 60  # its clock; every challenge session has ended

It answers the operations of `OPERATIONS` itself, of the users, app clients and settings that moto holds, and passes
everything else on. Tokens come from the product's own trigger and are signed by a key of the user pool, which
`cognito.serve` publishes.

A refusal says where it is known from: [M] botocore's service model, [D] AWS documentation (the developer guide's pages
on authentication, MFA, user existence errors, revoking tokens, and the API reference), [I] issues that quote the
service's answer, NC not confirmed. `test_sign_in_at_cognito` lists them all.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias
from unittest import mock

from botocore.awsrequest import AWSPreparedRequest
from moto.core.models import botocore_stubber

from tests.unit import strict_cognito
from tests.unit.sign_in_at_cognito import by_tokens, challenges, tokens
from tests.unit.sign_in_at_cognito.cognito import Cognito
from tests.unit.strict_cognito import service_model
from tests.unit.strict_cognito.call import DEFAULT_LIMITS, Call, RefusalError

__all__ = ["OPERATIONS", "Cognito", "standing_in"]

Operation: TypeAlias = Callable[[Cognito, Call], dict[str, Any]]
OPERATIONS: dict[str, Operation] = {
    "AdminInitiateAuth": challenges.initiate,
    "AdminRespondToAuthChallenge": challenges.respond,
    "AssociateSoftwareToken": challenges.associate,
    "VerifySoftwareToken": challenges.verify,
    "RevokeToken": tokens.revoke,
    "AdminSetUserMFAPreference": by_tokens.prefer,
    "AdminDeleteSoftwareToken": by_tokens.delete,
}


@contextmanager
def standing_in() -> Iterator[Cognito]:
    """Let people sign in at a Cognito that nobody has signed in at before, inside the block."""
    cognito, answer = Cognito(), botocore_stubber.process_request

    def strictly(request: AWSPreparedRequest) -> object:
        call = strict_cognito.call_of(request, DEFAULT_LIMITS)
        if call:
            _secrets_fit_the_service_model(call)
        if call and call.operation == "AdminUserGlobalSignOut":
            tokens.end_all(cognito, call)
        operation = OPERATIONS.get(call.operation) if call else None
        return _answer(cognito, call, operation) if call and operation else answer(request)

    with mock.patch.object(botocore_stubber, "process_request", strictly):
        yield cognito


def _secrets_fit_the_service_model(call: Call) -> None:
    """Moto's secrets of app clients have hyphens, which RevokeToken takes in none [M]."""
    for pool in call.backend.user_pools.values():
        for client in pool.clients.values():
            client.secret = client.secret.replace("-", "")


def _answer(cognito: Cognito, call: Call, operation: Operation) -> strict_cognito.Answer:
    try:
        service_model.a_request_fits_the_service_model(call)
        answered, status, headers = operation(cognito, call), 200, {}
    except RefusalError as refusal:
        answered, status = {"__type": refusal.code, "message": refusal.message}, 400
        headers = {"x-amzn-errortype": refusal.code}
    return status, headers | {"content-type": "application/x-amz-json-1.1"}, json.dumps(answered)
