"""The routing registry as an execution environment remembers it, so that a warm function reads nothing."""

import threading
from collections import OrderedDict
from time import monotonic

from tenant_onboarding.authorizer import registry
from tenant_onboarding.authorizer.registry import Reads, Route

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

    def __init__(self, dynamodb: Reads, table: str) -> None:
        self._dynamodb, self._table = dynamodb, table
        self._routes, self._nothings = _Recent(ROUTE_SECONDS), _Recent(NOTHING_SECONDS)

    def find(self, key: str) -> list[Route]:
        """Return an active key's tenant with each target in force; none if it leads nowhere. Raises what the SDK does.

        A target's end is held to the clock each time, however long ago it was read.
        """
        routes = self._routes.get(key)
        if routes is None:
            routes = self._nothings.get(key)
        if routes is None:
            routes = registry.routes(self._dynamodb, self._table, key)
            (self._routes if routes else self._nothings).put(key, routes)
        return registry.in_force(routes)


class _Recent:
    """What was put in less than so many seconds ago; the longest unused goes when there are too many."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: OrderedDict[str, tuple[float, list[Route]]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> list[Route] | None:
        with self._lock:
            until, routes = self._kept.get(key, (0.0, []))
            if monotonic() >= until:
                self._kept.pop(key, None)
                return None
            self._kept.move_to_end(key)
            return routes

    def put(self, key: str, routes: list[Route]) -> None:
        with self._lock:
            self._kept[key] = (monotonic() + self._seconds, routes)
            if len(self._kept) > MOST_KEYS:
                self._kept.popitem(last=False)
