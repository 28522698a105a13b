"""Refusals: why nothing is done to somebody, or not now."""

BUSY = ("LeaseHeld", "LeaseLost")
"""The codes of a step that another invocation is at work on."""
GONE = "UserNotFoundException"
"""Somebody has deleted the user in Cognito, behind the register's back."""


class UnderWayError(Exception):
    """Another request is at work with the same person."""


class NotAMemberError(Exception):
    """Whoever asks is not in the tenant's register, or not ACTIVE there."""


class LastAdminError(Exception):
    """The tenant would have no admin any more."""


class NotAllowedError(Exception):
    """Whoever asks is no admin of the tenant, or no longer one."""


class NotPossibleError(Exception):
    """It cannot be done to somebody in this status."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status
