"""One's own password: the present one is proved at Amazon Cognito, which counts and locks guesses, then it is replaced.

Whatever fails, either the old password or the new one is good, and a repeat does no harm. All sessions end before the
password is replaced, so that a failure afterwards leaves none of them; and once more then, for whoever has signed in
with the old one meanwhile.
"""

from orchestrator.aws.dynamodb import is_code
from orchestrator.identity.tenant_resources import security
from orchestrator.users import local_users
from orchestrator.users.app_client import RefusedError
from orchestrator.users.oneself import Oneself, end
from orchestrator.users.passwords import NOT_TAKEN, REFUSED_BY_COGNITO, PasswordRefusedError, broken_rules
from orchestrator.users.refusals import GONE


def change(asks: Oneself, current: str, new: str) -> None:
    """Give whoever asks another password, and end all sessions.

    Raises PasswordRefusedError of `passwords` before anything is proved, and after it where Cognito knows more;
    RefusedError of `app_client` if the current password does not let in; TransientError, and what AWS answers.
    """
    if rules := broken_rules(new, security(asks.asks.tenant).password_policy):
        raise PasswordRefusedError(rules)
    at = asks.at_tenants
    end(at, asks.proved(at, current))
    _replace(asks, new)


def _replace(asks: Oneself, new: str) -> None:
    cognito, user = asks.cognito, asks.user
    try:
        local_users.end_sessions(cognito, user)
        local_users.set_password(cognito, user, new)
        local_users.end_sessions(cognito, user)
    except cognito.exceptions.ClientError as error:
        if any(is_code(error, code) for code in REFUSED_BY_COGNITO):
            raise PasswordRefusedError([NOT_TAKEN]) from None
        if is_code(error, GONE):
            raise RefusedError(GONE) from None
        raise
