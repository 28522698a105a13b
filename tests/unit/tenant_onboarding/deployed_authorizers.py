"""The authorizers that customers have deployed: the present one, and the first, as `tests/compatibility` keeps it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from tests.unit.conftest import REGION
from tests.unit.tenant_onboarding.user_pools import DOMAIN, SUBJECT, KeyServer

Item = dict[str, Any]
Items = list[Item]

FOLDER = Path(__file__).parents[2] / "compatibility"
AUTHORIZERS = {
    "before": ("handlers.authorizer", str(FOLDER / "authorizer-3b1e3f1.zip")),
    "now": ("tenant_onboarding.authorizer.handler", ""),
}
"""Each one's module, and where it is imported from before all else."""
DRIVER = """
import importlib, json, sys
handler = importlib.import_module(sys.argv[1]).handler
print(json.dumps([handler(event, None) for event in json.load(sys.stdin)]))
"""


@dataclass(frozen=True)
class Request:
    """A token taken to a host, and whose request it is; None: it must not be let in."""

    what: str
    token: str
    host: str
    wanted: str | None
    user_id: str = SUBJECT

    def event(self) -> dict[str, Any]:
        """Return what the authorizer is asked."""
        headers = {"authorization": f"Bearer {self.token}", "host": f"{self.host}.{DOMAIN}"}
        return {"version": "2.0", "headers": headers, "requestContext": {"requestId": self.what}}


@contextmanager
def registry_of(items: Items) -> Iterator[str]:
    """Serve items as DynamoDB does, for GetItem alone; yields the address."""
    stored = {item["routeKey"]: TypeSerializer().serialize(item)["M"] for item in items}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["X-Amz-Target"] == "DynamoDB_20120810.GetItem"
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            item = stored.get(asked["Key"]["routeKey"]["S"])
            body = json.dumps({"Item": item} if item else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def answers(authorizer: str, items: Items, asked: list[Request], keys: KeyServer, folder: Path) -> list[dict[str, Any]]:
    """Return what an authorizer in a process of its own answers to each request, with these items in the registry."""
    module, first = AUTHORIZERS[authorizer]
    with registry_of(items) as address:
        told = {
            "ONBOARDING_ROUTES_TABLE": "routes",
            "ONBOARDING_APP_DOMAIN": DOMAIN,
            "AUTHORIZER_TOKEN_USES": "access",
            "AUTHORIZER_HOST_HEADER": "host",
            "AUTHORIZER_JWKS_ADDRESS": keys.address,
            "AWS_ENDPOINT_URL_DYNAMODB": address,
            "AWS_DEFAULT_REGION": REGION,
            "NO_PROXY": "127.0.0.1",
            "PYTHONPATH": first,
        }
        done = subprocess.run(
            [sys.executable, "-c", DRIVER, module],
            cwd=folder,
            env=os.environ | told,
            input=json.dumps([each.event() for each in asked]),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    given: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return given
