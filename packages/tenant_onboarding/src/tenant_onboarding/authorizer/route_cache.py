"""The routing registry as an execution environment remembers it, so that a warm function reads nothing."""

import threading
from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING, Any

from tenant_onboarding.authorizer import registry

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Route = dict[str, Any]

ROUTE_SECONDS = 300.0
"""How long a route is believed: as long tokens of a tenant that was abandoned meanwhile may still be let in."""
NOTHING_SECONDS = 30.0
"""How long a key is known to lead nowhere: as long a tenant may wait that became ready meanwhile."""
MOST_KEYS = 4_096
"""Of each kind; a route takes about 2 KB, all of them 8 MB of the function's memory."""


class RouteCache:
    """Routes by their keys, each read once in a while; what leads nowhere is kept apart, so it pushes no route out.

    Whoever makes up keys costs a read for each new one. Threads may share it.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb, self._table = dynamodb, table
        self._routes, self._nothings = _Recent(ROUTE_SECONDS), _Recent(NOTHING_SECONDS)

    def find(self, key: str) -> Route | None:
        """Return the tenant and target of an active key; None if it leads nowhere. Raises what the SDK raises."""
        route = self._routes.get(key)
        if route is not None:
            return route
        if self._nothings.get(key) is not None:
            return None
        route = registry.resolve(self._dynamodb, self._table, key)
        if route is None:
            self._nothings.put(key, {})
        else:
            self._routes.put(key, route)
        return route


class _Recent:
    """What was put in less than so many seconds ago; the longest unused goes when there are too many."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: OrderedDict[str, tuple[float, Route]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Route | None:
        with self._lock:
            until, route = self._kept.get(key, (0.0, {}))
            if monotonic() >= until:
                self._kept.pop(key, None)
                return None
            self._kept.move_to_end(key)
            return route

    def put(self, key: str, route: Route) -> None:
        with self._lock:
            self._kept[key] = (monotonic() + self._seconds, route)
            if len(self._kept) > MOST_KEYS:
                self._kept.popitem(last=False)
