"""Proofs: whoever brings the secret of a link has proved an address, and becomes a user or gets another password.

Until then nobody is in Amazon Cognito. The secret is used up last: whatever fails before, it stays good, and the same
link goes on where it stopped. Two clicks at once make one user: the second finds the first at work, or it done.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.aws.dynamodb import Change, Item
from orchestrator.aws.errors import (
    ConfigurationError,
    PlacementRaisedError,
    ResourceMissingError,
    SupersededError,
    TenantNotLiveError,
    TransientError,
)
from orchestrator.identity.tenant_region import clients_there
from orchestrator.identity.tenant_resources import security
from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import Begun, Made, Record, Turn, timestamp
from orchestrator.tenants.records import read_record
from orchestrator.tenants.refusals import DoneError, RedrivenError
from orchestrator.users import hosts, links, local_users, sign_up, statuses, store, works
from orchestrator.users.hosts import FederatedError, SuspendedError
from orchestrator.users.passwords import NOT_TAKEN, REFUSED_BY_COGNITO, PasswordRefusedError, broken_rules
from orchestrator.users.refusals import BUSY, GONE, UnderWayError
from orchestrator.users.works import CONFIRM_USER, PROOF, PROVED_BY, REGISTRATION, RESET_PASSWORD, Claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


class ProofEndedError(Exception):
    """The secret was used, has ended, or never was one of this host's tenant."""


@dataclass(frozen=True)
class Brought:
    """What a request brings: the host that it was sent for, a link's secret and the password that is to be."""

    host: str
    token: str
    password: str


@dataclass(frozen=True)
class _Proving:
    """A secret that is good, of a tenant that is live, with a password that its policy takes."""

    clients: "Clients"
    settings: "Settings"
    tenant: Record
    secret: Item
    password: str


def confirm(clients: "Clients", settings: "Settings", brought: Brought, claim: Claim) -> str:
    """Make the user who has proved an address, and return its id.

    Raises ProofEndedError, UnderWayError, PasswordRefusedError of `passwords`, FederatedError and SuspendedError of
    `hosts`, and what AWS answers, translated or not.
    """
    return _carry_out(clients, settings, brought, claim, CONFIRM_USER, _make_user)


def reset(clients: "Clients", settings: "Settings", brought: Brought, claim: Claim) -> str:
    """Set the password of the user who has proved an address, end all its sessions, and return its id; raises as above.

    It is as good for somebody whose first password has run out.
    """
    return _carry_out(clients, settings, brought, claim, RESET_PASSWORD, _set_password)


def _carry_out(
    clients: "Clients",
    settings: "Settings",
    brought: Brought,
    claim: Claim,
    step: str,
    act: "Callable[[_Proving, Begun], tuple[str, Made]]",
) -> str:
    """Carry a step out and return the user's id."""
    proving = _checked(clients, settings, brought, step)
    secret, tenant = proving.secret, proving.tenant
    tenant_id, done = str(tenant["tenantId"]), []

    def acts(begun: Begun) -> Made:
        user_id, made = act(proving, begun)
        done.append(user_id)
        return _used_up(settings, links.key(tenant_id, brought.token), made)

    proof = works.work(settings, PROOF, works.proof_key(tenant_id, secret["proofOf"]), tenant)
    turn = Turn(step, claim.owner, int(secret["attempt"]), 0, claim.lease_until)
    try:
        works.perform(clients.dynamodb, proof, turn, acts)
    except (DoneError, RedrivenError, SupersededError, PlacementRaisedError):
        raise ProofEndedError from None
    except ResourceMissingError as error:
        if error.code != GONE:
            raise
        raise ProofEndedError from None
    except TenantNotLiveError:
        raise SuspendedError from None
    except TransientError as error:
        if error.code in BUSY:
            raise UnderWayError from None
        raise
    except ConfigurationError as error:
        if error.code in REFUSED_BY_COGNITO:
            raise PasswordRefusedError([NOT_TAKEN]) from None
        raise
    return str(done[0])


