"""Members: what a tenant's people may ask of the account API with a token of theirs, and its admins of one another.

The token says who asks, and of which tenant; what they may do says their row in the register.
"""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BeforeValidator, Field

from handlers import account, account_problems, member_callers, own_account, problems, wrong_requests
from handlers.account_description import DESCRIPTION
from handlers.member_callers import OF_ALL
from handlers.paths import Paths
from handlers.problems import ProblemError
from handlers.runtime import lease_until, logged, logger, settings
from orchestrator.aws import digits
from orchestrator.aws.cursor import CURSOR_MAX, CursorError
from orchestrator.aws.dynamodb import Item
from orchestrator.routing import routes
from orchestrator.users import invitations, local_users, members, statuses, store
from orchestrator.users.callers import Caller
from orchestrator.users.contract import OPENAPI_PATH, Accepted
from orchestrator.users.hosts import FederatedError
from orchestrator.users.invitations import Guest
from orchestrator.users.member_contract import (
    ME,
    RESEND_INVITATION,
    USER,
    USERS,
    Invitation,
    Member,
    MemberChange,
    MemberPage,
    OwnChange,
)
from orchestrator.users.operations import Operations, Wanted, is_admin
from orchestrator.users.works import Claim
from tenant_onboarding.names import USERNAME_MAX

ROWS = 25
MOST_ROWS = 100
ALLOWED = {
    ME: ("GET", "PATCH", "DELETE"),
    USERS: ("GET", "POST"),
    USER: ("GET", "PATCH", "DELETE"),
    RESEND_INVITATION: ("POST",),
    **own_account.ALLOWED,
}
PATHS = Paths(ALLOWED, OPENAPI_PATH)
BODILESS = Paths({RESEND_INVITATION: ("POST",)}, OPENAPI_PATH)
OF_ADMINS = (*OF_ALL, account_problems.NOT_ALLOWED)
CHANGING = (
    account_problems.NO_SUCH_USER,
    account_problems.LAST_ADMIN,
    account_problems.NOT_POSSIBLE,
    account_problems.UNDER_WAY,
)
UserId = Annotated[str, Path(alias="userId", pattern="^[!-~]{1,128}$", description="The user's id.")]
Limit = Annotated[
    Annotated[int, Field(ge=1, le=MOST_ROWS), BeforeValidator(digits.whole)], Query(description="At most so many.")
]
Cursor = Annotated[
    str | None, Query(max_length=CURSOR_MAX, description="The `nextCursor` of the page before, with the same search.")
]
Search = Annotated[
    str, Query(max_length=254, description="The beginning of an address or a name; case makes no difference.")
]


app = APIGatewayHttpResolver(enable_validation=True, debug=False)
app.include_router(own_account.router)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request; never raises."""
    return account.answered(event, context, _handle)


@logged
def _handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return account.resolved(app, PATHS, event, context, bodiless=BODILESS, proved=own_account.PROVED)


@app.get(ME, operation_id="getMe", summary="See oneself", responses=DESCRIPTION.answers("Who asks.", *OF_ALL))
def get_me() -> Member:
    """Return who asks."""
    return _member(_caller().row)


@app.patch(
    ME,
    operation_id="changeMe",
    summary="Change one's own name",
    responses=DESCRIPTION.answers("Who asked, as it is now.", *OF_ALL, *CHANGING, account_problems.FEDERATED),
)
def change_me(asked: Annotated[OwnChange, Body()]) -> Member:
    """Change the caller's name."""
    asks = _caller()
    if not local_users.is_local(asks.tenant, asks.row):
        raise FederatedError(routes.address(settings(), asks.tenant))
    return _member(_changed(asks, asks.row, Wanted("NAME", asked.name)))


@app.delete(
    ME,
    operation_id="leave",
    summary="Leave the tenant for good",
    status_code=204,
    responses=DESCRIPTION.answers("Whoever asked has left.", *OF_ALL, *CHANGING, success=204),
)
def leave() -> Response[str]:
    """Remove the caller."""
    asks = _caller()
    _changed(asks, asks.row, Wanted("REMOVE"))
    return Response(204, body="")


@app.get(
    USERS,
    operation_id="listUsers",
    summary="List the tenant's people, in the order of their ids, or look for some by address or name",
    responses=DESCRIPTION.answers(
        "A page; while there is a `nextCursor` there may be more, however few are in it.", *OF_ADMINS
    ),
)
def list_users(limit: Limit = ROWS, cursor: Cursor = None, search: Search = "") -> MemberPage:
    """List the people of the caller's tenant."""
    asks = _admin()
    try:
        page = members.page(
            member_callers.clients(), settings(), asks.tenant["tenantId"], limit, cursor, members.Wanted(search)
        )
    except CursorError as error:
        raise wrong_requests.invalid("cursor", str(error)) from None
    return MemberPage(users=[_member(row) for row in page.rows], nextCursor=page.cursor)


