"""Proofs: what anybody may ask of the account API without a session, to become a user or to get another password.

Whoever registers or forgot a password is answered alike, whoever has the address: the request goes on a queue. Whoever
brings the secret of a link has a user made, or a password set.
"""

from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers import account, account_problems, problems, wrong_requests
from handlers.account_description import DESCRIPTION
from handlers.paths import Paths
from handlers.runtime import lease_until, logged, logger, settings
from orchestrator.aws.clients import WHILE_SOMEBODY_WAITS, Clients
from orchestrator.users import hosts, proofs, requests
from orchestrator.users.contract import (
    CONFIRM,
    FORGOT_PASSWORD,
    OPENAPI_PATH,
    REGISTER,
    RESET_PASSWORD,
    Accepted,
    Confirmed,
    LinkRequest,
    Proof,
    Registration,
)
from orchestrator.users.proofs import Brought
from orchestrator.users.works import REGISTRATION, RESET, Claim, Purpose
from tenant_onboarding.names import USERNAME_MAX

PROVING = (
    account_problems.PASSWORD_REFUSED,
    account_problems.FEDERATED,
    account_problems.UNDER_WAY,
    account_problems.ENDED,
)
ALLOWED = {
    REGISTER: ("POST",),
    FORGOT_PASSWORD: ("POST",),
    CONFIRM: ("POST",),
    RESET_PASSWORD: ("POST",),
    OPENAPI_PATH: ("GET",),
}
PATHS = Paths(ALLOWED, OPENAPI_PATH)


@cache
def clients() -> Clients:
    """Return the AWS clients of this execution environment: whoever asked, waits."""
    return Clients(patience=WHILE_SOMEBODY_WAITS)


app = APIGatewayHttpResolver(enable_validation=True, debug=False)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request; never raises."""
    return account.answered(event, context, _handle)


@logged
def _handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return account.resolved(app, PATHS, event, context)


@app.post(
    REGISTER,
    operation_id="register",
    summary="Have a link mailed by which somebody becomes a user, if the tenant lets them",
    status_code=202,
    responses=DESCRIPTION.answers("The same for everybody. A mail says more, or none is sent.", success=202),
)
def register(asked: Annotated[Registration, Body()]) -> Accepted:
    """Ask for the link of a registration."""
    return _ask(REGISTRATION, asked, asked.name or "")


@app.post(
    FORGOT_PASSWORD,
    operation_id="forgotPassword",
    summary="Have a link mailed by which a user sets another password",
    status_code=202,
    responses=DESCRIPTION.answers("The same for everybody. A mail says more, or none is sent.", success=202),
)
def forgot_password(asked: Annotated[LinkRequest, Body()]) -> Accepted:
    """Ask for the link of a forgotten password."""
    return _ask(RESET, asked)


@app.post(
    CONFIRM,
    operation_id="confirm",
    summary="Become a user by the link of a registration or an invitation",
    status_code=201,
    responses=DESCRIPTION.answers("The user is there and can sign in.", *PROVING, success=201),
)
def confirm(brought: Annotated[Proof, Body()]) -> Confirmed:
    """Make the user whose address is proved."""
    user_id = proofs.confirm(clients(), settings(), _brought(brought), _claim())
    logger.info("user confirmed", extra={"userId": user_id})
    return Confirmed(userId=user_id)


@app.post(
    RESET_PASSWORD,
    operation_id="resetPassword",
    summary="Set a password by the link of a forgotten one; all sessions end",
    status_code=204,
    responses=DESCRIPTION.answers("The password is set.", *PROVING, success=204),
)
def reset_password(brought: Annotated[Proof, Body()]) -> Response[str]:
    """Set the password of the user whose address is proved."""
    user_id = proofs.reset(clients(), settings(), _brought(brought), _claim())
    logger.info("password reset", extra={"userId": user_id})
    return Response(204, body="")


@app.get(OPENAPI_PATH, include_in_schema=False)
def get_openapi() -> Response[str]:
    """Describe the API, below the key of an API mapping if API Gateway names it."""
    asked = str(app.current_event.raw_event["requestContext"]["http"]["path"])
    return Response(200, "application/json", description(asked.partition(OPENAPI_PATH)[0] or "/"))


@cache
def description(server: str = "/") -> str:
    """Return the OpenAPI document of all functions of the API as JSON, its paths following `server`."""
    from handlers import members, sessions

    return DESCRIPTION.document(app, sessions.app, members.app, server=server)


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]  # it leaves the function as it is
def _problem(error: Exception) -> Response[str]:
    found = account_problems.of(error)
    return Response(int(found.kind.status), problems.MEDIA_TYPE, problems.to_json(found, None), found.headers)


def _ask(purpose: Purpose, asked: LinkRequest, name: str = "") -> Accepted:
    """Put a request on the queue, whoever has the address; of the host alone, which is no secret, more is told."""
    host = account.host_of(app.current_event.raw_event, asked.host)
    route = hosts.route_of(clients().dynamodb, settings(), host)
    if route and len(hosts.user_name(route, asked.email)) > USERNAME_MAX:
        raise wrong_requests.invalid("email", "is too long for this tenant", "body")
    requests.ask(clients(), settings(), purpose, host, asked.email, name)
    logger.info("link asked for", extra={"purpose": purpose})
    return Accepted()


def _brought(proof: Proof) -> Brought:
    return Brought(account.host_of(app.current_event.raw_event, proof.host), proof.token, proof.password)


def _claim() -> Claim:
    """Return this invocation's claim to whatever it works at."""
    context = app.lambda_context
    return Claim(context.aws_request_id, lease_until(context))
