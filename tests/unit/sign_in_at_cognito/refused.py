"""Every refusal of the stand-in: what is done, and the code and words of the answer."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.unit.sign_in_at_cognito.examples import CLIENT, NAME, PASSWORD, Start, another

DENIED, INVALID = "NotAuthorizedException", "InvalidParameterException"
DAY = 86_400


@dataclass(frozen=True)
class Refused:
    """Something that Cognito refuses."""

    act: Callable[[Start], object]
    code: str
    words: str


REFUSED: dict[str, Refused] = {}


def refused(code: str, words: str) -> Callable[[Callable[[Start], object]], Callable[[Start], object]]:
    """Say that what a function does is refused, with a code and words."""

    def noted(act: Callable[[Start], object]) -> Callable[[Start], object]:
        REFUSED[act.__name__.replace("_", " ").strip()] = Refused(act, code, words)
        return act

    return noted


@refused("ResourceNotFoundException", "User pool eu-central-1_Unknown")
def an_unknown_user_pool(start: Start) -> None:
    start.ids["UserPoolId"] = "eu-central-1_Unknown"
    start.begin()


@refused("ResourceNotFoundException", "User pool client unknown")
def an_unknown_app_client(start: Start) -> None:
    start.ids["ClientId"] = "unknown"
    start.begin()


@refused(INVALID, "Auth flow not enabled")
def a_flow_that_is_not_allowed(start: Start) -> None:
    start.go_to("srp", ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"])
    start.begin()


@refused(INVALID, "Auth flow not enabled")
def a_flow_where_none_is_named(start: Start) -> None:
    start.go_to("default", ExplicitAuthFlows=[])
    start.begin()


@refused(INVALID, "Auth flow not enabled")
def a_refresh_that_is_not_allowed(start: Start) -> None:
    start.go_to("once", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"])
    start.refresh(start.tokens()["RefreshToken"])


@refused(INVALID, "PASSWORD")
def no_password(start: Start) -> None:
    start.begin(password="")


@refused(DENIED, "Incorrect username or password")
def an_unknown_name(start: Start) -> None:
    start.begin("acme/nobody@acme.example")


@refused("UserNotFoundException", "does not exist")
def an_unknown_name_where_that_may_be_told(start: Start) -> None:
    start.go_to("legacy", PreventUserExistenceErrors="LEGACY")
    start.begin("acme/nobody@acme.example")


@refused(DENIED, "Incorrect username or password")
def a_wrong_password(start: Start) -> None:
    start.begin(password="wrong")


@refused(DENIED, "Password attempts exceeded")
def the_right_password_after_five_wrong_ones(start: Start) -> None:
    start.fail(5)
    start.begin()


@refused(DENIED, "Temporary password has expired")
def an_ended_temporary_password(start: Start) -> None:
    start.user("john")
    start.cognito.ahead = 7 * DAY + 60
    start.begin("john")


@refused(DENIED, "User is disabled")
def a_disabled_user(start: Start) -> None:
    start.sdk.admin_disable_user(**start.jane)
    start.begin()


@refused(DENIED, "User is disabled")
def a_user_who_is_disabled_on_the_way(start: Start) -> None:
    session = start.john()
    start.sdk.admin_disable_user(UserPoolId=start.ids["UserPoolId"], Username="john")
    start.answer(session)


@refused("PasswordResetRequiredException", "reset required")
def a_user_whose_password_was_reset(start: Start) -> None:
    start.sdk.admin_reset_user_password(**start.jane)
    start.begin()


@refused("UserNotConfirmedException", "not confirmed")
def a_user_who_is_not_confirmed(start: Start) -> None:
    start.go_to("sign up", ExplicitAuthFlows=[*CLIENT["ExplicitAuthFlows"], "ALLOW_USER_PASSWORD_AUTH"])
    attributes = [{"Name": "email", "Value": "jim@acme.example"}]
    where = {"ClientId": start.ids["ClientId"]}
    start.sdk.sign_up(**where, Username="jim", Password=PASSWORD, UserAttributes=attributes)
    start.begin("jim")


@refused(DENIED, "SECRET_HASH was not received")
def no_secret_hash_where_there_is_a_secret(start: Start) -> None:
    start.go_to("secret", GenerateSecret=True)
    start.begin()


@refused(DENIED, "Unable to verify secret hash")
def a_wrong_secret_hash(start: Start) -> None:
    start.go_to("secret", GenerateSecret=True)
    start.begin(SECRET_HASH="wrong")


@refused(DENIED, "Invalid session")
def a_made_up_session(start: Start) -> None:
    start.john()
    start.answer("made-up-session-of-enough-characters")


@refused(DENIED, "Invalid session")
def a_session_of_another_user(start: Start) -> None:
    start.answer(start.john(), name=NAME)


@refused(DENIED, "Invalid session")
def a_session_for_another_challenge(start: Start) -> None:
    start.answer(start.john(), "SOFTWARE_TOKEN_MFA", SOFTWARE_TOKEN_MFA_CODE="000000")


@refused(DENIED, "Invalid session")
def a_session_of_another_app_client(start: Start) -> None:
    session = start.john()
    start.go_to("two")
    start.answer(session)


@refused(DENIED, "can only be used once")
def a_used_session(start: Start) -> None:
    session = start.john()
    start.answer(session)
    start.answer(session)


@refused(DENIED, "session is expired")
def an_ended_session(start: Start) -> None:
    session = start.john()
    start.cognito.ahead = 15 * 60
    start.answer(session)


@refused(DENIED, "session is expired")
def a_session_of_an_app_client_with_shorter_ones(start: Start) -> None:
    start.go_to("three minutes", AuthSessionValidity=3)
    session = start.john()
    start.cognito.ahead = 3 * 60
    start.answer(session)


@refused("InvalidPasswordException", "policy")
def a_new_password_against_the_policy(start: Start) -> None:
    start.answer(start.john(), NEW_PASSWORD="all-lower-case-1")


@refused("InvalidPasswordException", "policy")
def a_new_password_that_is_too_short(start: Start) -> None:
    start.answer(start.john(), NEW_PASSWORD="Short-1")


@refused("PasswordHistoryPolicyViolationException", "previously")
def a_new_password_that_was_used_before(start: Start) -> None:
    start.answer(start.john(), NEW_PASSWORD=PASSWORD)


@refused("CodeMismatchException", "Invalid code")
def a_wrong_code(start: Start) -> None:
    start.answer_code(another(start.code()))


@refused(DENIED, "Password attempts exceeded")
def the_right_code_after_five_wrong_ones(start: Start) -> None:
    code = start.code()
    session = start.begin()["Session"]
    for _ in range(5):
        try:
            start.answer(session, "SOFTWARE_TOKEN_MFA", NAME, SOFTWARE_TOKEN_MFA_CODE=another(code))
        except start.sdk.exceptions.CodeMismatchException:
            continue
    start.answer(session, "SOFTWARE_TOKEN_MFA", NAME, SOFTWARE_TOKEN_MFA_CODE=code)


@refused("ExpiredCodeException", "already been used")
def a_code_that_was_used_before(start: Start) -> None:
    code = start.code()
    start.answer_code(code)
    start.answer_code(code)


@refused("EnableSoftwareTokenMFAException", "Code mismatch")
def a_wrong_code_of_an_authenticator_that_is_set_up(start: Start) -> None:
    begun = start.associate()
    start.sdk.verify_software_token(Session=begun["Session"], UserCode=another(start.code(begun["SecretCode"])))


@refused(DENIED, "Invalid session")
def setting_up_an_authenticator_in_a_session_of_something_else(start: Start) -> None:
    start.sdk.associate_software_token(Session=start.john())


@refused(DENIED, "can only be used once")
def setting_up_two_authenticators_in_one_session(start: Start) -> None:
    session = start.setup_session()
    start.sdk.associate_software_token(Session=session)
    start.sdk.associate_software_token(Session=session)


@refused(DENIED, "Invalid session")
def verifying_an_authenticator_that_nobody_has_set_up(start: Start) -> None:
    start.sdk.verify_software_token(Session=start.setup_session(), UserCode="000000")


@refused(DENIED, "Invalid session")
def going_on_without_an_authenticator(start: Start) -> None:
    start.set_up(start.setup_session())


@refused(DENIED, "Invalid session")
def going_on_without_a_code_of_the_authenticator(start: Start) -> None:
    start.set_up(start.associate()["Session"])


@refused(DENIED, "Invalid Refresh Token")
def a_refresh_token_of_another_app_client(start: Start) -> None:
    token = start.tokens()["RefreshToken"]
    start.go_to("two")
    start.refresh(token)


@refused(DENIED, "Invalid Refresh Token")
def an_unknown_refresh_token(start: Start) -> None:
    start.refresh("unknown")


@refused(DENIED, "Invalid Refresh Token")
def an_access_token_in_its_place(start: Start) -> None:
    start.refresh(start.tokens()["AccessToken"])


@refused(DENIED, "has been revoked")
def a_revoked_refresh_token(start: Start) -> None:
    token = start.tokens()["RefreshToken"]
    start.revoke(token)
    start.revoke(token)
    start.refresh(token)


@refused(DENIED, "has been revoked")
def a_refresh_token_once_all_sessions_are_ended(start: Start) -> None:
    token = start.tokens()["RefreshToken"]
    start.sdk.admin_user_global_sign_out(**start.jane)
    start.refresh(token)


@refused(DENIED, "has expired")
def an_ended_refresh_token(start: Start) -> None:
    token = start.tokens()["RefreshToken"]
    start.cognito.ahead = 30 * DAY
    start.refresh(token)


@refused(DENIED, "User is disabled")
def a_refresh_of_a_disabled_user(start: Start) -> None:
    token = start.tokens()["RefreshToken"]
    start.sdk.admin_disable_user(**start.jane)
    start.refresh(token)


@refused(DENIED, "does not exist")
def a_refresh_of_a_user_who_is_gone(start: Start) -> None:
    token = start.tokens()["RefreshToken"]
    start.sdk.admin_delete_user(**start.jane)
    start.refresh(token)


@refused("UnsupportedTokenTypeException", "no refresh token")
def revoking_an_access_token(start: Start) -> None:
    start.revoke(start.tokens()["AccessToken"])


@refused("UnauthorizedException", "Unauthorized")
def revoking_a_token_of_another_app_client(start: Start) -> None:
    token = start.tokens()["RefreshToken"]
    start.go_to("two")
    start.revoke(token)


@refused(INVALID, "pattern")
def revoking_what_is_no_token(start: Start) -> None:
    start.revoke("two words")
