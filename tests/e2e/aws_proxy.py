"""An HTTP proxy between the functions and the local AWS that knows which operation each call is, and counts them."""

import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NOT_FORWARDED = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class AwsProxy:
    """The calls that functions made: what each was, in the order of their arrival."""

    def __init__(self, upstream_port: int) -> None:
        self.calls: list[str] = []
        self._upstream_port = upstream_port
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def endpoint(self) -> str:
        """Where functions find AWS."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def counted_since(self, start: int) -> Counter[str]:
        """Return how often each operation was called since the call of that number."""
        return Counter(self.calls[start:])

    def run(self) -> None:
        """Serve until stopped."""
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __getattr__(self, name: str) -> object:
                if name.startswith("do_"):
                    return self._forward
                raise AttributeError(name)

            def _forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                proxy.calls.append(operation(self.path, dict(self.headers)))
                upstream = http.client.HTTPConnection("127.0.0.1", proxy._upstream_port, timeout=60)
                try:
                    upstream.request(self.command, self.path, body, dict(self.headers))
                    answer = upstream.getresponse()
                    content = answer.read()
                finally:
                    upstream.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in NOT_FORWARDED:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                """Stay silent."""

        return Handler


def operation(path: str, headers: dict[str, str]) -> str:
    """Return `service:Operation` of a signed call."""
    scope = headers.get("Authorization", "").partition("Credential=")[2].split("/")
    service = scope[3] if len(scope) > 3 else "unknown"
    target = headers.get("X-Amz-Target")
    if target:
        return f"{service}:{target.rpartition('.')[2]}"
    if path == "/v2/email/outbound-emails":
        return f"{service}:SendEmail"
    return f"{service}:{path}"


@contextmanager
def aws_proxy(upstream_port: int) -> Iterator[AwsProxy]:
    """Run a proxy for the length of a with block."""
    proxy = AwsProxy(upstream_port)
    thread = threading.Thread(target=proxy.run, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join(5)
