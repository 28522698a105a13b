"""The status API: what operators and dashboards read, and what operators do to a tenant.

Request and answer are held to the models by which the OpenAPI document is generated. Whatever goes wrong ends as a
problem document, for API Gateway would show an error that left.
"""

from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers import access, problems, wrong_requests
from handlers.api_parameters import (
    ROWS,
    Cursor,
    EventId,
    Limit,
    Metadata,
    Named,
    OfStatus,
    OfTier,
    Redo,
    Search,
    Since,
    TenantId,
    Until,
    WithSummary,
)
from handlers.metrics import entered
from handlers.openapi import Description
from handlers.paths import Paths
from handlers.problems import (
    NO_SUCH_EVENT,
    NO_SUCH_TENANT,
    REFUSED,
    ProblemError,
)
from handlers.runtime import logged, logger, settings
from handlers.web_answers import finished
from orchestrator import operations, status
from orchestrator.aws.clients import WHILE_SOMEBODY_WAITS, Clients
from orchestrator.status.contract import (
    OPENAPI_PATH,
    Onboarding,
    OnboardingPage,
    OnboardingSummary,
    RetryAccepted,
    WelcomeResent,
)
from orchestrator.status.rejection_contract import RejectedEvent, RejectionPage
from orchestrator.tenants.commands import sentence
from orchestrator.tenants.records import read_record

ALLOWED = {
    "/onboardings": "GET",
    "/onboardings/summary": "GET",
    "/onboardings/<tenantId>": "GET",
    "/onboardings/<tenantId>/retry": "POST",
    "/onboardings/<tenantId>/resend-welcome": "POST",
    "/rejections": "GET",
    "/rejections/<eventId>": "GET",
    OPENAPI_PATH: "GET",
}
"""The method of each path, which may be HEAD where it is GET; any other is answered with 405."""
DESCRIPTION = Description(
    title="Tenant onboarding status",
    version="1.1.0",  # the middle number rises with what is new; who reads what was there before is not affected
    everywhere=(
        problems.INVALID_REQUEST,
        problems.UNAUTHENTICATED,
        problems.FORBIDDEN,
        problems.DEFECT,
        problems.UNAVAILABLE,
    ),
    problem=wrong_requests.Problem,
    invalid=wrong_requests.InvalidRequest,
    bearer="operators",
)
answers = DESCRIPTION.answers
PATHS = Paths({path: (method,) for path, method in ALLOWED.items()}, OPENAPI_PATH)


@cache
def clients() -> Clients:
    """Return the AWS clients of this execution environment: whoever asked, waits."""
    return Clients(patience=WHILE_SOMEBODY_WAITS)


