"""`onboard emails`: what the local AWS kept instead of sending it, or one line of error."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.unit.cli.command_line import Run, document, refusal, run

__all__ = ["run"]

KEPT = {"To": ["admin@acme.example"], "Subject": "Acme is ready", "BodyText": "Temporary password:  x[bold]$y"}


class LocalAws(BaseHTTPRequestHandler):
    """Answers as the local AWS does where it is asked for emails."""

    answer = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def local_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[LocalAws]]:
    with HTTPServer(("127.0.0.1", 0), LocalAws) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        yield LocalAws
        server.shutdown()
        thread.join()


def test_emails_are_shown_as_they_came(local_aws: type[LocalAws], run: Run) -> None:
    local_aws.answer = json.dumps({"messages": {"000000000000": [KEPT]}}).encode()
    shown = run("emails")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == "To: admin@acme.example\nSubject: Acme is ready\n\nTemporary password:  x[bold]$y\n\n"


def test_emails_are_one_json_document(local_aws: type[LocalAws], run: Run) -> None:
    local_aws.answer = json.dumps({"messages": {"000000000000": [KEPT]}}).encode()
    (only,) = document(run("emails", "--json"))
    assert only == {"to": ["admin@acme.example"], "subject": "Acme is ready", "text": KEPT["BodyText"]}


@pytest.mark.parametrize("answer", [b"<html>", b"{}"])
def test_another_server_is_told_from_the_local_aws(local_aws: type[LocalAws], run: Run, answer: bytes) -> None:
    local_aws.answer = answer
    assert "the local AWS does not answer" in refusal(run("emails"))


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:1"])
def test_where_no_local_aws_is_one_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert refusal(run("emails")).endswith(": onboard up")
