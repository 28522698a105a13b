"""The refusals of what a user does by an access token, and of what administrators do to an authenticator."""

import jwt

from tests.unit.sign_in_at_cognito.examples import NAME, Start, another
from tests.unit.sign_in_at_cognito.refused import DENIED, INVALID, refused
from tests.unit.tenant_onboarding.user_pools import key_id, signed

NO_MFA = "SoftwareTokenMFANotFoundException"


@refused(DENIED, "Invalid Access Token")
def a_made_up_access_token(start: Start) -> None:
    start.begin_by("no.token.atall")


@refused(DENIED, "Invalid Access Token")
def an_id_token_in_its_place(start: Start) -> None:
    start.want_mfa("OPTIONAL")
    start.begin_by(start.tokens()["IdToken"])


@refused(DENIED, "has been revoked")
def an_access_token_of_a_session_that_is_revoked(start: Start) -> None:
    start.want_mfa("OPTIONAL")
    tokens = start.tokens()
    start.revoke(tokens["RefreshToken"])
    start.begin_by(tokens["AccessToken"])


@refused(DENIED, "has been revoked")
def an_access_token_once_all_sessions_are_ended(start: Start) -> None:
    token = start.access()
    start.sdk.admin_user_global_sign_out(**start.jane)
    start.begin_by(token)


@refused(DENIED, "has expired")
def an_ended_access_token(start: Start) -> None:
    token = start.access()
    start.cognito.ahead = 3_601
    start.begin_by(token)


@refused(DENIED, "required scopes")
def an_access_token_without_the_scope_of_self_service(start: Start) -> None:
    token = start.access()
    claims = jwt.decode(token, options={"verify_signature": False}) | {"scope": ""}
    without = signed(claims, "key 0", kid=key_id(start.ids["UserPoolId"]))
    start.cognito.access[without] = start.cognito.access[token]
    start.begin_by(without)


@refused(DENIED, "User is disabled")
def an_access_token_of_somebody_who_is_disabled(start: Start) -> None:
    token = start.access()
    start.sdk.admin_disable_user(**start.jane)
    start.begin_by(token)


@refused("UserNotFoundException", "does not exist")
def an_access_token_of_somebody_who_is_gone(start: Start) -> None:
    token = start.access()
    start.sdk.admin_delete_user(**start.jane)
    start.begin_by(token)


@refused(NO_MFA, "not enabled")
def an_authenticator_where_there_are_none(start: Start) -> None:
    token = start.access()
    start.want_mfa("OFF")
    start.begin_by(token)


@refused(INVALID, "Either")
def neither_token_nor_session(start: Start) -> None:
    start.sdk.associate_software_token()


@refused(INVALID, "Either")
def both_token_and_session(start: Start) -> None:
    start.sdk.associate_software_token(AccessToken=start.access(), Session="S" * 20)


@refused(NO_MFA, "not been begun")
def a_code_before_an_authenticator_is_begun(start: Start) -> None:
    start.sdk.verify_software_token(AccessToken=start.access(), UserCode="000000")


@refused("EnableSoftwareTokenMFAException", "Code mismatch")
def a_wrong_code_of_an_authenticator_that_a_token_began(start: Start) -> None:
    token = start.access()
    code = another(start.code(start.begin_by(token)))
    start.sdk.verify_software_token(AccessToken=token, UserCode=code)


@refused(INVALID, "delivery config")
def an_authenticator_that_is_asked_for_before_there_is_one(start: Start) -> None:
    start.want_mfa("OPTIONAL")
    start.prefer(wanted=True)


@refused(INVALID, "does not allow")
def no_authenticator_where_one_is_demanded(start: Start) -> None:
    start.want_mfa("ON")
    start.prefer(wanted=False)


@refused("UserNotFoundException", "does not exist")
def an_authenticator_of_nobody(start: Start) -> None:
    start.sdk.admin_delete_software_token(UserPoolId=start.ids["UserPoolId"], Username=NAME[::-1])


@refused("ResourceNotFoundException", "does not exist")
def an_authenticator_in_no_user_pool(start: Start) -> None:
    start.sdk.admin_delete_software_token(UserPoolId="eu-central-1_Unknown", Username=NAME)


@refused("SoftwareTokenMFANotFoundException", "does not exist")
def a_code_of_an_authenticator_that_was_removed_meanwhile(start: Start) -> None:
    code, session = start.code(), start.begin()["Session"]
    start.sdk.admin_delete_software_token(**start.jane)
    start.answer(session, "SOFTWARE_TOKEN_MFA", NAME, SOFTWARE_TOKEN_MFA_CODE=code)


@refused("UnauthorizedException", "Unauthorized")
def revoking_without_the_app_clients_secret(start: Start) -> None:
    token = start.tokens()["RefreshToken"]
    grant = start.cognito.grants[token]
    start.go_to("secret", GenerateSecret=True)
    grant.at = (start.ids["UserPoolId"], start.ids["ClientId"])
    start.revoke(token)
