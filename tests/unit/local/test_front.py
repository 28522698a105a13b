"""The local front: host names are told from each other as on AWS, and nobody is served who names another."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests

from orchestrator.local.front import MOST_BYTES, Front
from orchestrator.local.ministack import LocalStackError, free_port

API = "/_aws/execute-api/api/$default"
ACCOUNTS = "/_aws/execute-api/accounts/$default"
REAL = "https://acme.my.app.example/auth/callback?code=x"


@dataclass
class Aws:
    """A server in the local AWS's stead, and what it was asked."""

    port: int = 0
    location: str = REAL
    asked: list[tuple[str, str, Message, bytes]] = field(default_factory=list)


@pytest.fixture
def aws() -> Iterator[Aws]:
    aws = Aws()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            aws.asked.append((self.command, self.path, self.headers, body))
            self.send_response(302)
            self.send_header("Location", aws.location)
            self.send_header("Set-Cookie", "a=1")
            self.send_header("Set-Cookie", "b=2")
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"there")

        do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    aws.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield aws
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def front(aws: Aws) -> Iterator[Front]:
    endpoint = f"http://127.0.0.1:{aws.port}"
    with (
        closing(Front("my.app.example", endpoint)) as front,
        front.serving(f"{endpoint}{API}", f"{endpoint}{ACCOUNTS}/account/v1"),
    ):
        yield front


def ask(front: Front, path: str, host: str, method: str = "GET", **more: object) -> requests.Response:
    headers = {"Host": host.format(port=front.port), "X-Forwarded-Host": "globex.my.app.example", "X-Other": "kept"}
    address = f"http://127.0.0.1:{front.port}{path}"
    return requests.request(method, address, headers=headers, allow_redirects=False, timeout=5, **more)  # type: ignore[arg-type]


def test_a_tenants_host_name_reaches_the_product_as_the_real_one(front: Front, aws: Aws) -> None:
    answer = ask(front, "/me?x=1", "acme.localhost:{port}", "POST", data=b"body")
    ((method, path, headers, body),) = aws.asked
    assert (method, path, body) == ("POST", f"{API}/me?x=1", b"body")
    assert headers.get_all("Host") == ["acme.my.app.example"]
    assert headers["X-Forwarded-Host"] is None
    assert headers["X-Other"] == "kept"
    assert (answer.status_code, answer.text) == (302, "there")
    assert answer.raw.headers.getlist("Set-Cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(
    ("path", "api"),
    [
        ("/account/v1/auth/confirm", ACCOUNTS),
        ("/account/v1/?x=/me", ACCOUNTS),
        ("/account/v1", API),
        ("/account/v10/auth/confirm", API),
        ("/x/account/v1/auth/confirm", API),
    ],
)
def test_the_account_api_is_at_every_tenants_host_name(path: str, api: str, front: Front, aws: Aws) -> None:
    ask(front, path, "acme.localhost:{port}", "POST", data=b"{}")
    ((_, passed_on, headers, _),) = aws.asked
    assert (passed_on, headers["Host"]) == (f"{api}{path}", "acme.my.app.example")


REAL_HOST = "acme.my.app.example"


@pytest.mark.parametrize(
    ("path", "sent", "told"),
    [
        ("auth/sign-in", {"email": "j@x.example"}, {"email": "j@x.example", "host": REAL_HOST}),
        ("auth/sign-in", {"host": None}, {"host": REAL_HOST}),
        ("auth/sign-in", {"host": "globex.my.app.example"}, {"host": "globex.my.app.example"}),
        ("auth/confirm?host=x", {}, {"host": REAL_HOST}),
        ("users/me", {"name": "Jane"}, {"name": "Jane"}),
    ],
)
def test_a_page_need_not_name_its_own_host(
    path: str, sent: dict[str, object], told: dict[str, object], front: Front, aws: Aws
) -> None:
    """What names a host, or takes none, stays as it is."""
    ask(front, f"/account/v1/{path}", "acme.localhost:{port}", "POST", json=sent)
    assert json.loads(aws.asked[0][3]) == told


