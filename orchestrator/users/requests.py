"""Requests for links: taken from anybody, put on a queue, and looked into only behind it.

So neither the answer nor its time tells whether an address is known. Behind the queue each request is one work: a
message that comes twice mails once. One whose mail may or may not have left is mailed again, with another secret that
is as good.
"""

import json
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError
from pydantic.alias_generators import to_camel, to_snake

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED, Change
from orchestrator.aws.errors import (
    ConfigurationError,
    PlacementRaisedError,
    TenantNotLiveError,
    TransientError,
    cancellation_codes,
)
from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import Begun, Made, Record, Turn, timestamp
from orchestrator.tenants.records import read_item, read_record
from orchestrator.tenants.refusals import DoneError
from orchestrator.users import addresses, budgets, hosts, links, local_users, sign_up, statuses, store, works
from orchestrator.users.hosts import SuspendedError
from orchestrator.users.ids import new_ulid
from orchestrator.users.links import Wanted
from orchestrator.users.works import (
    CONFIRM_USER,
    INVITATION,
    KNOWN,
    LINK,
    PROOF,
    REGISTRATION,
    RESET,
    SEND_LINK,
    Claim,
    Purpose,
)

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

KEPT_SECONDS = 15 * 24 * 3600
"""Longer than a message can come back: SQS keeps one for 14 days at most."""
MOST_IN_DOUBT = 5
"""So many tries of one request that may or may not have mailed are enough."""
STALE_SECONDS = 24 * 3600
"""A request that waited for longer is dropped: nobody expects its mail any more."""

Answer = Literal["mailed", "repeated", "dropped"]


@dataclass(frozen=True)
class Request:
    """What is on the queue: for a host, as the public names it, or for a tenant."""

    request_id: str
    purpose: Purpose
    email: str
    requested_at: str
    host: str = ""
    tenant_id: str = ""
    name: str = ""

    def to_json(self) -> str:
        """Return the message of the queue."""
        return json.dumps({to_camel(name): value for name, value in asdict(self).items() if value})

    @classmethod
    def from_json(cls, text: str) -> "Request":
        """Return the request of a message; raises ConfigurationError for one that is none of ours."""
        try:
            return cls(**{to_snake(name): value for name, value in json.loads(text).items()})
        except (AttributeError, TypeError, ValueError):
            raise ConfigurationError("This is no request for a link", code="MalformedRequest") from None


@dataclass(frozen=True)
class Received:
    """What became of a request; `why` says it of one that was dropped, in a word."""

    answer: Answer
    tenant_id: str | None = None
    why: str = ""


class _DroppedError(Exception):
    """No mail is sent."""


def ask(clients: "Clients", settings: "Settings", purpose: Purpose, host: str, email: str, name: str = "") -> None:
    """Put a request on the queue, whatever is known of its address."""
    request = Request(new_ulid(), purpose, email.lower(), timestamp(time.time()), host=host, name=name)
    put(clients, settings, request)


def put(clients: "Clients", settings: "Settings", request: Request) -> None:
    """Put a request on the queue."""
    clients.sqs.send_message(QueueUrl=settings.proof_requests_queue, MessageBody=request.to_json())


def receive(clients: "Clients", settings: "Settings", body: str, claim: Claim) -> Received:
    """Mail the link that a message of the queue asks for, or drop it; raises what AWS answers, translated or not.

    After an error the message must come back.
    """
    request = Request.from_json(body)
    tenant_id = request.tenant_id or None
    try:
        tenant = _tenant(clients, settings, request)
        tenant_id = str(tenant["tenantId"])
        wanted = _wanted(clients, settings, tenant, request)
        _claim(clients, settings, request, wanted)
        return Received(_mail(clients, settings, tenant, request, wanted, claim), tenant_id)
    except _DroppedError as dropped:
        return Received("dropped", tenant_id, str(dropped))


def _tenant(clients: "Clients", settings: "Settings", request: Request) -> Record:
    if time.time() > datetime.fromisoformat(request.requested_at).timestamp() + STALE_SECONDS:
        raise _DroppedError("Stale")
    tenant_id = request.tenant_id
    if not tenant_id:
        try:
            route = hosts.route_of(clients.dynamodb, settings, request.host)
        except SuspendedError:
            raise _DroppedError("TenantSuspended") from None
        if route is None:
            raise _DroppedError("UnknownHost")
        tenant_id = route["tenantId"]
    tenant = read_record(clients.dynamodb, settings.tenants_table, tenant_id)
    if tenant is None or tenant["status"] != lifecycle.COMPLETED:
        raise _DroppedError("TenantNotLive")
    if tenant["federated"]:
        raise _DroppedError("Federated")
    return tenant


def _wanted(clients: "Clients", settings: "Settings", tenant: Record, request: Request) -> Wanted:
    """Return the link that somebody gets, which proves nothing for whoever registers and is a user already."""
    tenant_id = str(tenant["tenantId"])
    address = addresses.hashed(clients, settings, request.email)
    row = store.find(clients.dynamodb, settings.users_table, tenant_id, address)
    wanted = Wanted(tenant_id, address, request.email, request.purpose, new_ulid(), request.name)
    if row is None:
        return _half_done(clients, settings, wanted) or _registration(clients, settings, tenant, wanted)
    if row["status"] == statuses.INVITED:
        purpose: Purpose = INVITATION
    elif row["status"] != statuses.ACTIVE or not local_users.is_local(tenant, row) or request.purpose == INVITATION:
        raise _DroppedError("NotInvited" if request.purpose == INVITATION else "NoLocalUser")
    else:
        purpose = KNOWN if request.purpose == REGISTRATION else RESET
    until = int(row.get(store.EXPIRES_AT, 0))
    return Wanted(tenant_id, address, row["email"], purpose, row["userId"], row.get("name", ""), until)


