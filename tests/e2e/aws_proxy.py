"""An HTTP proxy between the functions and the local AWS that knows which operation each call is, and can fail it.

It keeps the calls in the order of their arrival, each with the tenant that it is for: the one its text names, else the
one that the calling process named last, for a process works for one tenant at a time.
"""

import http.client
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ENDED_TLS = {"X-Forwarded-Proto": "https"}
"""What a proxy that ends TLS says: the queues refuse plain HTTP, which is all that the local AWS speaks."""
NOT_FORWARDED = {"connection", "transfer-encoding", "content-length", "keep-alive"}
PROCESS = re.compile(r"exec-env/AWS_Lambda_local-(\d+)-([\w.]+)")
"""The bootstrap of a local function puts its process's id and its handler where Lambda names its runtime."""

Answer = tuple[int, list[tuple[str, str]], bytes]


@dataclass(frozen=True)
class Call:
    """One HTTP request of a function."""

    operation: str
    tenant_id: str | None
    process: int
    body: bytes
    function: str = ""
    """What its handler is named after, behind the package: `placement`, say."""
    region: str = ""
    path: str = ""


LATE_SECONDS = 12.0
"""Longer than the clients wait for an answer (8 s)."""


class ConnectionLostError(Exception):
    """The connection is closed without an answer."""


class KilledError(ConnectionLostError):
    """So is that of the process that made the call, which is no more."""


class LateError(Exception):
    """The answer comes when nobody waits for it any more."""


Strike = Callable[[Call, Callable[[], Answer]], Answer]
"""What a fault does: given a call and the way to let it through, it answers or raises one of the errors above.

Whoever stands between the caller and AWS makes the error true.
"""


class AwsProxy:
    """The calls that functions made: what each was, in the order of their arrival."""

    def __init__(self, upstream_port: int, added: Mapping[str, str] | None = None) -> None:
        self.calls: list[str] = []
        self.seen: list[Call] = []
        self.tenant_pattern = re.compile(r"$^")
        """How the tenants' ids look that calls are told apart by; by default none does."""
        self._strikes: list[Callable[[Call], Strike | None]] = []
        self._working_for: dict[int, str] = {}
        self._lock = threading.Lock()
        self._upstream_port = upstream_port
        self._added = dict(added or {})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def endpoint(self) -> str:
        """Where functions find AWS."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def counted_since(self, start: int) -> Counter[str]:
        """Return how often each operation was called since the call of that number."""
        return Counter(self.calls[start:])

    @contextmanager
    def struck_by(self, choose: Callable[[Call], Strike | None]) -> Iterator[None]:
        """Ask `choose` about every call, for the length of a with block; it is asked in turn, never at once."""
        self._strikes.append(choose)
        try:
            yield
        finally:
            self._strikes.remove(choose)

    def run(self) -> None:
        """Serve until stopped."""
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _note(self, operation: str, headers: dict[str, str], path: str, body: bytes) -> tuple[Call, Strike | None]:
        found = PROCESS.search(headers.get("User-Agent", ""))
        process = int(found[1]) if found else 0
        function = found[2].split(".")[1] if found else ""
        named = self.tenant_pattern.search(f"{path} {body.decode(errors='replace')}")
        with self._lock:
            if named:
                self._working_for[process] = named[0]
            tenant_id, region = self._working_for.get(process), _scope(headers)[2]
            call = Call(operation, tenant_id, process, body, function, region, path)
            self.calls.append(operation)
            self.seen.append(call)
            strikes = (choose(call) for choose in self._strikes)
            return call, next((strike for strike in strikes if strike), None)

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        upstream = http.client.HTTPConnection("127.0.0.1", self._upstream_port, timeout=60)
        try:
            upstream.request(method, path, body, headers | self._added)
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self._forward
                raise AttributeError(name)

            def _forward(self) -> None:
                headers = dict(self.headers)
                body = self.rfile.read(int(headers.get("Content-Length") or 0))
                call, strike = proxy._note(operation(self.path, headers), headers, self.path, body)

                def let_through() -> Answer:
                    return proxy._ask(self.command, self.path, headers, body)

                try:
                    status, fields, content = strike(call, let_through) if strike else let_through()
                except (ConnectionLostError, LateError) as fault:
                    _bring_about(fault, call)
                    self.close_connection = True
                    return
                with suppress(ConnectionError):  # whoever asked may have given up, or be dead
                    self._answer(status, fields, content)

            def _answer(self, status: int, fields: list[tuple[str, str]], content: bytes) -> None:
                self.send_response(status)
                for name, value in fields:
                    if name.lower() not in NOT_FORWARDED:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                """Stay silent."""

        return Handler


def _bring_about(fault: Exception, call: Call) -> None:
    if isinstance(fault, KilledError):
        os.kill(call.process, signal.SIGKILL)
    if isinstance(fault, LateError):
        time.sleep(LATE_SECONDS)


def operation(path: str, headers: dict[str, str]) -> str:
    """Return `service:Operation` of a signed call."""
    service = _scope(headers)[3]
    target = headers.get("X-Amz-Target")
    if target:
        return f"{service}:{target.rpartition('.')[2]}"
    if path == "/v2/email/outbound-emails":
        return f"{service}:SendEmail"
    if path.startswith("/2015-03-31/functions/") and path.endswith("/configuration"):
        return f"{service}:GetFunctionConfiguration"
    return f"{service}:{path}"


def _scope(headers: dict[str, str]) -> list[str]:
    """Return key, date, Region and service that a call is signed for."""
    scope = headers.get("Authorization", "").partition("Credential=")[2].split("/")
    return scope if len(scope) > 3 else ["unknown"] * 4


@contextmanager
def aws_proxy(upstream_port: int, added: Mapping[str, str] | None = None) -> Iterator[AwsProxy]:
    """Run a proxy for the length of a with block; `added` are header fields that it adds to each call."""
    proxy = AwsProxy(upstream_port, added)
    thread = threading.Thread(target=proxy.run, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join(5)
