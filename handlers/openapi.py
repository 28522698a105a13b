"""The OpenAPI document of an API, generated from its routes and models."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic import BaseModel

from handlers import problems
from handlers.problems import Kind


class GatewayMessage(BaseModel):
    """What API Gateway itself answers."""

    message: str


NOT_OURS = ("HTTPValidationError", "ResponseValidationError", "ValidationError")
"""What Powertools tells of its own answers to wrong requests; ours are problem documents."""


@dataclass(frozen=True)
class Description:
    """What an API says of itself beside its routes.

    `everywhere` are the problems of every operation, `problem` the model of their documents, `invalid` that of the ones
    that name what is wrong, field by field. `bearer` names the tokens that every operation needs, if it needs one.
    """

    title: str
    version: str
    everywhere: tuple[Kind, ...]
    problem: type[BaseModel]
    invalid: type[BaseModel]
    bearer: str = ""

    def answers(self, description: str, *kinds: Kind, success: int = 200) -> dict[int, Any]:  # Any: Powertools'
        """Return how the document tells the answers of an operation: what it returns, and its problems."""
        by_status: dict[int, list[Kind]] = {}
        for kind in sorted((*self.everywhere, *kinds), key=lambda kind: kind.status):
            by_status.setdefault(int(kind.status), []).append(kind)
        told = {status: self._problem(of_status) for status, of_status in by_status.items()}
        if problems.UNAUTHENTICATED in self.everywhere:
            # What API Gateway refuses never reaches the function, and is told in its words.
            told[401]["content"]["application/json"] = {"model": GatewayMessage}
        too_many = {"description": "Too many requests", "content": {"application/json": {"model": GatewayMessage}}}
        return {success: {"description": description}, **told, 429: too_many}

    def _problem(self, kinds: list[Kind]) -> dict[str, Any]:
        model = self.invalid if problems.INVALID_REQUEST in kinds else self.problem
        description = ", or: ".join(kind.title for kind in kinds)
        return {"description": description, "content": {problems.MEDIA_TYPE: {"model": model}}}

    def document(self, *apps: APIGatewayHttpResolver, server: str = "/") -> str:
        """Return the one document of all functions of an API as JSON; `server` is what its paths follow there."""
        told = {"title": self.title, "version": self.version, **_security(self.bearer)}
        found, *others = [json.loads(app.get_openapi_json_schema(**told)) for app in apps]
        for other in others:
            found["paths"] |= other["paths"]
            found["components"]["schemas"] |= other["components"]["schemas"]
        found["servers"] = [{"url": server}]
        for operations in found["paths"].values():
            for operation in operations.values():
                del operation["responses"]["422"]
                operation["responses"].get("204", {}).pop("content", None)
                for parameter in operation.get("parameters", []):
                    _never_null(parameter["schema"])
        for name in NOT_OURS:
            found["components"]["schemas"].pop(name, None)
        return json.dumps(found, separators=(",", ":"))


def _security(bearer: str) -> Mapping[str, Any]:
    if not bearer:
        return {}
    # The models of such documents take a sixth of the function's start, and few who ask want the document.
    from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

    return {"security_schemes": {bearer: HTTPBearer(bearerFormat="JWT")}, "security": [{bearer: []}]}


def _never_null(schema: dict[str, Any]) -> None:
    """A parameter is left out, and never null."""
    kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
    for kind in kinds:
        schema.update(kind)
