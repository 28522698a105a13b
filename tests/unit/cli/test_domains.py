"""`onboard domains` as operators use it, its look-ups answered by a DNS server on loopback."""

import io
import json
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import dns.rcode
import pytest

from orchestrator.cli import domains as commands
from orchestrator.routing import txt_records
from tests.dns_server import Zone, serving
from tests.unit.cli.command_line import Run, document, refusal, run, stack, wrong_use
from tests.unit.conftest import tenant_created
from tests.unit.simulated_aws import Stack

__all__ = ["run", "stack"]

DOMAIN = "acme.example"
NAME = f"_tenant-onboarding.{DOMAIN}"
RESOURCES = {"region": "eu-central-1", "userPoolId": "pool-1", "appClientId": "client-1", "issuer": "https://i.example"}
OVERRIDE = ("--override", "--reason", "the company was bought")


def complete(stack: Stack, tenant_id: str, *claimed: str) -> None:
    """Let a tenant be in use that claims these domains."""
    detail = tenant_created(tenant_id, routing={"subdomain": tenant_id, "emailDomains": list(claimed)})
    stack.receive(detail, f"event-{tenant_id}")
    stack.change(tenant_id, status="COMPLETED", resources=RESOURCES)


@pytest.fixture
def acme(stack: Stack) -> Stack:
    complete(stack, "acme", DOMAIN)
    return stack


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zone]:
    """A DNS server, the one that the commands ask."""
    with serving(Zone()) as zone:
        monkeypatch.setenv("ONBOARD_NAME_SERVER", f"{zone.server.address}:{zone.server.port}")
        yield zone


def publish(zone: Zone, run: Run, tenant_id: str = "acme") -> None:
    """Let a tenant publish what the command tells it to."""
    for row in document(run("domains", "list", tenant_id, "--json")):
        zone.txt.setdefault(row["record"]["name"], []).append(f'"{row["record"]["value"]}"')


def test_a_tenant_publishes_what_it_is_told_and_its_domain_is_verified(acme: Stack, run: Run, zone: Zone) -> None:
    (before,) = document(run("domains", "list", "acme", "--json"))
    assert (before["state"], before["record"]["name"]) == ("CLAIMED", NAME)
    assert refusal(run("resolve", "--email", f"jane@{DOMAIN}"))
    publish(zone, run)
    assert run("domains", "verify", "acme").out == f"{DOMAIN}: is verified: it leads to acme\n"
    (after,) = document(run("domains", "list", "--json"))
    assert (after["state"], after["verifiedBy"]) == ("VERIFIED", "DNS")
    assert document(run("resolve", "--email", f"jane@{DOMAIN}", "--json"))["tenantId"] == "acme"
    assert zone.asked == [NAME]


def test_the_answer_is_one_document_and_the_status_tells_too(acme: Stack, run: Run, zone: Zone) -> None:
    failed = run("domains", "verify", "acme", DOMAIN.upper(), "--json")
    (told,) = json.loads(failed.out)["domains"]
    assert (failed.code, told["domain"], told["verified"]) == (1, DOMAIN, False)
    publish(zone, run)
    result = document(run("domains", "verify", "acme", DOMAIN, "--json"))
    assert result == {
        "tenantId": "acme",
        "domains": [{"domain": DOMAIN, "verified": True, "message": "is verified: it leads to acme"}],
    }


def test_a_dns_server_that_fails_is_told_of_and_nothing_is_verified(acme: Stack, run: Run, zone: Zone) -> None:
    zone.rcode = dns.rcode.SERVFAIL
    ran = run("domains", "verify", "acme")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out == f"{DOMAIN}: the DNS servers could not tell of {NAME}; look whether its zone works\n"
    assert f"domain#{DOMAIN}" not in acme.routes()


