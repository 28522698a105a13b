"""The paths of an API, each with its methods: whatever else is asked for is refused before anything is done."""

import re
from collections.abc import Mapping

from handlers.problems import METHOD_NOT_ALLOWED, NO_SUCH_PATH, ProblemError


class Paths:
    """Paths as routes have them, such as `/onboardings/<tenantId>`, each with its methods.

    GET may be HEAD too. `described` is the path of the OpenAPI document, which whoever asks wrongly is sent to.
    """

    def __init__(self, allowed: Mapping[str, tuple[str, ...]], described: str) -> None:
        self._allowed = {re.compile(re.sub("<.+?>", r"[^/\\s]+", path)): each for path, each in allowed.items()}
        self._described = described

    def __contains__(self, path: object) -> bool:
        """Tell whether there is such a path."""
        return isinstance(path, str) and any(pattern.fullmatch(path) for pattern in self._allowed)

    def allowed(self, path: str) -> tuple[str, ...]:
        """Return the methods of a path, as `Allow` has them; raises ProblemError for a path that there is not."""
        methods = next((each for pattern, each in self._allowed.items() if pattern.fullmatch(path)), None)
        if methods is None:
            raise ProblemError(NO_SUCH_PATH, f"See {self._described} for the paths that there are.")
        return tuple(same for each in methods for same in ((each, "HEAD") if each == "GET" else (each,)))

    def method(self, asked: str, path: str) -> str:
        """Return the method by which a request is answered; raises ProblemError if its path is none or has no such."""
        allowed = self.allowed(path)
        if asked not in allowed:
            use = " or ".join(each for each in allowed if each != "HEAD")
            raise ProblemError(METHOD_NOT_ALLOWED, f"Use {use}.", headers={"Allow": ", ".join(allowed)})
        return "GET" if asked == "HEAD" else asked
