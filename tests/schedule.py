"""Which worker of pytest runs what: a file after the other, and files that keep together one after the other in one."""

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # it has no types

from tests.running_stacks import STACKS

TOGETHER = {file: stack.shared_by[0] for stack in STACKS if stack.together for file in stack.shared_by}
"""The first of the files with which a file keeps together."""


class ByStack(LoadFileScheduling):  # type: ignore[misc]  # as above
    """Gives each worker the next file, or the next files that share a running stack."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return TOGETHER.get(file, file)
