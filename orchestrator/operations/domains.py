"""Email domains: which tenant claims which, whose each is, and how a claim is proved.

Any number of tenants may claim a domain, one of them holds it: whoever first proved it by its own token in DNS, or was
given it by an operator. Claims stay as they are; whose a domain is stands in its route alone, made by one conditional
transaction. Nothing here keeps a tenant from being onboarded.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED, Change, bounded, pages
from orchestrator.aws.errors import cancellation_codes
from orchestrator.routing import routes
from orchestrator.routing.email_domains import LISTED, VALUE, TxtRecord, is_listed
from orchestrator.routing.txt_records import LookUpError
from orchestrator.tenants import fence, lifecycle, verdicts
from orchestrator.tenants.commands import command
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import read_record, read_request
from orchestrator.tenants.verdicts import Act
from tenant_onboarding.authorizer import registry

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

CLAIMED = "CLAIMED"
VERIFIED = "VERIFIED"
TAKEN = "TAKEN"
BY_DNS = "DNS"
BY_OPERATOR = "OPERATOR"
PROVE_IT = "whoever holds its DNS can prove it, and without that proof it is nobody's"
MOST_PAGES = 20
"""DynamoDB reads 1 MB a page, some thousand routes."""

LookUp = Callable[[str], list[str]]
"""Returns the texts that DNS has under a name; raises LookUpError."""


class RefusedError(Exception):
    """What is asked for is not possible; the text says why."""


@dataclass(frozen=True)
class Claim:
    """A tenant's claim to an email domain, and the domain's route as it is now, empty where nobody holds it."""

    tenant_id: str
    domain: str
    since: str
    token: str
    route: Record = field(default_factory=dict)

    @property
    def state(self) -> str:
        """CLAIMED, VERIFIED, or TAKEN by another tenant."""
        if not self.route:
            return CLAIMED
        return VERIFIED if self.route["tenantId"] == self.tenant_id else TAKEN

    @property
    def txt_record(self) -> TxtRecord:
        """What the tenant is to publish."""
        return TxtRecord.of(self.domain, self.token)

    def document(self) -> dict[str, Any]:
        """Return it as a document; null for what does not apply."""
        verified = self.route if self.state == VERIFIED else {}
        return {
            "tenantId": self.tenant_id,
            "domain": self.domain,
            "state": self.state,
            "claimedAt": self.since,
            "verifiedAt": verified.get("activatedAt"),
            "verifiedBy": verified.get("verifiedBy"),
            "override": verified.get("override"),
            "takenBy": self.route["tenantId"] if self.state == TAKEN else None,
            "record": {"type": "TXT", "name": self.txt_record.name, "value": self.txt_record.value},
        }


@dataclass(frozen=True)
class Verified:
    """What came of verifying one claim; the message says why where it is not verified."""

    domain: str
    verified: bool
    message: str

    def document(self) -> dict[str, Any]:
        """Return it as a document."""
        return {"domain": self.domain, "verified": self.verified, "message": self.message}


def list_of(clients: "Clients", settings: "Settings", tenant_id: str) -> list[Claim]:
    """Return a tenant's claims in the order of its event; raises RefusedError if there is no such tenant."""
    record = _record(clients, settings, tenant_id)
    if record["status"] == lifecycle.ABANDONED:
        return []
    asked = read_request(clients.dynamodb, settings.tenants_table, tenant_id).routing.email_domains
    items = [
        registry.read(clients.dynamodb, settings.routes_table, routes.domain_claim_key(domain, tenant_id))
        for domain in asked
    ]
    return [_claim(clients, settings, item) for item in items if item]


