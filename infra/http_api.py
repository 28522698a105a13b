"""What the HTTP APIs have in common: one stage at the plain address, bounded in requests, each of which is logged."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_logs as logs
from constructs import Construct

LOGGED = {
    "requestId": "$context.requestId",
    "at": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "from": "$context.identity.sourceIp",
    "failed": "$context.integrationErrorMessage",
    "milliseconds": "$context.responseLatency",
}
"""The address of the network, by which an attack is told; no query and no body, which may name people."""


@dataclass(frozen=True)
class Bounds:
    """How many requests are let through; those for a route with bounds of its own are counted apart from all others."""

    a_second: int
    at_once: int


class Stage:
    """The stage `$default` of an API, which `scope` gets together with the log of requests.

    `bounds` are of whatever route has none of its own.
    """

    def __init__(
        self,
        scope: Construct,
        api: apigateway.HttpApi,
        *,
        bounds: Bounds,
        retention: logs.RetentionDays,
        logged: Mapping[str, str] = LOGGED,
    ) -> None:
        self.access_logs = logs.LogGroup(
            scope, "AccessLogs", retention=retention, removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        )
        self._stage = apigateway.CfnStage(
            scope,
            "Stage",
            api_id=api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=self.access_logs.log_group_arn, format=json.dumps(dict(logged))
            ),
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=bounds.a_second, throttling_burst_limit=bounds.at_once
            ),
        )
        self._stage.node.add_dependency(api)
        self._bounds: dict[str, dict[str, int]] = {}

    @property
    def name(self) -> str:
        """What a mapping of a domain names."""
        return self._stage.ref

    def bound(
        self, path: str, of_methods: Mapping[apigateway.HttpMethod, Bounds], routes: list[apigateway.HttpRoute]
    ) -> None:
        """Give the routes of a path bounds of their own, by method."""
        for method, each in of_methods.items():
            limits = {"ThrottlingRateLimit": each.a_second, "ThrottlingBurstLimit": each.at_once}
            self._bounds[f"{method.name} {path}"] = limits
        self._stage.route_settings = self._bounds
        self._stage.node.add_dependency(*routes)  # they must be there before they can be bounded
