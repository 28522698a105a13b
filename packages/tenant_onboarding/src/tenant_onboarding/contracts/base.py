"""What every piece of an event shares: strict, frozen, camelCase outside, unknown fields refused by name."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Contract(BaseModel):
    """A strict, frozen piece of an event."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel, defer_build=True)


def first_repeat(values: list[str]) -> int | None:
    """Return where a list first says again what it said before, if it does."""
    return next((index for index, value in enumerate(values) if value in values[:index]), None)
