"""What a request to the status API may say: its parameters, each by name, form and meaning."""

import re
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import AfterValidator, BeforeValidator, Field

from orchestrator import status
from orchestrator.aws import digits
from orchestrator.aws.cursor import CURSOR_MAX
from orchestrator.status.contract import Status
from orchestrator.status.rows import PAIR_PATTERN, SOUGHT_PATTERN
from orchestrator.tenants.ledger import timestamp
from tenant_onboarding.contracts.fields import TENANT_ID_PATTERN, Tier

ROWS = 25
MOST_ROWS = 100
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _time(value: str) -> str:
    """Return a time as the records have it."""
    try:
        if RFC3339.fullmatch(value):
            return timestamp(datetime.fromisoformat(value).timestamp())
    except (OverflowError, ValueError):  # a day that no calendar has, a year that UTC has not
        pass
    raise ValueError("must be a time like 2026-01-31T12:00:00Z")


def _flag(value: object) -> object:
    """Let only the two words pass that JSON has; pydantic would take `on` and `1` as well."""
    if value not in ("true", "false"):
        raise ValueError("must be true or false")
    return value


Time = Annotated[str, AfterValidator(_time), Field(json_schema_extra={"format": "date-time"})]
Redo = Annotated[
    str,
    Query(
        pattern="^[A-Za-z]{0,40}$",
        description="A step that is done, but what it made is gone: it is done again, as `failure.redo` names it.",
    ),
]
Flag = Annotated[bool, BeforeValidator(_flag)]
Sought = Annotated[str, AfterValidator(status.sought), Field(json_schema_extra={"pattern": f"^{SOUGHT_PATTERN}$"})]
Pair = Annotated[str, AfterValidator(status.pair), Field(json_schema_extra={"pattern": f"^{PAIR_PATTERN}$"})]
TenantId = Annotated[str, Path(alias="tenantId", pattern=TENANT_ID_PATTERN, description="The tenant's id.")]
EventId = Annotated[
    str, Path(alias="eventId", pattern="^[A-Za-z0-9_-]{1,128}$", description="The rejected event's id.")
]
Named = Annotated[
    str | None,
    Query(
        alias="tenantId",
        pattern=TENANT_ID_PATTERN,
        description="The tenant that the event names; without it the event is looked for among the newest.",
    ),
]
OfStatus = Annotated[Status | None, Query(alias="status", description="Only tenants of this status.")]
OfTier = Annotated[Tier | None, Query(description="Only tenants of this tier.")]
Since = Annotated[Time | None, Query(description="Only tenants whose status changed then or later.")]
Until = Annotated[Time | None, Query(description="Only tenants whose status changed before.")]
Search = Annotated[
    Sought | None,
    Query(
        description="Only tenants whose ids begin so, in either case, in the order of their ids; or those that have "
        "this as host, tenant code or email domain. `holders` says who has it."
    ),
]
Metadata = Annotated[
    Pair | None,
    Query(description="Only tenants which have this, `KEY=VALUE`, as metadata; they come in the order of their ids."),
]
WithSummary = Annotated[Flag, Query(alias="summary", description="With the summary, as by `/onboardings/summary`.")]
Rows = Annotated[int, Field(ge=1, le=MOST_ROWS), BeforeValidator(digits.whole)]
Limit = Annotated[Rows, Query(description="At most so many.")]
Cursor = Annotated[
    str | None,
    Query(max_length=CURSOR_MAX, description="The `nextCursor` of the page before, with the same filters."),
]
