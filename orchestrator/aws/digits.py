"""Numbers as people write them: digits alone. Python and pydantic take `1_0`, `+5`, `5.0` and ` 5` as well."""

import re

WHOLE = "must be a whole number, in digits"
FRACTION = "must be a number, in digits with at most one point"


def whole(value: object) -> object:
    """Return what was given, to be made a whole number of; raises ValueError for text of more than 1 to 9 digits."""
    if isinstance(value, str) and not re.fullmatch("[0-9]{1,9}", value):
        raise ValueError(WHOLE)
    return value


def fraction(value: object) -> object:
    """Return what was given, to be made a number of; raises ValueError for text beside digits and one point."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        raise ValueError(FRACTION)
    return value
