"""The account API: an HTTP API of its own for tenants' people, whose requests use up nothing of the operators' API.

Each path has bounds of its own. What calls Amazon Cognito is held lowest: its rates are of a whole account, and
onboarding needs them too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from aws_cdk import Aws
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.function import OnboardingFunction
from infra.http_api import Bounds, Stage
from orchestrator.users.contract import (
    BASE_PATH,
    CONFIRM,
    FORGOT_PASSWORD,
    OPENAPI_PATH,
    REGISTER,
    RESET_PASSWORD,
)
from orchestrator.users.member_contract import ME, ME_MFA, ME_PASSWORD, RESEND_INVITATION, USER, USERS
from orchestrator.users.session_contract import CHALLENGE, REFRESH, SIGN_IN, SIGN_OUT

if TYPE_CHECKING:
    from infra.configuration.choices import Configuration

LINKS = Bounds(a_second=20, at_once=40)
"""Of each request for a mail, which is a read and a message to a queue; budgets say how many mails leave."""
PROOFS = Bounds(a_second=5, at_once=10)
"""Of confirming, and of setting a password: both together are a third of what Cognito sets an account (30 a second).

Invitations, which touch nothing there, get as much."""
SELDOM = Bounds(a_second=5, at_once=10)
"""Of the description, which tools read once, and of what there is not."""
ANYBODYS = {REGISTER: LINKS, FORGOT_PASSWORD: LINKS, CONFIRM: PROOFS, RESET_PASSWORD: PROOFS}
"""The paths of `proofs`, which take no token, each with its bounds."""
SIGN_INS = Bounds(a_second=20, at_once=40)
"""Of each: signing in, answering and going on are together half of what Cognito authenticates (120 a second)."""
THROTTLED = "AccountApiThrottled"
"""The metric of requests over their bounds, which no function sees: 1 for each, and 0 for each that is not."""
OF_SESSIONS = dict.fromkeys((SIGN_IN, CHALLENGE, REFRESH, SIGN_OUT), SIGN_INS)
"""The paths of `sessions`, which take no token either."""
READS = Bounds(a_second=20, at_once=40)
"""Of a look at people, which is a query of one table."""
CHANGES = Bounds(a_second=2, at_once=10)
"""Of each change: together a third of Cognito's UserUpdate, of which an account has 25 a second."""
GUESSES = Bounds(a_second=1, at_once=5)
"""Of each place where somebody with a token proves the password once more: where a thief of a token would guess it.
Cognito locks too: it counts them with wrong passwords at sign-in."""
OF_MEMBERS = {
    ME: {"GET": READS, "HEAD": READS, "PATCH": CHANGES, "DELETE": CHANGES},
    ME_PASSWORD: {"PUT": GUESSES},
    ME_MFA: {"POST": GUESSES, "DELETE": GUESSES},
    USERS: {"GET": READS, "HEAD": READS, "POST": PROOFS},
    USER: {"GET": READS, "HEAD": READS, "PATCH": CHANGES, "DELETE": CHANGES},
    RESEND_INVITATION: {"POST": PROOFS},
}
"""The paths of `members`, which looks at the token itself; each with its methods."""


@dataclass(frozen=True)
class OwnDomain:
    """A domain of the API's own, with its certificate; `only` closes the address that API Gateway gives."""

    name: str
    certificate_arn: str
    only: bool

    @classmethod
    def of(cls, chosen: "Configuration") -> Self | None:
        """Return the one that a deployment chooses."""
        return cls(chosen.api_domain, chosen.api_certificate, chosen.api_domain_only) if chosen.api_domain else None


class AccountApi(Construct):
    """The HTTP API. Functions are put behind it path by path; `proofs` answers what there is not, too."""

    def __init__(  # noqa: PLR0913  # all but two by keyword
        self,
        scope: Construct,
        construct_id: str,
        *,
        proofs: OnboardingFunction,
        sessions: OnboardingFunction,
        members: OnboardingFunction,
        retention: logs.RetentionDays,
        domain: OwnDomain | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.api = apigateway.HttpApi(
            self,
            "Api",
            api_name=f"{Aws.STACK_NAME}-account",
            create_default_stage=False,
            disable_execute_api_endpoint=(domain is not None and domain.only) or None,
        )
        self._stage = Stage(self, self.api, bounds=SELDOM, retention=retention)
        for filter_id, comparison, value in (("Throttled", "=", "1"), ("Answered", "!=", "0")):
            self._stage.access_logs.add_metric_filter(
                filter_id,
                filter_pattern=logs.FilterPattern.string_value("$.status", comparison, "429"),
                metric_namespace=Aws.STACK_NAME,
                metric_name=THROTTLED,
                metric_value=value,
            )
        self.domain = self._served_at(domain) if domain else None
        self._integrations: dict[str, apigateway.HttpRouteIntegration] = {}
        apigateway.HttpRoute(
            self,
            "Elsewhere",
            http_api=self.api,
            route_key=apigateway.HttpRouteKey.DEFAULT,
            integration=self._integration(proofs),
        )
        self.open(OPENAPI_PATH, proofs, {"GET": SELDOM, "HEAD": SELDOM})
        for path, bounds in ANYBODYS.items():
            self.open(path, proofs, {"POST": bounds})
        for path, bounds in OF_SESSIONS.items():
            self.open(path, sessions, {"POST": bounds})
        for path, methods in OF_MEMBERS.items():
            self.open(path.replace("<", "{").replace(">", "}"), members, methods)

    @property
    def address(self) -> str:
        """Where the API is: its paths follow."""
        return f"{f'https://{self.domain.ref}' if self.domain else self.api.api_endpoint}{BASE_PATH}"

    def open(self, path: str, function: OnboardingFunction, methods: Mapping[str, Bounds]) -> None:
        """Put a function behind the methods of a path, each with its bounds; no token is asked for.

        The function says too, by OPTIONS, which other origins' pages may ask: as often as they may then.
        """
        of_methods = {apigateway.HttpMethod[name]: bounds for name, bounds in methods.items()}
        of_methods[apigateway.HttpMethod.OPTIONS] = next(iter(methods.values()))
        routes = self.api.add_routes(path=path, methods=list(of_methods), integration=self._integration(function))
        self._stage.bound(path, of_methods, routes)

    def _served_at(self, domain: OwnDomain) -> apigateway.CfnDomainName:
        """Put the whole API at a domain; the record in DNS is its owner's to make."""
        configuration = apigateway.CfnDomainName.DomainNameConfigurationProperty(
            certificate_arn=domain.certificate_arn, endpoint_type="REGIONAL", security_policy="TLS_1_2"
        )
        made = apigateway.CfnDomainName(
            self, "Domain", domain_name=domain.name, domain_name_configurations=[configuration]
        )
        apigateway.CfnApiMapping(self, "Mapping", api_id=self.api.api_id, domain_name=made.ref, stage=self._stage.name)
        return made

    def _integration(self, function: OnboardingFunction) -> apigateway.HttpRouteIntegration:
        """Return what leads to a function, one for all of its routes."""
        name = function.node.id
        if name not in self._integrations:
            self._integrations[name] = integrations.HttpLambdaIntegration(name, function.invoked)
        return self._integrations[name]
