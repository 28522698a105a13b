"""What the account API says of itself: what every operation of its functions has in common."""

from handlers import account_problems, problems
from handlers.openapi import Description

DESCRIPTION = Description(
    title="Tenant accounts",
    version="1.1.0",  # the middle number rises with what is new; who reads what was there before is not affected
    everywhere=(
        problems.INVALID_REQUEST,
        account_problems.SUSPENDED,
        account_problems.TOO_LARGE,
        account_problems.NOT_JSON,
        problems.DEFECT,
        problems.UNAVAILABLE,
    ),
    problem=account_problems.AccountProblem,
    invalid=account_problems.InvalidAccountRequest,
)