def _half_done(clients: "Clients", settings: "Settings", wanted: Wanted) -> Wanted | None:
    """Return the link by which a registration goes on that stopped half-way, for whoever forgot the password meanwhile.

    There may be a user in Cognito already whom the register does not know; None if there is no such thing.
    """
    proof = read_item(clients.dynamodb, settings.users_table, works.proof_key(wanted.tenant_id, wanted.address))
    step = proof["steps"].get(CONFIRM_USER) if proof and proof[PROOF.status] != works.DONE else None
    if wanted.purpose != RESET or step is None or step["begun"] <= step["settled"]:
        return None
    return replace(wanted, purpose=REGISTRATION)


def _registration(clients: "Clients", settings: "Settings", tenant: Record, wanted: Wanted) -> Wanted:
    if wanted.purpose != REGISTRATION:
        raise _DroppedError("UnknownAddress")
    if not sign_up.may_register(clients.dynamodb, settings, tenant, wanted.email):
        raise _DroppedError("NotInvited")
    if budgets.registration_is_closed(clients, settings, time.time()):
        raise _DroppedError("RegistrationClosed")
    return wanted


def _claim(clients: "Clients", settings: "Settings", request: Request, wanted: Wanted) -> None:
    """Write down the work of a request, with what its mail costs; a request that comes again costs nothing more."""
    now = time.time()
    key = works.link_key(wanted.tenant_id, request.request_id)
    link = key | works.begun(LINK, SEND_LINK) | {"proofOf": wanted.address, "purpose": wanted.purpose}
    link |= {LINK.changed_at: timestamp(now), "expiresAt": int(now) + KEPT_SECONDS}
    anew = {"ConditionExpression": "attribute_not_exists(#item)", "ExpressionAttributeNames": {"#item": "item"}}
    put_link = {"Put": {"TableName": settings.users_table, "Item": link, **anew}}
    charges = budgets.charge(clients, settings, wanted.tenant_id, wanted.address, request.purpose, now)
    try:
        writes.transact(clients.dynamodb, [put_link, *charges])
    except ClientError as error:
        own, *others = cancellation_codes(error) or [""]
        if own == CONDITION_FAILED:
            return
        if CONDITION_FAILED not in others:
            raise
        raise _DroppedError(
            f"BudgetOf{(budgets.refused(error.response['CancellationReasons']) or '').title()}"
        ) from None


def _mail(
    clients: "Clients", settings: "Settings", tenant: Record, request: Request, wanted: Wanted, claim: Claim
) -> Answer:
    """Carry the work of a request out; tells whether this mailed, or an earlier try had."""

    def send(begun: Begun) -> Made:
        step = begun.record["steps"][SEND_LINK]
        if step["begun"] - step["settled"] > MOST_IN_DOUBT:
            return Made(amend=_over)
        token = links.new_token()
        if wanted.purpose != KNOWN:
            _open(clients, settings, wanted, token)
        sent = _send(clients, settings, tenant, wanted, token, request.request_id)
        return Made(resources={"messageId": sent}, amend=_over)

    link = works.work(settings, LINK, works.link_key(wanted.tenant_id, request.request_id), tenant)
    try:
        works.perform(clients.dynamodb, link, Turn(SEND_LINK, claim.owner, 1, 0, claim.lease_until), send)
    except DoneError:
        return "repeated"
    except (PlacementRaisedError, TenantNotLiveError):
        raise _DroppedError("TenantNotLive") from None
    return "mailed"


def _send(clients: "Clients", settings: "Settings", tenant: Record, wanted: Wanted, token: str, request_id: str) -> str:
    """Mail a link, or word that there is nothing to prove; its language is that of the tenant's admin."""
    from orchestrator.users import mail  # templates are slow to import, and who only asks needs none

    addressed: Any = {"to": wanted.email, "address": wanted.address, "request_id": request_id}
    addressed["locale"] = tenant["admin"].get("locale") if "admin" in tenant else None
    if wanted.purpose == KNOWN:
        return mail.already_known(clients, settings, tenant, **addressed)
    ends = wanted.ends(time.time())
    return mail.send_link(
        clients,
        settings,
        tenant,
        purpose=wanted.purpose,
        token=token,
        expires_at=ends,
        name=wanted.name,
        **addressed,
    )


def _over(change: Change) -> None:
    LINK.enter(change, works.DONE, timestamp(time.time()))


def _open(clients: "Clients", settings: "Settings", wanted: Wanted, token: str) -> None:
    """Make a secret and open its address's proof; raises TransientError while others do the same."""
    table = settings.users_table
    seen = read_item(clients.dynamodb, table, works.proof_key(wanted.tenant_id, wanted.address))
    try:
        writes.transact(clients.dynamodb, links.opened(table, wanted, token, seen, time.time()))
    except ClientError as error:
        if CONDITION_FAILED not in cancellation_codes(error):
            raise
        raise TransientError("The proof of the address changed meanwhile", code="ProofChanged") from None