app = APIGatewayHttpResolver(enable_validation=True, debug=False)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request; never raises."""
    try:
        answer = _handle(event, context)
    except Exception as error:
        answer = problems.answer(wrong_requests.of(error), context.aws_request_id)
    return finished(event, answer)


@logged
def _handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    logger.append_keys(user=access.check(event))
    request = event["requestContext"]
    known_as = request["http"] | {"method": PATHS.method(request["http"]["method"], event["rawPath"])}
    answer = app.resolve(event | {"requestContext": request | {"http": known_as}}, context)
    answer["headers"] = answer["headers"] | problems.NOT_STORED
    return answer


@app.get(
    "/onboardings",
    operation_id="listOnboardings",
    summary="List tenants, the last changed first, or search for some by id, by what leads to them, or by metadata",
    responses=answers("A page; while there is a `nextCursor` there may be more, however few are in it."),
)
def list_onboardings(  # noqa: PLR0913, PLR0917  # a request's parameters
    of_status: OfStatus = None,
    tier: OfTier = None,
    since: Since = None,
    until: Until = None,
    search: Search = None,
    metadata: Metadata = None,
    limit: Limit = ROWS,
    cursor: Cursor = None,
    with_summary: WithSummary = False,  # noqa: FBT002  # it comes by name
) -> OnboardingPage:
    """List tenants by status, tier, the time of their last change, the beginning of their ids and metadata."""
    wanted = status.Wanted(of_status, tier, since, until, search, metadata)
    try:
        page = status.list_page(clients(), settings(), wanted, limit, cursor)
    except status.CursorError as error:
        raise wrong_requests.invalid("cursor", str(error)) from None
    summary = status.summary(clients(), settings()) if with_summary else None
    found = {"onboardings": page.rows, "holders": page.holders, "nextCursor": page.cursor, "summary": summary}
    return OnboardingPage.model_validate(found)


@app.get(
    "/onboardings/summary",
    operation_id="getSummary",
    summary="How all tenants stand",
    responses=answers("Counts, failures, the oldest in progress, what happened of late, and remaining capacity."),
)
def get_summary() -> OnboardingSummary:
    """Say how all tenants stand."""
    return OnboardingSummary.model_validate(status.summary(clients(), settings()))


@app.get(
    "/onboardings/<tenantId>",
    operation_id="getOnboarding",
    summary="Show a tenant",
    responses=answers("Status, steps, resources, and what failed and what to do next.", NO_SUCH_TENANT),
)
def get_onboarding(tenant_id: TenantId) -> Onboarding:
    """Show a tenant."""
    document = status.show(clients(), settings(), tenant_id)
    if document is None:
        raise _no_such_tenant(tenant_id)
    return Onboarding.model_validate(document)


@app.post(
    "/onboardings/<tenantId>/retry",
    operation_id="retryOnboarding",
    summary="Let a FAILED tenant go on where it stopped",
    status_code=202,
    responses=answers("It goes on; of several who ask at once, one is told so.", NO_SUCH_TENANT, REFUSED, success=202),
)
def retry_onboarding(tenant_id: TenantId, redo: Redo = "") -> RetryAccepted:
    """Retry a tenant; steps that are done are not done again, but for the one to be redone."""
    _check_known(tenant_id)
    retried = operations.retry(clients(), settings(), tenant_id, redo=redo, by=_caller(), observe=entered)
    if not retried.attempt:
        raise ProblemError(REFUSED, sentence(f"{tenant_id}: {retried.message}"))
    logger.info("retried", extra={"tenantId": tenant_id, "attempt": retried.attempt, "how": retried.how})
    return RetryAccepted.model_validate(retried.document())


@app.post(
    "/onboardings/<tenantId>/resend-welcome",
    operation_id="resendWelcome",
    summary="Mail a COMPLETED tenant its welcome once more",
    responses=answers("The email was sent.", NO_SUCH_TENANT, REFUSED),
)
def resend_welcome(tenant_id: TenantId) -> WelcomeResent:
    """Send the welcome email anew, to a local admin only before the first sign-in."""
    _check_known(tenant_id)
    resent = operations.resend_welcome(clients(), settings(), tenant_id, _caller())
    if not resent.sent:
        raise ProblemError(REFUSED, sentence(f"{tenant_id}: {resent.message}"))
    logger.info("welcome resent", extra={"tenantId": tenant_id})
    return WelcomeResent.model_validate(resent.document())


@app.get(
    "/rejections",
    operation_id="listRejections",
    summary="List rejected events, the newest first",
    responses=answers("A page; while there is a `nextCursor` there may be more, however few are in it."),
)
def list_rejections(limit: Limit = ROWS, cursor: Cursor = None) -> RejectionPage:
    """List rejected events with every reason."""
    try:
        page = status.rejected_page(clients(), settings(), limit, cursor)
    except status.CursorError as error:
        raise wrong_requests.invalid("cursor", str(error)) from None
    return RejectionPage.model_validate({"rejections": page.rows, "nextCursor": page.cursor})


@app.get(
    "/rejections/<eventId>",
    operation_id="getRejection",
    summary="Show a rejected event with all that is kept of it, which may name people: to operators only",
    responses=answers("Every reason, the event as it came, and who holds what it wants.", NO_SUCH_EVENT),
)
def get_rejection(event_id: EventId, tenant_id: Named = None) -> RejectedEvent:
    """Show a rejected event."""
    from orchestrator.operations import rejections  # few who ask want it

    try:
        document = rejections.show(clients(), settings(), event_id, tenant_id)
    except rejections.TooManyError:
        detail = f"Event {event_id} is not among the newest rejections; say which tenantId it names."
        raise ProblemError(NO_SUCH_EVENT, detail) from None
    if document is None:
        raise ProblemError(NO_SUCH_EVENT, f"There is no rejected event {event_id}.")
    logger.info("rejected event shown", extra={"eventId": event_id})
    return RejectedEvent.model_validate(document)


@app.get(OPENAPI_PATH, include_in_schema=False)
def get_openapi() -> Response[str]:
    """Describe the API."""
    return Response(200, "application/json", description())


@cache
def description() -> str:
    """Return the OpenAPI document as JSON."""
    return DESCRIPTION.document(app)


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]  # it leaves the function as it is
def _problem(error: Exception) -> Response[str]:
    found = wrong_requests.of(error)
    body = problems.to_json(found, app.lambda_context.aws_request_id)
    return Response(int(found.kind.status), problems.MEDIA_TYPE, body, found.headers)


def _known_parameters_only(resolver: APIGatewayHttpResolver, following: NextMiddleware) -> Response[Any]:
    """Refuse what no parameter is called: a filter with a slip in its name would show everything."""
    known = {field.alias for field in resolver.context["_route"].dependant.query_params}
    for name in resolver.current_event.query_string_parameters:
        if name not in known:
            raise wrong_requests.invalid(name, f"is no parameter here; there are {', '.join(sorted(known)) or 'none'}")
    return following(resolver)


app.use([_known_parameters_only])


def _caller() -> str:
    """Return who asks, as actions have it: no name, but an id of the operators' user pool."""
    return f"operator/{access.check(app.current_event.raw_event)}"


def _check_known(tenant_id: str) -> None:
    if read_record(clients().dynamodb, settings().tenants_table, tenant_id) is None:
        raise _no_such_tenant(tenant_id)


def _no_such_tenant(tenant_id: str) -> ProblemError:
    return ProblemError(NO_SUCH_TENANT, f"There is no tenant {tenant_id}; a rejected event makes none.")