def list_all(clients: "Clients", settings: "Settings", limit: int) -> list[Claim]:
    """Return all tenants' claims by domain, at most `limit`; reads the whole table unless there are more.

    Raises RefusedError if that takes too many pages.
    """
    read = pages(
        clients.dynamodb.scan,
        TableName=settings.routes_table,
        FilterExpression="#state = :unverified",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":unverified": routes.UNVERIFIED},
        ConsistentRead=True,
    )
    items, more = bounded(read, MOST_PAGES, limit)
    if more:
        raise RefusedError("there are more routes than can be read at once; name a tenant, or give a lower --limit")
    claims = [_claim(clients, settings, item) for item in items[:limit]]
    return sorted(claims, key=lambda claim: (claim.domain, claim.tenant_id))


def verify(
    clients: "Clients", settings: "Settings", tenant_id: str, domain: str | None, look_up: LookUp
) -> list[Verified]:
    """Look in DNS for the token of a tenant's claim, or of all its claims, and give it each domain that it proves.

    Safe to repeat, and at the same time: a domain goes to one tenant. Raises RefusedError.
    """
    record, claims = _completed(clients, settings, tenant_id, domain)
    return [_verify(clients, settings, record, claim, look_up) for claim in claims]


def override(clients: "Clients", settings: "Settings", tenant_id: str, domain: str, reason: str) -> Verified:
    """Give a tenant a domain that it claims and nobody holds, without DNS; who did it, when and why is kept with it.

    One that is listed as a public mailbox provider's is not given. Raises RefusedError.
    """
    record, (claim,) = _completed(clients, settings, tenant_id, domain)
    if claim.state != CLAIMED:
        return _held(claim)
    if is_listed(claim.domain):
        return Verified(claim.domain, verified=False, message=f"{LISTED}: {PROVE_IT}")
    caller = clients.sts.get_caller_identity()["Arn"]
    how = {"verifiedBy": BY_OPERATOR, "override": {"by": caller, "reason": reason}}
    return _take(clients, settings, record, claim, how)


def release(clients: "Clients", settings: "Settings", tenant_id: str, domain: str) -> None:
    """Take a verified domain from a tenant, whose claim stays; raises RefusedError if the domain is not its own."""
    key = registry.domain_key(domain)
    if registry.holder(clients.dynamodb, settings.routes_table, key) != tenant_id:
        _record(clients, settings, tenant_id)
        see = command("domains list", tenant_id)
        raise RefusedError(f"{domain} is not a verified domain of {tenant_id}; see: {see}")
    routes.release(clients.dynamodb, settings.routes_table, tenant_id, [key])


def _record(clients: "Clients", settings: "Settings", tenant_id: str) -> Record:
    record = read_record(clients.dynamodb, settings.tenants_table, tenant_id)
    if record is None:
        raise RefusedError(f"no tenant {tenant_id}; see: {command('list')}")
    return record


def _claim(clients: "Clients", settings: "Settings", item: Record) -> Claim:
    domain = item["routeKey"].split("#")[1]
    token = item.get("token") or _given_token(clients, settings, item["routeKey"])
    route = registry.read(clients.dynamodb, settings.routes_table, registry.domain_key(domain))
    return Claim(item["tenantId"], domain, item["reservedAt"], token, route)


def _given_token(clients: "Clients", settings: "Settings", key: str) -> str:
    """Give a token to a claim from before claims had one."""
    change = Change(settings.routes_table, {"routeKey": key}).set_once("token", routes.new_token())
    change.require("attribute_exists([routeKey])")
    return str(
        writes.in_turn(clients.dynamodb.update_item, **change.arguments(), ReturnValues="ALL_NEW")["Attributes"][
            "token"
        ]
    )


def _completed(
    clients: "Clients", settings: "Settings", tenant_id: str, domain: str | None
) -> tuple[Record, list[Claim]]:
    """Return a tenant that is in use, and those of its claims that are meant; raises RefusedError."""
    record = _record(clients, settings, tenant_id)
    if refusal := verdicts.refusal(record, tenant_id, Act.VERIFY):
        raise RefusedError(f"{tenant_id} {refusal}")
    claims = [claim for claim in list_of(clients, settings, tenant_id) if domain in {None, claim.domain}]
    if not claims:
        unclaimed = f"does not claim {domain}" if domain else "claims no email domain"
        raise RefusedError(f"{tenant_id} {unclaimed}; its event does in routing.emailDomains")
    return record, claims


