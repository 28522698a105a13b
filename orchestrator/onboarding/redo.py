"""Redo: a step is done, but what it made is gone. Which steps that undoes, and how a failure names the one to redo."""

from typing import Any

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import (
    NOT_SEEN_YET,
    OnboardingError,
    ResourceMissingError,
    TransientError,
    translate,
)
from orchestrator.identity import server_clients
from orchestrator.routing import routes
from orchestrator.tenants import kinds, tiers
from orchestrator.tenants.ledger import OF_ITS_END, Record
from orchestrator.tenants.records import made_lately
from tenant_onboarding.authorizer import registry

MADE = {
    "CreateUserPool": ("region", "userPoolId", "issuer"),
    "ConfigureUserPool": ("domain", server_clients.RESOURCE),
    "CreateTenantGroup": ("groupName",),
    "CreateIdentityProviders": ("identityProviders",),
    "CreateAppClient": ("appClientId",),
    "CreateTenantAdmin": ("adminUsername",),
    "RegisterRouting": (),
    "SendWelcomeEmail": ("welcomeMessageId",),
}
"""What each step that something can undo records of what it made."""
WENT_WITH = {
    "CreateUserPool": tuple(step for step in MADE if step != "CreateUserPool"),
    "ConfigureUserPool": ("RegisterRouting",),
    "CreateTenantGroup": ("CreateTenantAdmin", "SendWelcomeEmail"),
    "CreateAppClient": ("RegisterRouting",),
    "CreateTenantAdmin": ("SendWelcomeEmail",),
}
"""The steps after one whose work lived in what it made, names it, or is to be looked at again without it."""
NOT_REDONE = {
    "AssignSharedPool": (
        "a shared user pool is other tenants' too, and the tenant's place in it is counted; if it is gone, "
        "see the section Retry of docs/operations.md"
    ),
    "SendWelcomeEmail": "it made nothing that could be gone; once the tenant is COMPLETED, its email can be sent again",
    "CompleteOnboarding": "it made nothing that could be gone",
}
NAMES_A_GROUP = ("AdminAddUserToGroup", "GetGroup")
NAMES_A_USER_POOL = (
    *NAMES_A_GROUP,
    "AdminCreateUser",
    "AdminGetUser",
    "AdminSetUserPassword",
    "CreateGroup",
    "CreateIdentityProvider",
    "CreateUserPoolClient",
    "CreateUserPoolDomain",
    "DescribeIdentityProvider",
    "ListUserPoolClients",
    "SetUserPoolMfaConfig",
    "UpdateIdentityProvider",
)
"""The steps' calls of Cognito; whatever else answers that something is missing means a table, a bus or a secret."""
USER_MISSING = "UserNotFoundException"
NOT_ALLOWED = "AccessDeniedException"


def refusal(record: Record, step: str) -> str:
    """Return why a step of a tenant cannot be redone; empty if it can."""
    path = tiers.path(record["tier"], federated=record["federated"])
    if step not in path:
        return f"{step} is no step of this tenant; there are {', '.join(path)}"
    if step in NOT_REDONE:
        return f"{step} cannot be redone: {NOT_REDONE[step]}"
    status = record["steps"].get(step, {}).get("status", "PENDING")
    if status != "DONE":
        return f"{step} is {status}, so there is nothing to redo; retry without --redo"
    return ""


def undone(record: Record, step: str) -> list[str]:
    """Return the step and those after it that are done and are to be done again with it, in their order."""
    path = tiers.path(record["tier"], federated=record["federated"])
    again = (step, *WENT_WITH.get(step, ()))
    return [each for each in path if each in again and record["steps"].get(each, {}).get("status") == "DONE"]


def undo(change: Change, record: Record, step: str) -> Change:
    """Let a change undo a step and what went with it, so that the next attempt does them again.

    Each counts one more begin, which never settled: so it looks for its resource before it creates one, and what is in
    fact there is found and not doubled. That begin was no try, as `undone` says.
    """
    for each in undone(record, step):
        path = f"steps.{each}"
        change.set(f"{path}.status", "PENDING").increase(f"{path}.begun").increase(f"{path}.undone")
        change.remove(*(f"{path}.{name}" for name in ("startedAt", *OF_ITS_END)))
        change.remove(*(f"resources.{name}" for name in MADE[each]))
    return change


