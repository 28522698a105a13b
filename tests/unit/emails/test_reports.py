"""What Amazon SES reports is read by its codes, and nothing else of it is kept."""

from typing import Any

import pytest

from orchestrator.emails import reports
from orchestrator.emails.reports import BOUNCED, COMPLAINED, DELAYED, DELIVERED, REJECTED, SENT, UnreadableError
from tests.unit.emails.ses_events import ADDRESS, SAMPLES, about, read

STATUS = {
    "bounce": BOUNCED,
    "complaint": COMPLAINED,
    "delivery": DELIVERED,
    "delivery_delay": DELAYED,
    "reject": REJECTED,
}
REASON = {
    "bounce": "Permanent General 5.1.1 550",
    "complaint": "abuse",
    "delivery": "",
    "delivery_delay": "TransientCommunicationFailure 4.4.1 421",
    "reject": "",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_an_event_as_documented_is_read(name: str) -> None:
    report = read(SAMPLES[name])
    assert (report.kind, report.tenant_id, report.tags["attempt"]) == ("welcome", "acme", "1")
    assert (report.status, report.reason) == (STATUS[name], REASON[name])
    assert report.message_id == "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000"
    assert report.mailed_at == "2017-08-05T00:40:02.012Z"
    assert report.at.startswith("2017-08-05T00:4")
    assert ADDRESS not in repr(report)


def test_every_status_but_the_first_has_its_event_and_every_event_its_sample() -> None:
    assert {SENT, *(status for status, _ in reports.DETAIL_TYPES.values())} == set(reports.STATUSES)
    assert {event["detail-type"] for event in SAMPLES.values()} == set(reports.DETAIL_TYPES)


def test_what_a_mail_server_says_beside_its_codes_is_not_kept() -> None:
    event = about("bounce")
    (recipient,) = event["detail"]["bounce"]["bouncedRecipients"]
    recipient |= {"status": f"5.1.1 {ADDRESS}", "diagnosticCode": f"smtp; <{ADDRESS}>: 550 5.1.1 First Admin is gone"}
    event["detail"]["bounce"]["bounceSubType"] = f"Gone: {ADDRESS}"
    assert read(event).reason == "Permanent 550"


@pytest.mark.parametrize(
    "path", [("detail",), ("detail-type",), ("detail", "mail", "tags", "tenantId"), ("detail", "mail", "timestamp")]
)
@pytest.mark.parametrize("value", [None, "", [], {}, ["NOT A TENANT"], 7])
def test_an_event_that_is_not_as_documented_is_told_from_one_that_is(path: tuple[str, ...], value: Any) -> None:
    event = about("bounce")
    place = event
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(UnreadableError) as refused:
        read(event)
    assert ADDRESS not in str(refused.value)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "null", '"Email Bounced"', "[" * 200_000])
def test_what_is_no_event_at_all_is_told_from_one_that_is(text: str) -> None:
    with pytest.raises(UnreadableError):
        reports.read(text)
