"""What is said to those who listen holds: the event is ours, the rule takes it alone, the function works once."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest
from moto.events.models import EventPattern

from tenant_onboarding.contracts.outgoing import TenantOnboarded, TenantOnboardingStarted
from tenant_onboarding.names import SOURCE
from tests.guide_blocks import blocks, section
from tests.pages import EVENTS
from tests.publishers import NODE, RUN_SECONDS
from tests.unit.faults import Wire

GUIDE = section(EVENTS, "### Listen")
EVENT, PATTERN = (json.loads(each) for each in blocks(GUIDE, "json"))
OPENED = "  // what your product does"
CLIENT = """
class Command { constructor(input) { this.input = input; } }
export class GetItemCommand extends Command {}
export class PutItemCommand extends Command {}
export class DynamoDBClient {
  async send(command) {
    const operation = command.constructor.name.replace("Command", "");
    const headers = { "X-Amz-Target": `DynamoDB_20120810.${operation}` };
    const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
      method: "POST", headers, body: JSON.stringify(command.input),
    });
    return answer.json();
  }
}
"""
"""What the function uses of the SDK, which Lambda brings along and these tests do not."""
Consumer = Callable[[dict[str, Any], object], None]


def test_the_event_is_one_of_ours_as_the_bus_delivers_it() -> None:
    told = TenantOnboarded.model_validate(EVENT["detail"])
    assert json.loads(told.to_json()) == EVENT["detail"]
    assert TenantOnboarded.model_validate({**EVENT["detail"], "eventKey": ""}).event_key == ""
    derived = {name: value for name, value in EVENT["detail"].items() if name != "eventKey"}
    assert TenantOnboarded.model_validate(derived).event_key == EVENT["detail"]["eventKey"]
    assert (EVENT["source"], EVENT["detail-type"]) == (SOURCE, TenantOnboarded.__name__)


@pytest.mark.parametrize(
    ("change", "taken"),
    [({}, True), ({"detail-type": TenantOnboardingStarted.__name__}, False), ({"source": "billing"}, False)],
)
def test_the_rule_takes_that_event_and_no_other(change: dict[str, str], taken: bool) -> None:
    assert EventPattern.load(json.dumps(PATTERN)).matches_event(EVENT | change) is taken


@pytest.fixture
def opened(wire: Wire) -> list[tuple[str, str]]:
    """Whom the function of the guide has opened an account for; `deliver` is that function."""
    boto3.client("dynamodb").create_table(
        TableName="seen-events",
        AttributeDefinitions=[{"AttributeName": "eventKey", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "eventKey", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return []


def consumer(opened: list[tuple[str, str]], fails: bool = False) -> Consumer:
    (program,) = blocks(GUIDE, "python")
    names: dict[str, Any] = {}
    exec(program, names)  # the page's own text

    def open_account(tenant_id: str, subdomain: str) -> None:
        if fails:
            raise RuntimeError("the product is not there")
        opened.append((tenant_id, subdomain))

    names["open_account"] = open_account
    handler: Consumer = names["handler"]
    return handler


def test_what_is_delivered_twice_is_done_once(opened: list[tuple[str, str]]) -> None:
    handler = consumer(opened)
    for _ in range(3):
        handler(EVENT, None)
    handler(
        EVENT | {"detail": EVENT["detail"] | {"tenantId": "globex", "eventKey": "globex:TenantOnboarded:1:0"}}, None
    )
    assert opened == [("acme", "acme"), ("globex", "acme")]


def test_what_failed_is_done_when_it_is_delivered_again(opened: list[tuple[str, str]]) -> None:
    with pytest.raises(RuntimeError):
        consumer(opened, fails=True)(EVENT, None)
    consumer(opened)(EVENT, None)
    assert opened == [("acme", "acme")]


@contextmanager
def dynamodb(items: dict[str, Any]) -> Iterator[str]:
    """Serve one table, whose items these are, on loopback; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert asked["TableName"] == "seen-events"
            if self.headers["X-Amz-Target"].endswith(".PutItem"):
                items[asked["Item"]["eventKey"]["S"]] = asked["Item"]
                answer = {}
            else:
                assert asked["ConsistentRead"]
                found = items.get(asked["Key"]["eventKey"]["S"])
                answer = {"Item": found} if found else {}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def in_node(folder: Path, endpoint: str, events: list[dict[str, Any]], does: str) -> list[str]:
    """Deliver events to the page's function, whose product does this; return what that wrote, and how it failed."""
    (program,) = blocks(GUIDE, "js")
    package = folder / "node_modules/@aws-sdk/client-dynamodb"
    package.mkdir(parents=True, exist_ok=True)
    (package / "package.json").write_text('{"type": "module", "exports": "./index.js"}')
    (package / "index.js").write_text(CLIENT)
    assert program.count(OPENED) == 1
    (folder / "index.mjs").write_text(program.replace(OPENED, f"  {does}\n{OPENED}"))
    runs = f"for (const each of {json.dumps(events)}) await handler(each).catch((error) => console.log(error.message));"
    done = subprocess.run(
        [NODE / "bin/node", "--input-type=module", "-e", f'import {{ handler }} from "./index.mjs"; {runs}'],
        cwd=folder,
        env={"AWS_ENDPOINT_URL": endpoint},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_in_javascript_too_each_event_is_done_once_and_what_failed_is_done_again(tmp_path: Path) -> None:
    other = EVENT | {"detail": EVENT["detail"] | {"tenantId": "globex", "eventKey": "globex:TenantOnboarded:1:0"}}
    items: dict[str, Any] = {}
    with dynamodb(items) as endpoint:
        failed = in_node(tmp_path, endpoint, [EVENT], 'throw new Error("the product is not there");')
        assert (failed, items) == (["the product is not there"], {})
        opens = "console.log(tenantId, subdomain);"
        assert in_node(tmp_path, endpoint, [EVENT, EVENT, other, EVENT], opens) == ["acme acme", "globex acme"]
    assert set(items) == {EVENT["detail"]["eventKey"], other["detail"]["eventKey"]}