def test_a_silent_dns_server_is_told_of(acme: Stack, run: Run, zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    zone.silent = True
    monkeypatch.setattr(commands, "look_up", partial(txt_records.look_up, patience=0.1))
    assert "no DNS server told of" in run("domains", "verify", "acme").out


def test_the_list_shows_what_to_publish_until_it_is_verified(acme: Stack, run: Run, zone: Zone) -> None:
    complete(acme, "globex", DOMAIN)
    publish(zone, run)
    shown = run("domains", "list", "acme").out
    assert f'{NAME} TXT "tenant-onboarding={acme.routes()[f"domain-claim#{DOMAIN}#acme"]["token"]}"' in shown
    run("domains", "verify", "acme")
    assert "tenant-onboarding=" not in run("domains", "list", "acme").out
    assert "TAKEN by acme" in run("domains", "list").out


def test_an_override_needs_no_dns_and_is_shown(acme: Stack, run: Run, zone: Zone) -> None:
    assert run("domains", "verify", "acme", DOMAIN, *OVERRIDE).out == f"{DOMAIN}: is verified: it leads to acme\n"
    shown = " ".join(run("domains", "list", "acme").out.split())
    assert "OPERATOR arn:aws:" in shown
    assert ": the company was bought" in shown
    assert zone.asked == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("acme", "--override", "--reason", "because"),
        ("acme", DOMAIN, "--override"),
        ("acme", DOMAIN, "--reason", "because"),
    ],
)
def test_half_an_override_is_none(acme: Stack, run: Run, arguments: tuple[str, ...]) -> None:
    assert wrong_use(run("domains", "verify", *arguments)).startswith("--override needs DOMAIN and --reason")
    assert f"domain#{DOMAIN}" not in acme.routes()


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        *((reason, "must be 1 to 500 characters in one line") for reason in ("", "  ", "a" * 501)),
        *(
            (reason, "must not contain line breaks, control, invisible or unassigned characters")
            for reason in ("a\nb", "\u202eb", "a\u200d b")
        ),
        ("Z" + "\u0301" * 7, "must not have more than 6 combining marks in a row"),
    ],
)
def test_a_reason_says_something_in_one_line(acme: Stack, run: Run, reason: str, words: str) -> None:
    told = wrong_use(run("domains", "verify", "acme", DOMAIN, "--override", "--reason", reason))
    assert told == f"--reason {words}"
    assert f"domain#{DOMAIN}" not in acme.routes()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("list", "nobody"), "no tenant nobody; see: onboard list"),
        (("verify", "nobody"), "no tenant nobody; see: onboard list"),
        (("verify", "acme", "globex.example"), "acme does not claim globex.example"),
        (("release", "acme", DOMAIN, "--yes"), f"{DOMAIN} is not a verified domain of acme"),
    ],
)
def test_what_cannot_be_is_one_line(
    acme: Stack, run: Run, arguments: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert says in refusal(run("domains", *arguments))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("verify", "acme", "--name-server", "dns.example"), "--name-server dns.example: 'dns.example' does not"),
        (("release", "acme", DOMAIN), "addresses of the domain lead nowhere after that: give --yes"),
    ],
)
def test_what_means_nothing_is_wrong_use(
    run: Run, arguments: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert says in wrong_use(run("domains", *arguments))


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "released"), [("n\n", False), ("y\n", True)])
def test_a_domain_is_released_once_somebody_agrees(
    acme: Stack, run: Run, typed: str, released: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("domains", "verify", "acme", DOMAIN, *OVERRIDE)
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    ran = run("domains", "release", "acme", DOMAIN.upper())
    assert (ran.code == 0) == released
    assert (f"domain#{DOMAIN}" in acme.routes()) != released
    assert f"domain-claim#{DOMAIN}#acme" in acme.routes()


def test_what_a_tenant_is_told_cannot_steer_a_terminal(acme: Stack, run: Run) -> None:
    route: Any = {"routeKey": f"domain#{DOMAIN}", "tenantId": "acme", "state": "ACTIVE", "activatedAt": "now"}
    route |= {"verifiedBy": "OPERATOR", "override": {"by": "[red]me", "reason": "\x1b[2J"}, "target": {}}
    acme.clients.dynamodb.put_item(TableName=acme.settings.routes_table, Item=route)
    shown = run("domains", "list", "acme").out
    assert "[red]me" in shown
    assert "\x1b" not in shown
