"""The authorizer that a product puts before its own HTTP API, as a construct for the product's CDK app.

    TenantAuthorizer(self, "Tenants", app_domain="app.example").authorizer

Its code comes prebuilt, in a distribution of its own: synthesis needs no network, compiler or Docker.
"""

import re
from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from tenant_onboarding.cdk_code import prebuilt
from tenant_onboarding.cdk_function import PublishedFunction
from tenant_onboarding.names import PREFIX, STACK_NAME, routes_table

HANDLER = "tenant_onboarding.authorizer.handler.handler"
TOKEN_USES = ("access", "id")
HEADER = re.compile(r"[a-z0-9-]+")
"""API Gateway hands over the names of headers in lower case."""
MOST_CACHED_SECONDS = 300
"""API Gateway asks neither when a token ends nor whether its tenant is still there; routes are kept as long."""


class TenantAuthorizer(Construct):
    """Lets requests in by tokens of the tenants that a deployment onboarded, and tells the API whose they are.

    Put `authorizer` on the routes of one HTTP API. The registry is in the same account and Region, under the name that
    the onboarding stack gives it.
    """

    def __init__(  # noqa: PLR0913  # all but two by keyword
        self,
        scope: Construct,
        construct_id: str,
        *,
        app_domain: str,
        onboarding_stack: str = STACK_NAME,
        token_uses: Sequence[str] = ("access",),
        check_host: bool = True,
        host_header: str = "host",
        jwks_address: str = "",
        results_cache_ttl: Duration | None = None,
        code: lambda_.Code | None = None,
        retention: logs.RetentionDays = logs.RetentionDays.THREE_MONTHS,
    ) -> None:
        """Define function and authorizer; `code` stands in for what is installed.

        Raises ValueError for what would let in nobody, or the wrong ones, and AssetMissingError if there is no code.
        """
        super().__init__(scope, construct_id)
        ttl = results_cache_ttl or Duration.seconds(0)
        _check(token_uses, host_header, ttl)
        table = routes_table(onboarding_stack)
        self.function = PublishedFunction(
            self,
            "Authorizer",
            handler=HANDLER,
            code=code or prebuilt(),
            environment={
                f"{PREFIX}ROUTES_TABLE": table,
                f"{PREFIX}APP_DOMAIN": app_domain,
                "AUTHORIZER_TOKEN_USES": ",".join(token_uses),
                "AUTHORIZER_HOST_HEADER": host_header if check_host else "",
                "AUTHORIZER_JWKS_ADDRESS": jwks_address,
            },
            retention=retention,
            snap_start=True,
        )
        registry = Stack.of(self).format_arn(service="dynamodb", resource="table", resource_name=table)
        read_routes(self.function, registry, "client", "tenant", *(["subdomain"] if check_host else []))
        # An answer that API Gateway keeps is given to whoever sends the same of these: a host that is checked is one.
        kept_by_host = check_host and ttl.to_seconds() > 0
        headers = ["Authorization", *([host_header] if kept_by_host else [])]
        self.authorizer = authorizers.HttpLambdaAuthorizer(
            "TenantAuthorizer",
            self.function.invoked,
            identity_source=[f"$request.header.{name}" for name in headers],
            response_types=[authorizers.HttpLambdaResponseType.SIMPLE],
            results_cache_ttl=ttl,
        )

    @property
    def logged_errors(self) -> cloudwatch.Metric:
        """How many requests were refused for reasons that are not the caller's, in five minutes each."""
        return self.function.logged_errors


def read_routes(function: PublishedFunction, table_arn: str, *kinds: str) -> None:
    """Let a function read routes of these kinds, each by its key.

    IAM takes a condition for all values as met where a request has no value, as a scan has none; GetItem has one.
    """
    keys = [f"{kind}#*" for kind in kinds]
    function.allow(["dynamodb:GetItem"], [table_arn], **{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}})


def _check(token_uses: Sequence[str], host_header: str, ttl: Duration) -> None:
    if isinstance(token_uses, str) or not token_uses or not set(token_uses) <= set(TOKEN_USES):
        raise ValueError(f"token_uses must be some of {', '.join(TOKEN_USES)}, not {token_uses!r}")
    if not HEADER.fullmatch(host_header):
        raise ValueError(f"host_header must be the name of a header in lower case, not {host_header!r}")
    if ttl.to_seconds() > MOST_CACHED_SECONDS:
        raise ValueError(f"results_cache_ttl must be at most {MOST_CACHED_SECONDS} seconds")
