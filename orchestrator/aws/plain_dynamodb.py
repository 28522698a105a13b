"""DynamoDB by plain Python values: text for `{"S": "text"}`, wherever its API has such typed ones.

boto3's resource does the same, and takes every function a tenth longer to import.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from botocore.model import Shape

from tenant_onboarding.authorizer.dynamodb import plain

TYPED_VALUE = "AttributeValue"
SCALARS = {"S", "N", "B"}
"""What DynamoDB has sets of."""


class PlainClient:
    """A client of DynamoDB whose operations take and return plain values; of paginators the values stay typed.

    Arguments are left as they are. An operation raises TypeError for a value that DynamoDB has no type for, or that
    would be stored as another than it is: a float.
    """

    def __init__(self, client: Any) -> None:  # Any: the stubs know typed values only
        self._client = client

    def __getattr__(self, name: str) -> Any:  # Any: whatever the client has
        found = getattr(self._client, name)
        operation = self._client.meta.method_to_api_mapping.get(name)
        if operation is None:
            return found
        model = self._client.meta.service_model.operation_model(operation)
        return lambda **arguments: _each(plain, model.output_shape, found(**_each(typed, model.input_shape, arguments)))


def typed(value: object) -> dict[str, Any]:
    """Return a value as DynamoDB takes it; raises TypeError."""
    kind: str
    content: object
    match value:
        case None:
            kind, content = "NULL", True
        case bool():
            kind, content = "BOOL", value
        case str():
            kind, content = "S", value
        case int() | Decimal():
            kind, content = "N", str(value)
        case bytes():
            kind, content = "B", value
        case Mapping():
            kind, content = "M", {name: typed(each) for name, each in value.items()}
        case list() | tuple():
            kind, content = "L", [typed(each) for each in value]
        case set() if len(kinds := {kind for each in value for kind in typed(each)}) == 1 and kinds <= SCALARS:
            kind = f"{kinds.pop()}S"
            content = [scalar for each in value for scalar in typed(each).values()]
        case _:
            raise TypeError(f"DynamoDB has no type for a {type(value).__name__}")
    return {kind: content}


def _each(change: Callable[[Any], Any], shape: Shape | None, content: Any) -> Any:  # Any: what is sent, or answered
    """Return a copy of content with every typed value changed, as the API's model says where there is one."""
    if shape is None:
        return content
    if shape.name == TYPED_VALUE:
        return change(content)
    match shape.type_name, content:
        case "structure", Mapping():
            members: Mapping[str, Shape] = shape.members  # type: ignore[attr-defined]  # of a structure
            return {name: _each(change, members.get(name), each) for name, each in content.items()}
        case "map", Mapping():
            return {name: _each(change, shape.value, each) for name, each in content.items()}  # type: ignore[attr-defined]  # of a map
        case "list", list() | tuple():
            return [_each(change, shape.member, each) for each in content]  # type: ignore[attr-defined]  # of a list
    return content
