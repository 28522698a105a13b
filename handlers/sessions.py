"""Sessions: people sign in at their tenant's host, answer what is asked first, go on, and sign out.

Whoever is not let in is told so by one answer, byte for byte, whatever the reason is; the log has the reason.
"""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, NoReturn, TypeAlias

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers import account, account_problems, metrics, problems, wrong_requests
from handlers.account_description import DESCRIPTION
from handlers.paths import Paths
from handlers.problems import ProblemError
from handlers.runtime import logged, logger, settings
from orchestrator.aws.clients import WHILE_SOMEBODY_WAITS, Clients
from orchestrator.users import sessions
from orchestrator.users.app_client import Caller, RefusedError
from orchestrator.users.contract import OPENAPI_PATH, OfAHost
from orchestrator.users.passwords import PasswordRefusedError
from orchestrator.users.session_contract import (
    CHALLENGE,
    REFRESH,
    SIGN_IN,
    SIGN_OUT,
    AuthenticatorSetup,
    ChallengeAnswer,
    Challenged,
    GoingOn,
    SignedIn,
    SignIn,
)
from orchestrator.users.sessions import Challenge, Door, OthersTokensError, Tokens, WrongAnswersError
from tenant_onboarding.authorizer.key_sets import KeySets

ALLOWED = dict.fromkeys((SIGN_IN, CHALLENGE, REFRESH, SIGN_OUT), ("POST",))
PATHS = Paths(ALLOWED, OPENAPI_PATH)
ANSWERS = "answers"
Outcome: TypeAlias = SignedIn | Challenged | AuthenticatorSetup


@cache
def clients() -> Clients:
    """Return the AWS clients of this execution environment: whoever signs in, waits."""
    return Clients(patience=WHILE_SOMEBODY_WAITS)


@cache
def keys() -> KeySets:
    """Return the keys of user pools, which an environment keeps."""
    return KeySets(settings().keys_address)


app = APIGatewayHttpResolver(enable_validation=True, debug=False)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request; never raises."""
    return account.answered(event, context, _handle)


@logged
def _handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return account.resolved(app, PATHS, event, context)


@app.post(
    SIGN_IN,
    operation_id="signIn",
    summary="Sign in by address and password",
    responses=DESCRIPTION.answers(
        "Tokens, or what must be answered first.", account_problems.NOT_SIGNED_IN, account_problems.FEDERATED
    ),
)
def sign_in(asked: Annotated[SignIn, Body()]) -> Outcome:
    """Sign somebody in."""
    return _judged(asked, lambda at: sessions.sign_in(at, asked.email, asked.password, _caller()))


@app.post(
    CHALLENGE,
    operation_id="answerChallenge",
    summary="Answer what a sign-in asks for first",
    responses=DESCRIPTION.answers(
        "Tokens, or what must be answered next.",
        account_problems.PASSWORD_REFUSED,
        account_problems.NOT_SIGNED_IN,
        account_problems.FEDERATED,
    ),
)
def answer_challenge(asked: Annotated[ChallengeAnswer, Body()]) -> Outcome:
    """Let somebody who signs in answer a challenge."""
    answers = {name: str(value) for name, value in asked.answers.model_dump(by_alias=True, exclude_none=True).items()}
    return _judged(asked, lambda at: sessions.answer(at, asked.session, answers, _caller()))


@app.post(
    REFRESH,
    operation_id="refresh",
    summary="Get new tokens by a refresh token, which stays good",
    responses=DESCRIPTION.answers("Tokens.", account_problems.NOT_SIGNED_IN, account_problems.FEDERATED),
)
def refresh(asked: Annotated[GoingOn, Body()]) -> Outcome:
    """Let a session go on."""
    return _judged(asked, lambda at: sessions.refresh(at, asked.refresh_token, _caller()))


@app.post(
    SIGN_OUT,
    operation_id="signOut",
    summary="End the session of a refresh token, whatever that is",
    status_code=204,
    responses=DESCRIPTION.answers("No session goes on by it.", success=204),
)
def sign_out(asked: Annotated[GoingOn, Body()]) -> Response[str]:
    """End a session."""
    try:
        sessions.sign_out(_door(asked), asked.refresh_token)
    except RefusedError as refused:
        logger.info("no session is ended", extra={"reason": refused.reason})
    else:
        logger.info("signed out")
    return Response(204, body="")


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]  # it leaves the function as it is
def _problem(error: Exception) -> Response[str]:
    found = account_problems.of(_as_problem(error))
    return Response(int(found.kind.status), problems.MEDIA_TYPE, problems.to_json(found, None), found.headers)


def _as_problem(error: Exception) -> Exception:
    """Return the problem that an error is of a challenge's answers alone; any other as it is."""
    match error:
        case WrongAnswersError():
            return wrong_requests.invalid(ANSWERS, f"must be {' and '.join(error.wanted)}, for this challenge", "body")
        case PasswordRefusedError():
            return account_problems.password_refused(error.rules, f"/body/{ANSWERS}/newPassword")
    return error


def _judged(asked: OfAHost, sign: Callable[[Door], Tokens | Challenge]) -> Outcome:
    """Return what signing in comes to, counted; raises ProblemError for whoever is not let in."""
    try:
        at = _door(asked)
        found = sign(at)
    except RefusedError as refused:
        _refuse(refused)
    logger.append_keys(tenantId=at.tenant_id)
    metrics.write("SignInsRefused", MetricUnit.Count, 0)
    if isinstance(found, Challenge):
        logger.info("challenged", extra={"challenge": found.challenge})
        if found.secret_code:
            return AuthenticatorSetup(challenge=found.challenge, session=found.session, secretCode=found.secret_code)
        return Challenged(challenge=found.challenge, session=found.session)
    logger.info("signed in")
    return SignedIn(
        accessToken=found.access_token,
        idToken=found.id_token,
        refreshToken=found.refresh_token,
        expiresIn=found.expires_in,
    )


def _refuse(refused: RefusedError) -> NoReturn:
    if isinstance(refused, OthersTokensError):
        logger.error("tokens of another tenant are held back", extra={"reason": refused.reason})
        metrics.write("OthersTokensHeldBack", MetricUnit.Count, 1)
    else:
        logger.info("nobody is signed in", extra={"reason": refused.reason})
    metrics.write("SignInsRefused", MetricUnit.Count, 1)
    raise ProblemError(account_problems.NOT_SIGNED_IN, "Look at the address and the password, or sign in again.")


def _door(asked: OfAHost) -> Door:
    host = account.host_of(app.current_event.raw_event, asked.host)
    return sessions.door(clients(), settings(), keys(), host)


def _caller() -> Caller:
    return account.origin(app.current_event.raw_event)
