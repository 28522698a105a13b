"""Times the authorizer against what it is made of: `python -m benchmarks.authorizer`.

Verified tokens a second through the warm handler, against PyJWT's bare `decode` with the same token, key and checks;
and the import of its module in a fresh interpreter, against a bare `import boto3`. Rounds of both take turns, and the
medians are compared. Exit status 1 if the authorizer is below its goal for either.
"""

import os
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import jwt
from aws_lambda_powertools.utilities.typing import LambdaContext
from moto import mock_aws

from benchmarks.imports import compared, import_seconds
from orchestrator.aws.clients import Clients
from tenant_onboarding.authorizer import handler as authorizer
from tenant_onboarding.authorizer.token_verifier import LEEWAY_SECONDS, OPTIONS
from tests.unit.tenant_onboarding.user_pools import (
    DOMAIN,
    claims_of,
    key_server,
    public_jwk,
    routes,
    token_of,
    user_pool,
)

TOKENS = 2_000
ROUNDS = 15
IMPORTS = 15
LEAST_SHARE = 0.6
MOST_TIMES = 1.5
TENANTS = {"its own": "tyrell", "a shared": "acme"}
"""A tenant with an app client of each kind; of a shared one the verifier looks the tenant up too."""
ENVIRONMENT = {
    authorizer.ROUTES_TABLE: "routes",
    authorizer.APP_DOMAIN: DOMAIN,
    authorizer.TOKEN_USES: "access",
    authorizer.HOST_HEADER: "host",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


def main() -> int:
    """Print both comparisons."""
    os.environ.update(ENVIRONMENT)
    with mock_aws(), key_server() as keys:
        os.environ[authorizer.JWKS_ADDRESS] = keys.address
        _fill_registry()
        shares = [_share(kind, tenant_id) for kind, tenant_id in TENANTS.items()]
        assert len(keys.asked) == len(TENANTS)
    imports = [
        (import_seconds("boto3"), import_seconds("tenant_onboarding.authorizer.handler")) for _ in range(IMPORTS)
    ]
    boto3, module, times = compared(imports)
    print(f"import: boto3 {boto3 * 1_000:.0f} ms, authorizer {module * 1_000:.0f} ms: {times:.2f} times it")
    print(f"goals: at least {LEAST_SHARE}, at most {MOST_TIMES}")
    return int(min(shares) < LEAST_SHARE or times > MOST_TIMES)


def _share(kind: str, tenant_id: str) -> float:
    """Print how many tokens of a tenant are verified in a second, and return which part of bare decoding that is."""
    bare, whole, share = compared(_rates(tenant_id, token_of(tenant_id)))
    rates = f"bare decode {bare:,.0f}, authorizer {whole:,.0f}: {share:.2f} of it"
    print(f"verified tokens a second, {kind} app client: {rates}")
    return share


def _fill_registry() -> None:
    dynamodb = Clients().dynamodb
    dynamodb.create_table(
        TableName="routes",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "routeKey", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "routeKey", "AttributeType": "S"}],
    )
    for item in routes():
        dynamodb.put_item(TableName="routes", Item=item)


def _rates(tenant_id: str, token: str) -> list[tuple[float, float]]:
    """Return, by round, how many times a second a token is decoded, and a request with it let in."""
    key, claims = jwt.PyJWK(public_jwk(user_pool(tenant_id))), claims_of(tenant_id)
    headers = {"authorization": f"Bearer {token}", "host": f"{tenant_id}.{DOMAIN}", "accept": "*/*"}
    event = {"version": "2.0", "type": "REQUEST", "headers": headers, "requestContext": {"requestId": "id"}}
    context = cast(LambdaContext, SimpleNamespace())

    def decode() -> dict[str, Any]:
        return jwt.decode(
            token, key, algorithms=["RS256"], issuer=claims["iss"], leeway=LEEWAY_SECONDS, options=OPTIONS
        )

    def authorize() -> dict[str, Any]:
        return authorizer.handler(event, context)

    assert decode()["tenantId"] == tenant_id
    assert authorize()["context"]["tenantId"] == tenant_id
    return [(_rate(decode), _rate(authorize)) for _ in range(ROUNDS)]


def _rate(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(TOKENS):
        call()
    return TOKENS / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
