"""What DynamoDB refuses and the simulated one takes: a query that is to go on from outside of what it asks for.

Seen with DynamoDB by others (issue 2456 of the SDK for Ruby): even an end of the range itself is outside, where the
query runs towards it.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from tests.unit.faults import answer, refused

OUTSIDE = refused(
    "ValidationException", "The provided starting key is outside query boundaries based on provided conditions"
)
EQUAL = re.compile(r"^(\S+) = (\S+)")
RANGES: dict[str, Callable[[str, str, str], bool]] = {
    r"(?P<name>\S+) BETWEEN (?P<low>\S+) AND (?P<high>\S+)": lambda at, low, high: low <= at <= high,
    r"(?P<name>\S+) >= (?P<low>\S+)": lambda at, low, _: low <= at,
    r"(?P<name>\S+) < (?P<high>\S+)": lambda at, _, high: at < high,
    r"begins_with\((?P<name>\S+), (?P<low>\S+)\)": lambda at, low, _: at.startswith(low),
}


def strict(request: AWSPreparedRequest) -> AWSResponse:
    """Answer a query, but for one that goes on from where there is nothing of it left."""
    query = json.loads(request.body)  # type: ignore[arg-type]  # no file
    return answer(request) if goes_on_inside(query) else OUTSIDE(request)


def goes_on_inside(query: dict[str, Any]) -> bool:
    """Tell whether a query begins anew, or after a key that is inside of what it asks for."""
    start = query.get("ExclusiveStartKey")
    if start is None:
        return True
    condition, _, range_condition = query["KeyConditionExpression"].partition(" AND ")
    names, values = query.get("ExpressionAttributeNames", {}), query["ExpressionAttributeValues"]
    hash_name, hash_value = re.findall(EQUAL, condition)[0]
    if start[names.get(hash_name, hash_name)] != values[hash_value]:
        return False
    for pattern, inside in RANGES.items():
        if match := re.fullmatch(pattern, range_condition):
            found = match.groupdict()
            at = start[names.get(found["name"], found["name"])]["S"]
            low, high = (values[found[end]]["S"] if found.get(end) else "" for end in ("low", "high"))
            return inside(at, low, high) and at != (high if query.get("ScanIndexForward", True) else low)
    assert not range_condition, f"no rule knows {range_condition}"
    return True
