"""Preflight: on a schedule, what will stop onboarding becomes a metric before it does."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.metrics import write
from handlers.runtime import clients, logged, logger, reported, settings
from orchestrator.preflight import look


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Look once and return what was found; what is not right is logged, and counted, be it 0."""
    with reported("preflight"):
        found = look(clients(), settings())
    for each in found.findings:
        if each.percent is not None:
            write("LimitUsedPercent", MetricUnit.Percent, each.percent, {"Check": each.check, "Region": each.region})
        if each.status != "OK":
            about = {"check": each.check, "region": each.region, "status": each.status, "says": each.says}
            logger.warning("preflight found", extra=about)
    write("PreflightFailures", MetricUnit.Count, found.counted["FAIL"])
    write("PreflightWarnings", MetricUnit.Count, found.counted["WARN"])
    write("PreflightUnknown", MetricUnit.Count, found.counted["UNKNOWN"])
    if found.first:
        write("DaysUntilLimit", MetricUnit.Count, round(found.first.days_left or 0.0, 1))
    logger.info("preflight looked", extra={"counted": dict(found.counted)})
    return found.document()
