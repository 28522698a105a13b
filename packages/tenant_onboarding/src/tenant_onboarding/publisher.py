"""What a billing system needs to publish TenantCreated: checked before it is sent, and not one forgotten.

    Publisher("TenantOnboardingBus1A2B3C", source="billing").publish([detail])

It imports the contract, `put_events` and nothing else of ours. Publishing is safe to repeat: an event of the same
content changes nothing.

    PublishingError
    ├── InvalidEventError   an event breaks the contract; none was sent
    └── NotSentError        the bus did not take all of them; it says which
"""

import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from tenant_onboarding.contracts.reasons import Reason, reasons
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tenant_onboarding.names import SOURCE, TENANT_CREATED
from tenant_onboarding.put_events import MOST_ENTRIES, Refused, Taken, put

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

Detail = Mapping[str, Any]  # Any: JSON
MOST_BYTES = 256 * 1024
"""EventBridge: of one PutEvents, by its user guide; by its API's reference 1 MB. A larger event goes alone."""
ATTEMPTS = 5
NOT_TRIED = "NotTried"
"""The code of those that come after a call that failed altogether."""
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0


class PublishingError(Exception):
    """Not all events are on the bus."""


class InvalidEventError(PublishingError):
    """Events break the contract, and none was sent; `problems` has the reasons by each one's place in the list."""

    def __init__(self, problems: dict[int, list[Reason]]) -> None:
        self.problems = problems
        told = (f"event {place}: {each.field} {each.message}" for place, found in problems.items() for each in found)
        super().__init__("; ".join(told))


@dataclass(frozen=True)
class NotSent:
    """An event that is not on the bus, or of which nobody knows; `code` is AWS's, or the SDK's, for why."""

    detail: Detail
    code: str

    @property
    def tenant_id(self) -> str:
        """Whose event it is."""
        return str(self.detail["tenantId"])


class NotSentError(PublishingError):
    """The bus did not take all events: publish the details of `not_sent` again once their codes are mended.

    `event_ids` has those of the others, and None in the place of each that was not sent.
    """

    def __init__(self, not_sent: list[NotSent], event_ids: list[str | None]) -> None:
        self.not_sent, self.event_ids = not_sent, event_ids
        super().__init__("not sent: " + ", ".join(f"{each.tenant_id} ({each.code})" for each in not_sent))


class Publisher:
    """Puts TenantCreated on a bus, named or by its ARN, which another account's is; `source` says who speaks."""

    def __init__(self, bus: str, *, source: str, client: "EventBridgeClient | None" = None) -> None:
        """Raises ValueError for a source that is the orchestrator's own or AWS's."""
        if source == SOURCE or source.startswith("aws."):
            raise ValueError(f"source {source}: is not yours to speak in")
        self._bus, self._source, self._client = bus, source, client

    def publish(self, details: Iterable[Detail | TenantCreated]) -> list[str]:
        """Put an event for each detail on the bus, and return their ids in that order.

        What the bus does not take is tried 5 times in all, with growing pauses. Raises InvalidEventError and
        NotSentError. Whether the deployment accepts a tenant, whose subdomain may be taken, is told by an event.
        """
        sending = [_plain(each) for each in details]
        _check(sending)
        texts = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in sending]
        event_ids: list[str | None] = [None] * len(sending)
        codes = [NOT_TRIED] * len(sending)
        for batch in _batches(texts):
            if not self._send(batch, texts, event_ids, codes):
                break
        if missing := [place for place, event_id in enumerate(event_ids) if event_id is None]:
            raise NotSentError([NotSent(sending[place], codes[place]) for place in missing], event_ids)
        return [event_id for event_id in event_ids if event_id is not None]

    def _send(self, places: Sequence[int], texts: Sequence[str], event_ids: list[str | None], codes: list[str]) -> bool:
        """Put the events in these places on the bus, and note their ids, or why there is none.

        Returns whether the bus answered: a call that failed altogether, which the SDK has repeated, is the last one.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        left = list(places)
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)))  # noqa: S311  # spreads load
            try:
                said = self._put([texts[place] for place in left])
            except (BotoCoreError, ClientError) as error:
                for place in left:
                    codes[place] = _code(error)
                return False
            answers = dict(zip(left, said, strict=True))
            for place, answer in answers.items():
                if isinstance(answer, Taken):
                    event_ids[place] = answer.event_id
                else:
                    codes[place] = answer.code
            left = [place for place, answer in answers.items() if isinstance(answer, Refused) and not answer.is_final]
            if not left:
                break
        return True

    def _put(self, details: Sequence[str]) -> list[Taken | Refused]:
        return put(self._events(), self._bus, source=self._source, detail_type=TENANT_CREATED, details=details)

    def _events(self) -> "EventBridgeClient":
        if self._client is None:
            import boto3

            self._client = boto3.client("events")
        return self._client


def _code(error: Exception) -> str:
    """Return AWS's code for an error, or the SDK's name for it."""
    answer: Any = getattr(error, "response", {})
    return str(answer.get("Error", {}).get("Code", type(error).__name__))


def _plain(detail: Detail | TenantCreated) -> Detail:
    return detail.model_dump(by_alias=True, exclude_unset=True) if isinstance(detail, TenantCreated) else detail


def _check(details: Sequence[Detail]) -> None:
    problems: dict[int, list[Reason]] = {}
    for place, detail in enumerate(details):
        try:
            TenantCreated.model_validate(detail)
        except ValidationError as error:
            problems[place] = reasons(error)
    if problems:
        raise InvalidEventError(problems)


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield the places of the events that fit into one call."""
    batch: list[int] = []
    size = 0
    for place, text in enumerate(texts):
        more = len(text.encode())
        if batch and (len(batch) == MOST_ENTRIES or size + more > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(place)
        size += more
    if batch:
        yield batch