def _verify(clients: "Clients", settings: "Settings", record: Record, claim: Claim, look_up: LookUp) -> Verified:
    if claim.state == VERIFIED:
        return _held(claim)
    if lacking := _lacking(claim.txt_record, look_up):
        taken = f"; besides, it {_held(claim).message}" if claim.state == TAKEN else ""
        return Verified(claim.domain, verified=False, message=f"{lacking}{taken}")
    if claim.state == TAKEN:
        return _held(claim, proved=True)
    return _take(clients, settings, record, claim, {"verifiedBy": BY_DNS})


def _lacking(wanted: TxtRecord, look_up: LookUp) -> str:
    """Return why DNS does not prove a claim; empty if it does. Nothing of what others publish is repeated."""
    try:
        found = [text.strip() for text in look_up(wanted.name)]
    except LookUpError as error:
        return str(error)
    if wanted.value in found:
        return ""
    publish = f'publish {wanted.name} TXT "{wanted.value}"'
    if any(text.startswith(VALUE) for text in found):
        return f"what {wanted.name} has is the token of another claim; {publish}"
    return f"no token at {wanted.name}, or DNS servers do not know it yet; {publish}"


def _take(clients: "Clients", settings: "Settings", record: Record, claim: Claim, how: dict[str, Any]) -> Verified:
    """Give the domain to the tenant if nobody holds it, the tenant is as it was seen, and the claim the one proved.

    Of a tenant that is SUSPENDED the route is too, which leads nowhere.
    """
    table, key = settings.routes_table, registry.domain_key(claim.domain)
    suspended = record["status"] == lifecycle.SUSPENDED
    item = {
        "routeKey": key,
        "tenantId": claim.tenant_id,
        "state": lifecycle.SUSPENDED if suspended else registry.ACTIVE,
        "target": routes.target(settings, record),
        "activatedAt": timestamp(time.time()),
        **how,
    }
    actions = [
        routes.put_new(table, item),
        fence.as_seen(settings.tenants_table, record),
        _still_claimed(table, claim),
    ]
    try:
        writes.transact(clients.dynamodb, actions)
    except ClientError as error:
        if CONDITION_FAILED not in cancellation_codes(error):
            raise
        held = Claim(
            claim.tenant_id, claim.domain, claim.since, claim.token, registry.read(clients.dynamodb, table, key)
        )
        if not held.route:
            message = "the tenant or its claim changed meanwhile; look at it, then verify again"
            return Verified(claim.domain, verified=False, message=message)
        return _held(held, proved=True)
    later = " once that is live again" if suspended else ""
    return Verified(claim.domain, verified=True, message=f"is verified: it leads to {claim.tenant_id}{later}")


def _held(claim: Claim, *, proved: bool = False) -> Verified:
    """Say whose a domain is already, and where it is another tenant's, what to do."""
    how = f"since {claim.route.get('activatedAt')} by {claim.route.get('verifiedBy')}"
    if claim.state == VERIFIED:
        return Verified(claim.domain, verified=True, message=f"is verified already, {how}")
    holder = claim.route["tenantId"]
    message = (
        f"{'its token is right, but it ' if proved else ''}is {holder}'s, {how}; if it should not be, "
        f"take it from there, then verify again: {command('domains release', holder, claim.domain)}"
    )
    return Verified(claim.domain, verified=False, message=message)


def _still_claimed(table: str, claim: Claim) -> dict[str, Any]:
    return {
        "ConditionCheck": {
            "TableName": table,
            "Key": {"routeKey": routes.domain_claim_key(claim.domain, claim.tenant_id)},
            "ConditionExpression": "#token = :token",
            "ExpressionAttributeNames": {"#token": "token"},
            "ExpressionAttributeValues": {":token": claim.token},
        }
    }
