"""A local stack whose functions do not start says so, before anybody is told that it runs."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from orchestrator.local.ministack import LocalStackError
from orchestrator.local.stack import check_answer


class Answer(BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_function_that_answers_as_it_should_is_enough(address: str) -> None:
    check_answer(f"{address}/404", "404")


@pytest.mark.parametrize("status", ["200", "500", "502"])
def test_any_other_answer_ends_the_start(address: str, status: str) -> None:
    with pytest.raises(LocalStackError, match=f"one that should answer 404 said {status}"):
        check_answer(f"{address}/{status}", "404")


def test_nobody_at_the_address_ends_the_start(address: str) -> None:
    with pytest.raises(LocalStackError, match="refused"):
        check_answer("http://127.0.0.1:1/404", "404")
