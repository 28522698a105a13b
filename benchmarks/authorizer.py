"""Times the authorizer against what it is made of: `python -m benchmarks.authorizer [CHECKOUT]`.

Verified tokens a second through the warm handler, against PyJWT's bare `decode` with the same token, key and checks;
and the import of its module in a fresh interpreter, against a bare `import boto3`. Rounds of both take turns, and the
medians are compared. Its import and size are shown beside the whole package's that the deployment's own functions
have, and beside those in the checkout of another commit where `make setup` was run. Exit status 1 if the authorizer is
below its goal for tokens or for the import.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import jwt
from moto import mock_aws

from benchmarks.imports import compared, import_seconds
from benchmarks.packages import MB, sizes, zipped
from infra import ROOT
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
FILL_ALL = "import sys, pathlib; from infra.bundling import fill; fill(pathlib.Path(sys.argv[1]), local=False)"
FILL = f"""
try:
    import sys, pathlib; from infra.packages import fill; fill(pathlib.Path(sys.argv[1]))
except ImportError:
    {FILL_ALL}
"""
"""Puts into a folder what is deployed: for the authorizer of older commits that was what all functions had."""
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
    _compare([ROOT, *map(Path, sys.argv[1:])])
    print(f"goals: at least {LEAST_SHARE}, at most {MOST_TIMES}")
    return int(min(shares) < LEAST_SHARE or times > MOST_TIMES)


def _share(kind: str, tenant_id: str) -> float:
    """Print how many tokens of a tenant are verified in a second, and return which part of bare decoding that is."""
    bare, whole, share = compared(_rates(tenant_id, token_of(tenant_id)))
    rates = f"bare decode {bare:,.0f}, authorizer {whole:,.0f}: {share:.2f} of it"
    print(f"verified tokens a second, {kind} app client: {rates}")
    return share


def _compare(checkouts: list[Path]) -> None:
    """Print what starting the authorizer takes in each checkout, in turns, and what is deployed for it."""
    places = {checkout: (checkout / ".venv" / "bin" / "python", module_in(checkout)) for checkout in checkouts}
    rounds = [
        {
            checkout: import_seconds(module, python=python, clock="process_time", folder=checkout)
            for checkout, (python, module) in places.items()
        }
        for _ in range(IMPORTS)
    ]
    for number, (checkout, (python, module)) in enumerate(places.items()):
        seconds = median(each[checkout] for each in rounds)
        where = f"in {checkout}" if number else "here"
        print(f"{where}: {module} takes {seconds * 1_000:.0f} ms of CPU to import; {_size(python, checkout, FILL)}")
        if not number:
            print(f"{where}: the deployment's own functions: {_size(python, checkout, FILL_ALL)}")


def module_in(checkout: Path) -> str:
    """Return the module of the authorizer; before there was a package for customers it was one of the handlers."""
    return "handlers.authorizer" if (checkout / "handlers" / "authorizer.py").exists() else authorizer.__name__


def _size(python: Path, checkout: Path, program: str) -> str:
    """Return how large what is deployed is, zipped and unzipped."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([str(python), "-c", program, folder], cwd=checkout, check=True)  # noqa: S603  # our own program
        unzipped = sizes(Path(folder)).total()
        return f"{zipped(Path(folder)) / MB:.1f} MB zipped, {unzipped / MB:.1f} MB unzipped"


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
    context = SimpleNamespace()

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