def unregister(table: str, record: Record, step: str) -> list[dict[str, Any]]:
    """Return the actions that take back the routes of app clients that are done again; none where there are none."""
    again = undone(record, step)
    if "RegisterRouting" not in again:
        return []
    resources, keys = record["resources"], []
    if "CreateAppClient" in again:
        keys.append(registry.client_key(resources["userPoolId"], resources["appClientId"]))
    if "ConfigureUserPool" in again:
        keys += server_clients.keys(resources)
    return [routes.removal(table, record["tenantId"], key) for key in keys]


def explain(error: ClientError, step: str, record: Record) -> OnboardingError:
    """Return the error of ours for what AWS answered to a step; if what an earlier step made is gone, it names that.

    What was made a moment ago is not gone: a read may lag behind a create. The step is tried again then.
    """
    failure = translate(error)
    if not kinds.of(record).can_redo:  # what an abandonment misses is removed already
        return failure
    path = tiers.path(record["tier"], federated=record["federated"])
    if new := _may_be_new(error.operation_name, failure, step, record):
        return TransientError(f"{failure.message} ({new} made it a moment ago)", code=NOT_SEEN_YET)
    known = "userPoolId" in record["resources"]
    if failure.code == NOT_ALLOWED and error.operation_name in NAMES_A_USER_POOL and known:
        return _denied_or_gone(failure, record)
    maker = _maker(error.operation_name, failure, record)
    if maker not in path[: path.index(step)]:
        return failure
    failure.message += f" (it is what {maker} made)"
    if maker in NOT_REDONE:
        failure.command = "abandon"
        key = record["resources"].get("sharedPoolKey")
        failure.next_action = (
            f"The shared user pool {key} was deleted outside the workflow, and Amazon Cognito brings none back: see"
            " docs/operations.md, section Retry. Abandon the tenant, then emit its event anew."
        )
    else:
        failure.redo = maker
        failure.next_action = (
            "It was deleted outside the workflow. Retry, and have it made anew; if somebody has restored it, it is"
            " found."
        )
    return failure


def _may_be_new(operation: str, failure: OnboardingError, step: str, record: Record) -> str:
    """Return the step that made a moment ago what a call missed; empty if none did.

    A user pool that is not seen yet is denied, too, as its tag is not: but only before anything was made in it.
    """
    path = tiers.path(record["tier"], federated=record["federated"])
    maker = _maker(operation, failure, record)
    holder = "CreateUserPool" if record["tier"] == "silo" else "AssignSharedPool"
    if failure.code == NOT_ALLOWED and operation in NAMES_A_USER_POOL and step == path[path.index(holder) + 1]:
        maker = holder
    if step == "CreateAppClient" and any(each["name"] in failure.message for each in _providers(record)):
        maker = "CreateIdentityProviders"
    return maker if maker and (maker == step or made_lately(record, maker)) else ""


def _providers(record: Record) -> list[dict[str, Any]]:
    return list(record["resources"].get("identityProviders", []))


def _maker(operation: str, failure: OnboardingError, record: Record) -> str:
    """Return the step that made what a call missed; empty if it missed nothing of the tenant's."""
    if not isinstance(failure, ResourceMissingError) or operation not in NAMES_A_USER_POOL:
        return ""
    if failure.code == USER_MISSING:
        return "CreateTenantAdmin"
    if operation in NAMES_A_GROUP and str(record["resources"].get("userPoolId")) not in failure.message:
        return "CreateTenantGroup"
    return "CreateUserPool" if record["tier"] == "silo" else "AssignSharedPool"


def _denied_or_gone(failure: OnboardingError, record: Record) -> OnboardingError:
    """Return a denial with its other reason: the role may use user pools by their tag, and one that is gone has none.

    To redo CreateUserPool is right for either reason: a user pool that is there is found.
    """
    pool_id = record["resources"]["userPoolId"]
    gone = f"If the console shows no user pool {pool_id}, it is gone, and that is the reason"
    if record["tier"] == "silo":
        failure.redo = "CreateUserPool"
        failure.next_action += (
            f" {gone}: then retry at once. One that is gone is made anew, one that is there is found."
        )
    else:
        failure.next_action += f" {gone}: then abandon the tenant instead, and emit its event anew."
    return failure
