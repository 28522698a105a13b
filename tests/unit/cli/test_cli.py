"""The command line: one JSON document or one line of error, never a stack trace."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from orchestrator import audit, operations
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import ConfigurationError, OnboardingError
from orchestrator.aws.settings import Settings
from orchestrator.cli import exit_status, terminal
from orchestrator.operations import deployment
from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import Record
from tenant_onboarding.contracts.detail_types import Contracts
from tests.unit import simulated_aws
from tests.unit.cli.command_line import Run, deploy, document, fail, refusal, run, stack, wrong_use
from tests.unit.conftest import REGION, carry_out, tenant_created, turn
from tests.unit.faults import refused
from tests.unit.simulated_aws import Stack, arn_of

__all__ = ["run", "stack"]

TARGET = {"region": REGION, "userPoolId": "pool-1", "appClientId": "client-1", "issuer": "https://issuer.example"}


# Reading


def test_a_tenant_is_shown_as_one_document(stack: Stack, run: Run) -> None:
    stack.receive(tenant_created())
    page = document(run("show", "acme", "--json"))
    assert (page["tenantId"], page["status"], page["executionArn"]) == ("acme", "IN_PROGRESS", arn_of())


def test_a_tenant_that_is_at_rest_is_not_watched_on(stack: Stack, run: Run) -> None:
    fail(stack, "acme")
    assert document(run("show", "acme", "--watch", "--json"))["status"] == lifecycle.FAILED


def test_the_region_is_where_the_cdk_and_the_aws_cli_deploy(
    stack: Stack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_REGION alone, or before the name that boto3 knows."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert document(run("list", "--json")) == []
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert document(run("list", "--json")) == []
    monkeypatch.delenv("AWS_REGION")
    assert refusal(run("list")) == "Say which Region: by AWS_REGION, or in the profile"


def test_tenants_are_listed_as_one_document(stack: Stack, run: Run) -> None:
    assert document(run("list", "--json")) == []
    for tenant_id in ("one", "two"):
        stack.receive(tenant_created(tenant_id), f"event-{tenant_id}")
    fail(stack, "three")
    assert {row["tenantId"] for row in document(run("list", "--json"))} == {"one", "two", "three"}
    assert [row["tenantId"] for row in document(run("list", "--status", "FAILED", "--json"))] == ["three"]
    some = run("list", "--limit", 1, "--json")
    assert (some.code, len(json.loads(some.out))) == (0, 1)
    assert "there are more" in some.err


@pytest.mark.parametrize(
    "selector",
    [
        ("--host", "acme.app.product.example"),
        ("--host", "ACME.App.Product.example."),
        ("--subdomain", "Acme"),
        ("--code", "acme-42"),
        ("--email", "jane.doe@acme.example"),
        ("--email", "Jane.Doe@ACME.Example"),
        ("--email", '"a@b"@acme.example'),
    ],
)
def test_a_host_code_or_address_is_resolved_as_one_document(stack: Stack, run: Run, selector: tuple[str, str]) -> None:
    for key in ("subdomain#acme", "code#ACME-42", "domain#acme.example"):
        item: Any = {"routeKey": key, "tenantId": "acme", "state": "ACTIVE", "target": TARGET}
        stack.clients.dynamodb.put_item(TableName=stack.settings.routes_table, Item=item)
    found = document(run("resolve", *selector, "--json"))
    assert found.items() >= (TARGET | {"tenantId": "acme"}).items()


def test_shared_user_pools_are_listed_as_one_document(
    stack: Stack, run: Run, claim: Callable[..., Record], settings: Settings
) -> None:
    assert document(run("pools", "--json")) == []
    claim()
    carry_out(stack.clients, settings, "acme", turn("AssignSharedPool"))
    [row] = document(run("pools", "--json"))
    assert (row["poolKey"], row["status"], row["groups"]) == ("shared-001", "OPEN", 1)


def test_an_audit_of_a_stack_in_order_is_one_document(
    stack: Stack, run: Run, claim: Callable[..., Record], settings: Settings
) -> None:
    claim()
    carry_out(stack.clients, settings, "acme", turn("AssignSharedPool"))
    found = document(run("pools", "--audit", "--json"))
    assert (found["clean"], found["tenants"], found["calls"]) == (True, 1, 8)
    assert found["drift"] == found["missing"] == found["orphans"] == found["changing"] == []
    ran = run("pools", "--audit")
    assert (ran.code, ran.err, ran.out) == (0, "", "Findings: none; looked at 1 tenants and 3 counters by 8 calls.\n")


def test_an_audit_that_finds_something_ends_with_1(stack: Stack, run: Run, settings: Settings) -> None:
    route: Any = {"routeKey": "subdomain#x", "tenantId": "nobody", "state": "RESERVED"}
    stack.clients.dynamodb.put_item(TableName=settings.routes_table, Item=route)
    ran = run("pools", "--audit", "--json")
    assert (ran.code, ran.err) == (1, "")
    why = "there is no tenant nobody"
    assert json.loads(ran.out)["orphans"] == [{"kind": "route", "name": "subdomain#x", "userPoolId": None, "why": why}]
    ran = run("pools", "--audit")
    assert (ran.code, ran.err) == (1, "")
    assert "subdomain#x" in ran.out
    assert why in ran.out
    assert ran.out.endswith("Findings: 1; looked at 0 tenants and 0 counters by 5 calls.\n")


def test_people_read_what_drifted_is_missing_and_could_not_be_compared(
    stack: Stack, run: Run, claim: Callable[..., Record], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"poolKey": "shared-001", "userPoolId": "pool-1", "counter": "groups", "counted": 7, "found": 3, "awaited": 1}
    lost = {"kind": "group", "name": "acme", "userPoolId": "pool-1", "why": "tenant acme names it"}
    found = audit.Audit([row], [lost], [], [row], ["shared-002"], tenants=4, calls=9)
    monkeypatch.setattr(audit, "audit", lambda *_: found)
    ran = run("pools", "--audit")
    assert (ran.code, ran.err) == (1, "")
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["shared-001", "groups", "7", "3", "1"] in lines
    assert ["group", "acme", "pool-1", "tenant", "acme", "names", "it"] in lines
    assert "Changed meanwhile, so not compared: shared-002" in ran.out


def test_rejected_events_are_listed_as_one_document(stack: Stack, run: Run) -> None:
    stack.receive({"tenantId": "acme"}, "event-9")
    [row] = document(run("rejected", "--json"))
    assert (row["eventId"], row["tenantId"]) == ("event-9", "acme")
    assert row["reasons"]


@pytest.mark.parametrize("event", Contracts.ALL)
def test_a_schema_is_one_document_and_needs_no_aws(run: Run, event: str) -> None:
    assert document(run("schema", event))["type"] == "object"


@pytest.mark.parametrize("command", [("list",), ("show", "acme"), ("pools",), ("rejected",)])
def test_people_read_tables(stack: Stack, run: Run, command: tuple[str, ...]) -> None:
    fail(stack, "acme")
    stack.receive({"tenantId": "acme"}, "event-9")
    ran = run(*command)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out


# Doing


def test_events_are_emitted(stack: Stack, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "acme.json"
    file.write_text(json.dumps(tenant_created()), encoding="utf-8")
    ran = run("emit", file)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{file}: event ")
    assert stack.published("TenantCreated") == [tenant_created()]


def test_an_event_that_would_be_rejected_is_not_sent_and_every_reason_is_said(
    stack: Stack, run: Run, tmp_path: Path
) -> None:
    good, bad, list_of_one = (tmp_path / name for name in ("good.json", "bad.json", "list.json"))
    good.write_text(json.dumps(tenant_created()))
    bad.write_text(json.dumps(tenant_created(tier="gold", tenantName="")))
    list_of_one.write_text("[1]")
    ran = run("emit", good, bad, list_of_one)
    assert (ran.code, ran.out) == (1, "")
    assert [line.split()[1].removesuffix(":") for line in ran.err.splitlines()[:2]] == [str(bad), str(bad)]
    assert "tier must be one of pool, bridge, silo, basic, team" in ran.err
    assert ran.err.splitlines()[-1] == (
        "onboard: 2 of 3 would be rejected, and none is sent; --no-check sends them all"
    )
    assert stack.published("TenantCreated") == []
    assert run("emit", bad, "--no-check").code == 0
    assert len(stack.published("TenantCreated")) == 1


def test_nobody_speaks_as_aws(stack: Stack, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "acme.json"
    file.write_text(json.dumps(tenant_created()))
    assert wrong_use(run("emit", file, "--source", "aws.foo")).startswith(
        "--source aws.foo: EventBridge lets nobody but"
    )


@pytest.mark.parametrize("command", [("list",), ("list", "--search", "t"), ("rejected", "list"), ("domains", "list")])
def test_a_list_that_stops_says_that_there_are_more(stack: Stack, run: Run, command: tuple[str, ...]) -> None:
    for tenant_id in ("three", "two-two"):
        routing = {"subdomain": tenant_id, "emailDomains": [f"{tenant_id}.example"]}
        stack.receive(tenant_created(tenant_id, routing=routing), f"event-{tenant_id}")
        stack.receive({"tenantId": tenant_id}, f"wrong-{tenant_id}")
    cut, whole = run(*command, "--limit", "1", "--json"), run(*command, "--limit", "2", "--json")
    assert (len(json.loads(cut.out)), len(json.loads(whole.out))) == (1, 2)
    assert cut.err == "onboard: these are 1, and there are more; --limit shows up to 100000\n"
    assert whole.err == ""


@pytest.mark.parametrize("command", ["rejected", "domains"])
def test_a_group_of_commands_lists_where_nothing_is_said(stack: Stack, run: Run, command: str) -> None:
    assert run(command).code == 0
    assert run(command).out == run(command, "list").out


def test_a_status_is_one_in_either_case(stack: Stack, run: Run) -> None:
    fail(stack, "acme")
    assert [row["tenantId"] for row in document(run("list", "--status", "failed", "--json"))] == ["acme"]


def test_the_version_is_said(run: Run) -> None:
    assert re.fullmatch(r"onboard \d+\.\d+\.\d+\n", run("--version").out)


@pytest.mark.parametrize("by", [("--subdomain", "acme"), ("--code", "ACME-42")])
def test_who_holds_a_key_that_leads_nowhere_yet_is_said(stack: Stack, run: Run, by: tuple[str, str]) -> None:
    fail(stack, "acme")
    said = refusal(run("resolve", *by))
    assert said == f"{by[1]} leads to no tenant; it is RESERVED for acme, which is FAILED; see: onboard show acme"


def test_a_rejected_event_says_who_holds_what_it_wants(stack: Stack, run: Run) -> None:
    fail(stack, "acme")
    stack.receive(tenant_created("globex", routing={"subdomain": "acme", "tenantCode": "GLOBEX"}), "event-9")
    page = document(run("rejected", "show", "event-9", "--json"))
    assert page["heldBy"] == [{"key": "subdomain#acme", "tenantId": "acme", "status": "FAILED"}]
    assert "subdomain#acme" in run("rejected", "show", "event-9").out


def test_a_page_has_host_code_and_email_domains(stack: Stack, run: Run) -> None:
    routing = {"subdomain": "acme", "tenantCode": "ACME-42", "emailDomains": ["acme.example"]}
    stack.receive(tenant_created(routing=routing))
    page = document(run("show", "acme", "--json"))
    host = "acme.app.product.example"
    assert page["routing"] == {"host": host, "tenantCode": "ACME-42", "emailDomains": ["acme.example"]}
    shown = run("show", "acme").out
    assert all(each in shown for each in (host, "ACME-42", "acme.example"))


def test_what_is_to_be_copied_is_broken_by_no_narrow_terminal(
    stack: Stack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(stack, "acme")
    stack.change("acme", resources={"issuer": f"https://issuer.example/{'x' * 60}"})
    monkeypatch.setattr(terminal, "out", Console(width=40))
    lines = run("show", "acme").out.splitlines()
    assert lines[-1].startswith("what next")
    assert lines[-1].endswith(" Command: onboard retry acme")
    assert any(line.endswith("x" * 60) for line in lines)


def test_the_time_of_a_tenant_that_failed_does_not_grow(stack: Stack, run: Run) -> None:
    fail(stack, "acme")
    stack.change("acme", requestedAt="2026-01-01T00:00:00.000Z", statusChangedAt="2026-01-01T00:00:07.000Z")
    assert run("list").out.splitlines()[-1].endswith(" 7.0 s")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("NotAuthorizedForSourceException", "Name one that it takes, or correct its policy in the EventBridge console"),
        ("MalformedDetail", "Emit one JSON object, as the event's schema describes it."),
    ],
)
def test_an_event_that_the_bus_never_takes_says_what_to_correct(
    stack: Stack, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    monkeypatch.setattr(deployment, "find", lambda _: (stack.clients, stack.settings))
    file = tmp_path / "acme.json"
    file.write_text(json.dumps(tenant_created()))
    entry = {"ErrorCode": code, "ErrorMessage": "it says why"}
    strike = refused("", status=200, FailedEntryCount=1, Entries=[entry])
    with stack.wire.strikes("PutEvents", strike):
        line = refusal(run("emit", file))
    assert line.startswith("PutEvents TenantCreated: it says why. ")
    assert said in line


def test_an_event_is_emitted_in_a_source_that_the_deployment_takes(stack: Stack, run: Run, tmp_path: Path) -> None:
    """Its bus denies all others, to its own account too."""
    deploy("Guarded", deployment.outputs() | {"EventSources": "billing,signup"})
    file = tmp_path / "acme.json"
    file.write_text(json.dumps(tenant_created()), encoding="utf-8")
    said = wrong_use(run("emit", file, "--source", "shop", "--stack", "Guarded"))
    assert said == "--source shop: this deployment takes events of billing, signup"
    assert stack.published("TenantCreated") == []
    for more in ((), ("--source", "signup")):
        assert run("emit", file, *more, "--stack", "Guarded").code == 0
    assert [event["source"] for event in stack.read_bus()] == ["billing", "signup"]


def test_failed_tenants_are_retried(stack: Stack, run: Run) -> None:
    for tenant_id in ("one", "two"):
        fail(stack, tenant_id)
    ran = run("retry", "one", "two")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == ["one: attempt 2 started", "two: attempt 2 started"]
    assert simulated_aws.executions() == ["one-1", "two-1", "one-2", "two-2"]


def test_a_tenant_that_cannot_be_retried_does_not_keep_the_others_from_it(stack: Stack, run: Run) -> None:
    fail(stack, "one")
    ran = run("retry", "nobody", "one")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines() == ["nobody: is not known; see: onboard list", "one: attempt 2 started"]


@pytest.mark.parametrize(
    "error", [None, ConfigurationError("Two\nlines", next_action="Do this.")], ids=["of AWS", "of ours"]
)
def test_an_error_at_one_tenant_is_one_line_and_the_others_are_retried(
    stack: Stack, run: Run, monkeypatch: pytest.MonkeyPatch, error: OnboardingError | None
) -> None:
    for tenant_id in ("one", "two", "three"):
        fail(stack, tenant_id)
    retry = operations.retry

    def faulty(clients: Clients, settings: Settings, tenant_id: str, **_: object) -> operations.Retried:
        if tenant_id != "two":
            return retry(clients, settings, tenant_id)
        if error:
            raise error
        with stack.wire.strikes("GetItem", refused("AccessDeniedException", "no\nright")):
            stack.record("two")
        raise AssertionError

    monkeypatch.setattr(operations, "retry", faulty)
    ran = run("retry", "one", "two", "three")
    assert ran.code == 1
    assert ran.out.splitlines() == ["one: attempt 2 started", "three: attempt 2 started"]
    [line] = ran.err.splitlines()
    assert line.startswith("onboard: two: ")
    assert line.endswith("Two lines. Do this." if error else "no right")


def test_each_result_of_a_retry_is_printed_before_the_next_begins(
    stack: Stack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def retry(clients: Clients, settings: Settings, tenant_id: str, **_: object) -> operations.Retried:
        order.append(f"retry {tenant_id}")
        return operations.Retried(tenant_id, 2, "attempt 2 started")

    monkeypatch.setattr(operations, "retry", retry)
    monkeypatch.setattr(terminal.out, "print", lambda text, **_: order.append(text))
    assert run("retry", "one", "two").code == 0
    assert order == ["retry one", "one: attempt 2 started", "retry two", "two: attempt 2 started"]


# Refusing


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "nobody"), "no tenant nobody"),
        (("show", "nobody", "--json"), "no tenant nobody"),
        (("resolve", "--subdomain", "nobody"), "nobody leads to no tenant"),
        (("pools", "--audit", "--most-calls", "1"), "takes more than 1 calls to AWS to audit; allow more with"),
    ],
)
def test_what_cannot_be_is_one_line_on_stderr(stack: Stack, run: Run, arguments: tuple[str, ...], says: str) -> None:
    assert says in refusal(run(*arguments))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("list", "--status", "LOST"), "--status LOST"),
        (("resolve",), "exactly one"),
        (("resolve", "--subdomain", "acme", "--code", "ACME-42"), "exactly one"),
        (("resolve", "--email", "a@acme.example", "--host", "acme.app.product.example"), "exactly one"),
        (("resolve", "--email", "a@acme.example", "--subdomain", ""), "exactly one"),
        (("resolve", "--host", "a", "--subdomain", "b", "--email", "c", "--code", "d"), "exactly one"),
        (("resolve", "--code", ""), "is not a tenant code"),
        (("resolve", "--subdomain", "a.b"), "a.b is not a subdomain"),
        (("resolve", "--email", "jane@acme.example#acme"), "is not an email address"),
        (("resolve", "--email", "acme.example"), "acme.example is not an email address"),
        (("resolve", "--email", "jane@"), "jane@ is not an email address"),
        (("resolve", "--email", ""), "is not an email address"),
        (("resolve", "--host", "app.product.example"), "is not a host of app.product.example"),
        (("resolve", "--host", ""), "is not a host of app.product.example"),
        (("resolve", "--host", "acme.elsewhere.example"), "is not a host of app.product.example"),
        (("schema", "Unknown"), "Unknown: must be one of"),
        (("emit", "no-such-file.json"), "no-such-file.json: No such file"),
    ],
)
def test_what_means_nothing_is_wrong_use(stack: Stack, run: Run, arguments: tuple[str, ...], says: str) -> None:
    assert says in wrong_use(run(*arguments))


@pytest.mark.parametrize("content", [b"{not json", b"\xff\xfe", b""])
def test_a_file_that_is_not_json_is_refused_before_anything_is_emitted(
    stack: Stack, run: Run, tmp_path: Path, content: bytes
) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(tenant_created()), encoding="utf-8")
    bad.write_bytes(content)
    assert refusal(run("emit", good, bad), exit_status.WRONG_USE).startswith(f"{bad}: is not JSON")
    assert stack.published("TenantCreated") == []


def test_a_route_that_is_only_reserved_leads_to_no_tenant(stack: Stack, run: Run) -> None:
    stack.receive(tenant_created())
    assert "acme leads to no tenant" in refusal(run("resolve", "--subdomain", "acme"))


@pytest.mark.parametrize("address", ["jane@acme.example", "jane@mail.acme.example", "jane@globex.example"])
def test_an_unverified_claim_to_a_mail_domain_leads_nowhere_and_the_answer_says_why(
    stack: Stack, run: Run, address: str
) -> None:
    stack.receive(tenant_created(routing={"subdomain": "acme", "emailDomains": ["acme.example"]}))
    assert "domain-claim#acme.example#acme" in stack.routes()
    expected = f"{address} leads to no tenant; an email domain does so only once a tenant's claim to it is verified"
    assert refusal(run("resolve", "--email", address)) == expected


def test_a_verified_mail_domain_leads_to_the_tenant_and_a_claim_beside_it_changes_nothing(
    stack: Stack, run: Run
) -> None:
    stack.receive(tenant_created("globex", routing={"subdomain": "globex", "emailDomains": ["acme.example"]}))
    item: Any = {"routeKey": "domain#acme.example", "tenantId": "acme", "state": "ACTIVE", "target": TARGET}
    stack.clients.dynamodb.put_item(TableName=stack.settings.routes_table, Item=item)
    assert document(run("resolve", "--email", "jane@acme.example", "--json"))["tenantId"] == "acme"


def test_only_a_mail_domain_is_told_about_verification(stack: Stack, run: Run) -> None:
    for selector in (("--code", "NOBODY"), ("--subdomain", "nobody"), ("--host", "nobody.app.product.example")):
        assert "verified" not in refusal(run("resolve", *selector))


@pytest.mark.parametrize(
    "command", [("list",), ("show", "acme"), ("watch",), ("retry", "acme"), ("pools",), ("rejected",)]
)
def test_a_stack_that_is_missing_is_one_line_on_stderr(run: Run, command: tuple[str, ...]) -> None:
    assert "No stack Elsewhere found" in refusal(run(*command, "--stack", "Elsewhere"))


def test_a_stack_of_something_else_is_one_line_on_stderr(run: Run) -> None:
    deploy("Other", {"Url": "https://other.example"})
    assert "The stack Other has no output" in refusal(run("list", "--stack", "Other"))


def test_an_aws_that_refuses_is_one_line_on_stderr(run: Run, settings: Settings, stack: Stack) -> None:
    stack.clients.dynamodb.delete_table(TableName=settings.tenants_table)
    assert "AWS refused or did not answer" in refusal(run("list"))
