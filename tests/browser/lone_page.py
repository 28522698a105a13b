"""The sample product's page by itself: its own function serves it, and a test says what all others answer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

from playwright.sync_api import Page, Route

from examples.product import bundling
from examples.product.functions import page as function

ACCOUNT_API = "/account/v1"
TOLD = {
    "PRODUCT_CONFIG_URL": "/config",
    "PRODUCT_ACCOUNT_API": ACCOUNT_API,
    "PRODUCT_COGNITO_ADDRESS": "https://cognito-idp.{region}.amazonaws.com",
    "PRODUCT_SIGN_IN_ADDRESS": "https://{domain}",
    "PRODUCT_CALLBACK_PATH": "/auth/callback",
    "PRODUCT_REGIONS": "",
    "AWS_REGION": "us-east-1",
}
CONFIG = {
    "tenantId": "acme",
    "userPoolId": "us-east-1_Example01",
    "appClientId": "client",
    "userNameTemplate": "{tenantId}/{email}",
    "region": "us-east-1",
    "domain": "acme.auth.us-east-1.amazoncognito.com",
    "signInAddress": "https://acme.app.example",
    "issuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01",
    "tokenUse": "access",
    "identityProviders": [],
}


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the page on loopback out of an empty folder for the length of a with block; yields its address."""
    bundling.fill(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            event = {"rawPath": self.path.partition("?")[0], "headers": {"host": self.headers["Host"]}}
            answer = function.handler(event, None)
            body = answer["body"].encode()
            self.send_response(answer["statusCode"])
            for name, value in {**answer["headers"], "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    with patch.dict("os.environ", TOLD), patch.object(function, "FOLDER", folder / "page"):
        function.parts.cache_clear()
        function.version.cache_clear()
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            function.parts.cache_clear()
            function.version.cache_clear()


def answer_for(page: Page, **tenant: Any) -> None:
    """Answer the page for the resolver, as of one tenant, and for Cognito, which knows nobody."""
    page.route("**/config?*", lambda route: route.fulfill(json=CONFIG | tenant))
    page.route("https://cognito-idp.us-east-1.amazonaws.com/", _knows_nobody)


def _knows_nobody(route: Route) -> None:
    said = {"__type": "NotAuthorizedException", "message": "Incorrect username or password."}
    route.fulfill(
        status=400, json=said, headers={"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
    )