def _checked(clients: "Clients", settings: "Settings", brought: Brought, step: str) -> _Proving:
    """Return what can be carried out; raises the errors of `confirm`, none of which uses the secret up."""
    route = hosts.route_of(clients.dynamodb, settings, brought.host)
    if route is None:
        raise ProofEndedError
    if hosts.is_federated(route):
        raise FederatedError(route["signInAddress"])
    tenant_id, table = route["tenantId"], settings.users_table
    secret = links.find(clients.dynamodb, table, tenant_id, brought.token, time.time())
    if secret is None or PROVED_BY[secret["purpose"]] != step:
        raise ProofEndedError
    tenant = read_record(clients.dynamodb, settings.tenants_table, tenant_id)
    if tenant is None or tenant["status"] not in lifecycle.LIVE:
        raise ProofEndedError
    if rules := broken_rules(brought.password, security(tenant).password_policy):
        raise PasswordRefusedError(rules)
    return _Proving(clients, settings, tenant, secret, brought.password)


def _used_up(settings: "Settings", key: dict[str, str], made: Made) -> Made:
    """Let what was made be written down together with the end of the secret and of the proof."""
    now = time.time()

    def over(change: Change) -> None:
        PROOF.enter(change, works.DONE, timestamp(now))

    used = {"Delete": {"TableName": settings.users_table, "Key": key}}
    return Made(
        resources=made.resources,
        amend=over,
        together_with=[*made.together_with, used],
        refusal=TransientError("The user changed meanwhile", code="UserChanged", settled=False),
    )


def _make_user(proving: _Proving, begun: Begun) -> tuple[str, Made]:
    """Make the user in Cognito, or find the one that an earlier try made; all of it is safe to repeat."""
    table, tenant, secret = proving.settings.users_table, proving.tenant, proving.secret
    tenant_id, address = str(tenant["tenantId"]), secret["proofOf"]
    invitation = store.find(proving.clients.dynamodb, table, tenant_id, address)
    if invitation and invitation["status"] != statuses.INVITED:
        raise SupersededError(f"{tenant_id}: whoever has this address is {invitation['status']}")
    if invitation is None and not _may_register(proving):
        raise SupersededError(f"{tenant_id}: whoever has this address is not invited any more, and may not register")
    known = invitation or {"userId": begun.record["userId"], "createdAt": timestamp(time.time())}
    wanted = store.User(
        user_id=known["userId"],
        tenant_id=tenant_id,
        email=secret["email"],
        address=address,
        name=known.get("name") or secret.get("name", ""),
        role=known.get("role", statuses.MEMBER),
        status=statuses.ACTIVE,
        created_at=known["createdAt"],
    )
    cognito = clients_there(proving.clients, proving.settings, tenant).cognito
    user = local_users.make(cognito, tenant, wanted)
    local_users.set_password(cognito, user, proving.password)
    return user.user_id, Made(together_with=store.confirmed(table, user, invitation))


def _may_register(proving: _Proving) -> bool:
    """Tell whether somebody who is not invited may become a user now: the tenant may say so no longer."""
    secret, tenant = proving.secret, proving.tenant
    asked = secret["purpose"] == REGISTRATION
    return asked and sign_up.may_register(proving.clients.dynamodb, proving.settings, tenant, secret["email"])


def _set_password(proving: _Proving, begun: Begun) -> tuple[str, Made]:
    """Set the password of a local user who is ACTIVE, and end all sessions; both are safe to repeat."""
    table, tenant = proving.settings.users_table, proving.tenant
    row = store.read(proving.clients.dynamodb, table, str(tenant["tenantId"]), begun.record["userId"])
    if row is None or row["status"] != statuses.ACTIVE or not local_users.is_local(tenant, row):
        raise SupersededError(f"{tenant['tenantId']}: the user is no longer one with a password")
    user = store.of(row)
    cognito = clients_there(proving.clients, proving.settings, tenant).cognito
    local_users.set_password(cognito, user, proving.password)
    local_users.end_sessions(cognito, user)
    return user.user_id, Made(together_with=[store.is_still(table, row)])
