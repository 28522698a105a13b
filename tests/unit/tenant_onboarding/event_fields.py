"""The fields of an event's model, by their paths."""

from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tenant_onboarding.contracts.tenant_created import TenantCreated


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def inside(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model that a field holds, itself or optionally."""
    kinds = (field.annotation, *get_args(field.annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def paths(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every field below a model by its path; of identity providers only that there are some."""
    for name, field in fields(model).items():
        if below := inside(field):
            yield from paths(below, f"{above}{name}.")
        else:
            yield f"{above}{name}", field


FIELDS = dict(paths(TenantCreated))
