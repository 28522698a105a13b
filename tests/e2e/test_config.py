"""`GET /config` of the deployed template, by HTTP: what leads to a tenant, and what leads nowhere."""

from typing import Any

import boto3
import pytest
import requests

from orchestrator.operations import deployment
from tenant_onboarding.authorizer import registry, resolver
from tests.dns_server import Zone
from tests.e2e.name_server import onboard, zone
from tests.e2e.world import World, federated, wait_until

__all__ = ["zone"]

SECONDS = 30
NOT_OURS = {"date", "apigw-requestid", "x-amzn-requestid"}


@pytest.fixture
def url(everything: World) -> str:
    """Where the local stack serves what the output names."""
    assert deployment.outputs()["ConfigUrl"].endswith("/config")
    return everything.stack.config_url


def ask(url: str, **query: str) -> requests.Response:
    return requests.get(url, params=query, timeout=SECONDS)


def seen(answer: requests.Response) -> tuple[int, dict[str, str], bytes]:
    """Return whatever of an answer is ours: all but what tells requests apart."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return answer.status_code, {name: headers[name] for name in headers.keys() - NOT_OURS}, answer.content


def test_a_tenant_is_found_by_host_code_and_proved_mail_domain(
    everything: World,
    url: str,
    zone: Zone,
) -> None:
    detail = federated("resolved")
    detail["routing"] |= {"emailDomains": ["resolved.example"]}
    page = everything.onboard(detail)
    address = "jane@resolved.example"
    assert ask(url, email=address).status_code == 404
    _, (claim,) = onboard(zone, "domains", "list", "resolved")
    zone.txt[claim["record"]["name"]] = [f'"{claim["record"]["value"]}"']
    assert onboard(zone, "domains", "verify", "resolved")[0] == 0

    host = f"resolved.{everything.stack.settings.app_domain}"
    answers = [ask(url, host=host), ask(url, code="resolved"), ask(url, email=address)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    (found, *others) = [answer.json() for answer in answers]
    assert others == [found, found]
    made = page["resources"]
    assert found == {
        "tenantId": "resolved",
        **{name: made[name] for name in ("region", "userPoolId", "appClientId", "issuer", "domain")},
        "identityProviders": made["identityProviders"],
        "signInAddress": f"https://{host}",
        "userNameTemplate": "{tenantId}/{email}",
        "identityProvider": made["identityProviders"][0],
        "tokenUse": "access",
    }
    assert onboard(zone, "resolve", "--host", host) == (0, found)
    headers = answers[0].headers
    assert (headers["Cache-Control"], headers["Access-Control-Allow-Origin"]) == ("public, max-age=60", "*")


def test_whatever_leads_nowhere_is_answered_alike_and_read_alike(everything: World, url: str) -> None:
    settings = everything.stack.settings
    routes = boto3.resource("dynamodb").Table(settings.routes_table)
    for key in (registry.subdomain_key("pending"), registry.code_key("PENDING")):
        routes.put_item(Item={"routeKey": key, "tenantId": "pending", "state": "RESERVED"})
    routes.put_item(
        Item={"routeKey": "domain-claim#pending.example#pending", "tenantId": "pending", "state": "UNVERIFIED"}
    )
    asked: list[dict[str, str]] = [
        {"host": f"nobody.{settings.app_domain}"},
        {"host": f"pending.{settings.app_domain}"},
        {"host": "early-0.elsewhere.example"},
        {"host": f"early-0#.{settings.app_domain}"},
        {"email": "jane@nobody.example"},
        {"email": "jane@pending.example"},
        {"email": "jane"},
        {"code": "NOBODY"},
        {"code": "pending"},
        {"code": "A" * 3000},
        {"code": ""},
    ]
    everything.wait_until_quiet()
    start = len(everything.proxy.calls)
    first, *others = [seen(ask(url, **query)) for query in asked]
    assert first[0] == 404
    assert [other for other in others if other != first] == []
    reads = [by for query in asked for by, value in query.items() if resolver.route_key(settings.app_domain, by, value)]  # type: ignore[arg-type]  # a way
    wait_until(lambda: len(everything.proxy.calls) >= start + len(reads), "the reads to be seen")
    assert everything.proxy.counted_since(start) == {"dynamodb:GetItem": len(reads)}


def test_who_asks_wrongly_or_otherwise_gets_nothing(url: str) -> None:
    twice = requests.get(f"{url}?code=EARLY-0&code=EARLY-0", timeout=SECONDS)
    assert (twice.status_code, twice.json()["type"]) == (400, "urn:tenant-onboarding:problem:invalid-request")
    assert twice.headers["Cache-Control"] == "no-store"
    others: list[Any] = [requests.request(method, url, timeout=SECONDS) for method in ("POST", "PUT", "DELETE")]
    assert [other.status_code for other in others] == [401, 401, 401]


def test_a_monitor_may_ask(everything: World, url: str) -> None:
    """Pages of other origins ask by OPTIONS first, which the local AWS answers itself: the handler's tests do."""
    found, there = ask(url, code="NOBODY"), requests.head(f"{url}?code=NOBODY", timeout=SECONDS)
    assert (there.status_code, there.content) == (found.status_code, b"") == (404, b"")
