"""What a rule judges, and how it refuses."""

from dataclasses import dataclass
from typing import Any

from moto.cognitoidp.models import CognitoIdpBackend, CognitoIdpUserPool, CognitoIdpUserPoolAttribute

INVALID = "InvalidParameterException"
LIMIT_EXCEEDED = "LimitExceededException"


@dataclass(frozen=True)
class Limits:
    """Cognito's default quotas on resources, a Region or a user pool [D: quotas]."""

    user_pools: int = 1_000
    app_clients: int = 1_000
    identity_providers: int = 300
    groups: int = 10_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Call:
    """One request to Cognito and the state that it meets."""

    operation: str
    body: dict[str, Any]
    backend: CognitoIdpBackend
    limits: Limits

    @property
    def pool(self) -> CognitoIdpUserPool:
        """The user pool that the request names; rules run only if there is one."""
        return self.backend.user_pools[self.body["UserPoolId"]]

    def attribute(self, name: str) -> CognitoIdpUserPoolAttribute | None:
        """Return an attribute of the user pool: moto keeps only those of the request, Cognito the standard ones too."""
        standard = CognitoIdpUserPoolAttribute.STANDARD_SCHEMA.get(name)
        known: dict[str, CognitoIdpUserPoolAttribute] = self.pool.schema_attributes
        if name not in known and standard:
            return CognitoIdpUserPoolAttribute(name, custom=False, schema=standard)
        return known.get(name)


class RefusalError(Exception):
    """Cognito refuses the call."""

    def __init__(self, message: str, code: str = INVALID) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
