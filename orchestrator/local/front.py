"""What DNS and a wildcard certificate do for a product on AWS, played on loopback: each tenant has its own host name.

`http://acme.localhost:PORT` stands for `https://acme.app.example` in both directions: requests bear the real host name
when they reach the product's API, and whoever is sent to the real address is sent here. The user pools' own addresses
are at `http://localhost:PORT`, so that what Cognito sends back passes by here too. The account API is at each tenant's
host name, below its own path, as it can be on AWS: no page there asks another origin, and none needs to name its host.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from orchestrator.local.ministack import LocalStackError

SECONDS = 30
MOST_BYTES = 1_000_000
"""A SAML answer, the longest thing that anybody sends here, has some 10 KB."""
OF_USER_POOLS = ("/oauth2/", "/saml2/", "/login", "/logout")
NOT_PASSED_ON = {"connection", "content-length", "host", "keep-alive", "transfer-encoding", "x-forwarded-host"}
ACCOUNT = "/account/v1/"
"""Where the account API's paths begin."""
FOR_A_HOST = f"{ACCOUNT}auth/"
"""Of these the ones that are for a host; the others go by a token."""
LABEL = re.compile(r"(?:([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\.)?localhost")


class Front:
    """A loopback server that puts a product under its tenants' host names."""

    def __init__(self, app_domain: str, aws: str, port: int | None = None) -> None:
        """Take a port, a free one by default; raises LocalStackError."""
        self._app_domain, self._aws = app_domain, urlsplit(aws)
        self._product = self._account = ""
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port or 0), partial(_Request, self))
        except OSError as error:
            raise LocalStackError(f"Port {port} cannot be used ({error.strerror}); choose another") from None
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    @property
    def sign_in_address(self) -> str:
        """Where the user pools' own addresses are."""
        return f"http://localhost:{self.port}"

    def address_of(self, subdomain: str) -> str:
        """Return where a tenant's people find the product."""
        return f"http://{subdomain}.localhost:{self.port}"

    @contextmanager
    def serving(self, product: str, account_api: str) -> Iterator[None]:
        """Answer for the product and the account API, which the local AWS has at these addresses, in a with block."""
        self._product, self._account = urlsplit(product).path, urlsplit(account_api).path.removesuffix(ACCOUNT[:-1])
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            thread.join()

    def close(self) -> None:
        """Give the port back."""
        self._server.server_close()

    def target(self, host: str, path: str) -> tuple[str, str] | None:
        """Return the host name and the path that a request is passed on with; None for what is nowhere."""
        name, _, port = host.partition(":")
        found = LABEL.fullmatch(name)
        if found is None or port != str(self.port):  # another site's name that was made to lead here
            return None
        if found[1]:
            api = self._account if path.startswith(ACCOUNT) else self._product
            return f"{found[1]}.{self._app_domain}", f"{api}{path}"
        return (self._aws.netloc, path) if path.startswith(OF_USER_POOLS) else None

    def told(self, host: str, path: str, body: bytes) -> bytes:
        """Return the body that a request is passed on with: where it is for a host and names none, that is named.

        On AWS the account API is told by API Gateway where it was sent to; the local one is told its own name.
        """
        return _naming(host, body) if path.startswith(f"{self._account}{FOR_A_HOST}") else body

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[HTTPResponse, bytes]:
        """Return the local AWS's answer and its body."""
        connection = HTTPConnection(self._aws.netloc, timeout=SECONDS)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def here(self, address: str) -> str:
        """Return where an address of the product is on this machine; others stay as they are."""
        pattern = rf"https://([a-z0-9-]+)\.{re.escape(self._app_domain)}(?=[/?#]|$)"
        return re.sub(rf"^{pattern}", lambda found: self.address_of(found[1]), address)


def _naming(host: str, body: bytes) -> bytes:
    try:
        found = json.loads(body.decode())
        names_one = not isinstance(found, dict) or found.get("host") is not None
        return body if names_one else json.dumps(found | {"host": host}).encode()
    except (ValueError, RecursionError):
        return body  # the API's to refuse


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SECONDS

    def __init__(self, front: Front, *connection: object) -> None:
        self._front = front
        super().__init__(*connection)  # type: ignore[arg-type]  # what socketserver hands over

    def do_GET(self) -> None:
        self._pass_on()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = do_GET  # noqa: N815  # the names that http.server calls

    def _pass_on(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        target = self._front.target(self.headers.get("Host", ""), self.path)
        if target is None or length > MOST_BYTES:
            self.close_connection = True
            return self._answer(421 if target is None else 413, [], b"")
        host, path = target
        headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED_ON}
        try:
            sent = self._front.told(host, path, self.rfile.read(length))
            answer, body = self._front.ask(self.command, path, headers | {"Host": host}, sent)
        except (OSError, HTTPException):
            return self._answer(502, [], b"")
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in NOT_PASSED_ON]
        told = [(name, self._front.here(value) if name.lower() == "location" else value) for name, value in kept]
        return self._answer(answer.status, told, body)

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal belongs to the command."""