@pytest.mark.parametrize(
    "sent", [b"", b"{", b"[]", b"1", b'{"a": \xff}', b"[" * 200_000, b'{"n": ' + b"9" * 5_000 + b"}"]
)
def test_what_is_no_object_is_the_apis_to_refuse(sent: bytes, front: Front, aws: Aws) -> None:
    ask(front, "/account/v1/auth/sign-in", "acme.localhost:{port}", "POST", data=sent)
    assert aws.asked[0][3] == sent


def test_the_product_gets_bodies_as_they_are(front: Front, aws: Aws) -> None:
    ask(front, "/account/v1", "acme.localhost:{port}", "POST", data=b"{}")
    assert aws.asked[0][3] == b"{}"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_of_the_apis_passes(method: str, front: Front, aws: Aws) -> None:
    ask(front, "/account/v1/users/me", "acme.localhost:{port}", method)
    assert aws.asked[0][0] == method


def test_user_pools_addresses_pass_by_under_the_plain_name(front: Front, aws: Aws) -> None:
    ask(front, "/saml2/idpresponse", "localhost:{port}", "POST", data={"SAMLResponse": "x"})
    ((_, path, headers, _),) = aws.asked
    assert (path, headers["Host"]) == ("/saml2/idpresponse", f"127.0.0.1:{aws.port}")


@pytest.mark.parametrize(
    ("real", "here"),
    [
        (REAL, "http://acme.localhost:{port}/auth/callback?code=x"),
        ("https://acme.my.app.example", "http://acme.localhost:{port}"),
        ("https://idp.acme.example/sso", "https://idp.acme.example/sso"),
        ("https://acme.my.app.example.evil.example/", "https://acme.my.app.example.evil.example/"),
        ("https://acme.my-app.example/", "https://acme.my-app.example/"),
        ("https://evil.example/?https://acme.my.app.example/", "https://evil.example/?https://acme.my.app.example/"),
        ("/elsewhere", "/elsewhere"),
    ],
)
def test_who_is_sent_to_a_real_address_of_the_product_is_sent_here(
    real: str, here: str, front: Front, aws: Aws
) -> None:
    aws.location = real
    answer = ask(front, "/oauth2/authorize", "localhost:{port}")
    assert answer.headers["Location"] == here.format(port=front.port)


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("acme.localhost", "/"),
        ("acme.localhost:1", "/"),
        ("a.b.localhost:{port}", "/"),
        ("evil.example:{port}", "/"),
        ("acme.localhost.evil.example:{port}", "/"),
        ("-.localhost:{port}", "/"),
        ("127.0.0.1:{port}", "/oauth2/token"),
        ("localhost:{port}", "/"),
        ("localhost:{port}", "/_ministack/ses/messages"),
        ("localhost:{port}", "/account/v1/auth/confirm"),
    ],
)
def test_nothing_else_leads_anywhere(host: str, path: str, front: Front, aws: Aws) -> None:
    """A page of somebody else's, whose host name leads to loopback, gets at neither the product nor the local AWS."""
    assert ask(front, path, host).status_code == 421
    assert aws.asked == []


def test_what_is_too_long_is_refused(front: Front, aws: Aws) -> None:
    with socket.create_connection(("127.0.0.1", front.port), timeout=5) as connection:
        head = f"POST / HTTP/1.1\r\nHost: acme.localhost:{front.port}\r\nContent-Length: {MOST_BYTES + 1}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
    assert aws.asked == []


def test_an_aws_that_is_gone_is_a_bad_gateway() -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    with (
        closing(Front("my.app.example", endpoint)) as front,
        front.serving(f"{endpoint}{API}", f"{endpoint}{ACCOUNTS}/account/v1"),
    ):
        assert ask(front, "/", "acme.localhost:{port}").status_code == 502


def test_it_listens_on_loopback_only_and_says_when_a_port_is_taken(front: Front) -> None:
    assert front._server.server_address[0] == "127.0.0.1"
    with pytest.raises(LocalStackError, match=f"Port {front.port} cannot be used"):
        Front("my.app.example", "http://127.0.0.1:1", front.port)