@app.post(
    USERS,
    operation_id="inviteUser",
    summary="Invite somebody to the tenant",
    status_code=201,
    responses=DESCRIPTION.answers(
        "Who is invited, now or before: 200 if it was before.", *OF_ADMINS, account_problems.USER_EXISTS, success=201
    ),
)
def invite_user(asked: Annotated[Invitation, Body()]) -> Response[Member]:
    """Invite somebody to the caller's tenant."""
    asks = _admin()
    _check_role(asked.role)
    if len(local_users.user_name(asks.tenant, asked.email)) > USERNAME_MAX:
        raise wrong_requests.invalid("email", "is too long for this tenant", account.BODY)
    guest = Guest(asked.email, asked.name or "", asked.role)
    invited = invitations.invite(member_callers.clients(), settings(), asks.tenant, guest, only_if=_is_admin(asks))
    if invited.answer == "user":
        raise ProblemError(account_problems.USER_EXISTS, "Change that user instead.")
    row = _row(asks, invited.user_id)
    logger.info("invited", extra={"userId": row["userId"], "again": invited.answer == "repeated"})
    return Response(200 if invited.answer == "repeated" else 201, "application/json", _member(row))


@app.get(
    USER,
    operation_id="getUser",
    summary="Show somebody of the tenant",
    responses=DESCRIPTION.answers("The user.", *OF_ADMINS, account_problems.NO_SUCH_USER),
)
def get_user(user_id: UserId) -> Member:
    """Show somebody of the caller's tenant."""
    return _member(_row(_admin(), user_id))


@app.patch(
    USER,
    operation_id="changeUser",
    summary="Give somebody another role, disable or enable them",
    responses=DESCRIPTION.answers("The user as it is now.", *OF_ADMINS, *CHANGING),
)
def change_user(user_id: UserId, asked: Annotated[MemberChange, Body()]) -> Member:
    """Change somebody of the caller's tenant."""
    asks = _admin()
    if asked.role is not None:
        _check_role(asked.role)
        wanted = Wanted("ROLE", asked.role)
    else:
        wanted = Wanted("ENABLE" if asked.status == statuses.ACTIVE else "DISABLE")
    return _member(_changed(asks, _row(asks, user_id), wanted))


@app.delete(
    USER,
    operation_id="removeUser",
    summary="Remove somebody from the tenant for good, or withdraw an invitation",
    status_code=204,
    responses=DESCRIPTION.answers("The user is gone.", *OF_ADMINS, *CHANGING, success=204),
)
def remove_user(user_id: UserId) -> Response[str]:
    """Remove somebody from the caller's tenant."""
    asks = _admin()
    _changed(asks, _row(asks, user_id, leaves=True), Wanted("REMOVE"))
    return Response(204, body="")


@app.post(
    RESEND_INVITATION,
    operation_id="resendInvitation",
    summary="Mail somebody who is invited another link",
    status_code=202,
    responses=DESCRIPTION.answers(
        "A link is on its way.", *OF_ADMINS, account_problems.NO_SUCH_USER, account_problems.NOT_INVITED, success=202
    ),
)
def resend_invitation(user_id: UserId) -> Accepted:
    """Have another link mailed to somebody who is invited to the caller's tenant."""
    asks = _admin()
    row = _row(asks, user_id)
    if row["status"] != statuses.INVITED or asks.tenant["federated"]:
        raise ProblemError(account_problems.NOT_INVITED, f"The user is {row['status']}.")
    invitations.resend(member_callers.clients(), settings(), row, only_if=_is_admin(asks))
    logger.info("invitation sent again", extra={"userId": user_id})
    return Accepted()


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]  # it leaves the function as it is
def _problem(error: Exception) -> Response[str]:
    found = account_problems.of(error)
    return Response(int(found.kind.status), problems.MEDIA_TYPE, problems.to_json(found, None), found.headers)


def _caller() -> Caller:
    return member_callers.caller(app.current_event.raw_event)


def _admin() -> Caller:
    return member_callers.admin(app.current_event.raw_event)


def _row(asks: Caller, user_id: str, *, leaves: bool = False) -> Item:
    """Return the row of somebody of the caller's tenant; raises ProblemError if there is nobody.

    Who is being removed is nobody any more but for whoever asks for that again: so a removal that failed goes on.
    """
    row = store.read(member_callers.clients().dynamodb, settings().users_table, asks.tenant["tenantId"], user_id)
    if row is None or (row["status"] == statuses.REMOVED and not leaves):
        raise ProblemError(account_problems.NO_SUCH_USER, "List the tenant's users.")
    return row


def _changed(asks: Caller, row: Item, wanted: Wanted) -> Item:
    """Do something to somebody, and return the row as it is then."""
    context = app.lambda_context
    claim = Claim(context.aws_request_id, lease_until(context))
    found = Operations(member_callers.clients(), settings(), asks.tenant).change(row, wanted, asks.by, claim)
    logger.info("user changed", extra={"userId": row["userId"], "what": wanted.what})
    return found


def _is_admin(asks: Caller) -> dict[str, Any]:
    """Return the check that the caller is an admin still, for the transaction that changes something."""
    return is_admin(settings().users_table, asks.row)


def _check_role(role: str) -> None:
    if role not in (there := statuses.roles(settings())):
        raise wrong_requests.invalid("role", f"must be {', '.join(there[:-1])} or {there[-1]}", account.BODY)


def _member(row: Item) -> Member:
    return Member.model_validate(members.document(row))
