"""The OpenAPI document of the status API, generated from its routes and models."""

import json
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic import BaseModel

from handlers import problems
from handlers.problems import Kind
from handlers.wrong_requests import InvalidRequest, Problem

TITLE = "Tenant onboarding status"
VERSION = "1.1.0"
"""The middle number rises with what is new; who reads what was there before is not affected."""
EVERYWHERE = (
    problems.INVALID_REQUEST,
    problems.UNAUTHENTICATED,
    problems.FORBIDDEN,
    problems.DEFECT,
    problems.UNAVAILABLE,
)


class GatewayMessage(BaseModel):
    """What API Gateway itself answers."""

    message: str


NOT_OURS = ("HTTPValidationError", "ResponseValidationError", "ValidationError")
"""What Powertools tells of its own answers to wrong requests; ours are problem documents."""


def answers(description: str, *kinds: Kind, success: int = 200) -> dict[int, Any]:  # Any: Powertools' TypedDicts
    """Return how the document tells the answers of an operation: what it returns, and its problems."""
    told = {int(kind.status): _problem(kind) for kind in sorted((*EVERYWHERE, *kinds), key=lambda kind: kind.status)}
    # What API Gateway refuses never reaches the function, and is told in its words.
    told[401]["content"]["application/json"] = {"model": GatewayMessage}
    too_many = {"description": "Too many requests", "content": {"application/json": {"model": GatewayMessage}}}
    return {success: {"description": description}, **told, 429: too_many}


def _problem(kind: Kind) -> dict[str, Any]:
    model = InvalidRequest if kind is problems.INVALID_REQUEST else Problem
    return {"description": kind.title, "content": {problems.MEDIA_TYPE: {"model": model}}}


def document(app: APIGatewayHttpResolver) -> str:
    """Return the document as JSON."""
    # The models of such documents take a sixth of the function's start, and few who ask want the document.
    from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

    found = json.loads(
        app.get_openapi_json_schema(
            title=TITLE,
            version=VERSION,
            security_schemes={"operators": HTTPBearer(bearerFormat="JWT")},
            security=[{"operators": []}],
        )
    )
    for operations in found["paths"].values():
        for operation in operations.values():
            del operation["responses"]["422"]
            for parameter in operation.get("parameters", []):
                _never_null(parameter["schema"])
    for name in NOT_OURS:
        del found["components"]["schemas"][name]
    return json.dumps(found, separators=(",", ":"))


def _never_null(schema: dict[str, Any]) -> None:
    """A parameter is left out, and never null."""
    kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
    for kind in kinds:
        schema.update(kind)
