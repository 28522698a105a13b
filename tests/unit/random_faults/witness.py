"""Who sees every call of a run, notes what came true, and judges what is in the end."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.tenants import lifecycle, metadata
from orchestrator.tenants.kinds import ONBOARDING
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.outbox import outgoing_event
from orchestrator.tenants.records import RECORD, REQUEST
from tenant_onboarding.contracts.outgoing import Announcement, TenantAbandoned
from tests.e2e import invariants
from tests.e2e.aws_proxy import Answer, Call
from tests.e2e.inventory import Complaint, inventory_of
from tests.unit.model.stage import Stage
from tests.unit.random_faults.clockwork import Working

WRITES = ("dynamodb:TransactWriteItems", "dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:DeleteItem")
MAKES = ("Create", "Send")
ENDED = (lifecycle.COMPLETED, lifecycle.ABANDONED)
TOLD_OF = {
    lifecycle.FAILED: "TenantOnboardingFailed",
    lifecycle.COMPLETED: "TenantOnboarded",
    lifecycle.ABANDONED: "TenantAbandoned",
}
STARTED = "TenantOnboardingStarted"
REJECTED = "TenantOnboardingRejected"

Moment = tuple[str, int, int]
"""Status, attempt and redrive of a record."""


@dataclass
class Witness:
    """What was seen of one tenant."""

    clients: Clients
    settings: Settings
    tenant_id: str
    calls: list[Call]
    record: Record = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)
    owed: dict[str, str] = field(default_factory=dict)
    """Events that came true, by their `eventKey`: what kind each is."""
    words: dict[str, Any] = field(default_factory=dict)
    """What each of them says, as the outbox had it."""
    published: list[str] = field(default_factory=list)
    """The keys of what is on the bus, in order, repeats included."""
    rejected: set[str] = field(default_factory=set)
    """The keys of rejections on the bus."""
    mailers: list[Working] = field(default_factory=list)
    """Who sent the welcome emails of the tenant's present life."""
    undone: int = 0
    """How often the email was to be sent anew, as what it led to was made anew."""
    life: int = 0
    """The call at which the tenant was claimed last."""
    complaints: list[Complaint] = field(default_factory=list)

    def see(self, working: Working, call: Call, answer: Answer | None) -> None:
        """Take note of a call, and of what AWS answered if it took effect."""
        if answer is None or answer[0] != 200:
            return
        if call.operation in WRITES:
            self._look()
        elif call.operation == "events:PutEvents":
            self._publish(json.loads(call.body))
        elif call.operation == "ses:SendEmail":
            self._mail(working)
        acts = call.operation.startswith("cognito-idp:") and any(each in call.operation for each in (*MAKES, "Delete"))
        if acts and self.record["status"] in ENDED:
            text = f"{call.operation} by {working.name} while the tenant is {self.record['status']}"
            self.complaints.append(Complaint("false success", text))

    @property
    def status(self) -> str:
        """The tenant's status; empty before it is claimed."""
        return str(self.record.get("status", ""))

    def _look(self) -> None:
        before, self.record = self.record, self._item(RECORD)
        if not self.record:
            return
        moment = self.record["status"], int(self.record["attempt"]), int(self.record["redriveCount"])
        if not self.moments or moment != self.moments[-1]:
            self.moments.append(moment)
        if self.record["eventId"] != before.get("eventId"):
            self.life, self.mailers, self.undone = len(self.calls) - 1, [], 0
        for outbox_key, detail in self.record["outbox"].items():
            self._owe(outgoing_event(ONBOARDING, outbox_key, detail), json.loads(detail), before)
        if before and _done(before) and not _done(self.record):
            self.undone += 1

    def _owe(self, event: Announcement, words: dict[str, Any], before: Record) -> None:
        key = words["eventKey"]
        # An abandonment forgets the metadata as it comes true.
        known = before if isinstance(event, TenantAbandoned) else self.record
        if key not in self.owed and event.metadata != metadata.of(known):
            self.complaints.append(Complaint("wrong", f"{key} has metadata {event.metadata}"))
        self.owed[key], self.words[key] = type(event).__name__, words

    def _publish(self, body: dict[str, Any]) -> None:
        for entry in body["Entries"]:
            words = json.loads(entry["Detail"])
            key = words["eventKey"]
            if entry["DetailType"] == REJECTED:
                self.rejected.add(key)
                continue
            if key not in self.owed:
                self.complaints.append(Complaint("false success", f"{key} was published and is not true"))
            elif words != self.words[key]:
                self.complaints.append(Complaint("wrong", f"{key} says {words}, and came true as {self.words[key]}"))
            self.published.append(key)

    def _mail(self, working: Working) -> None:
        self.mailers.append(working)
        entry = self.record["steps"]["SendWelcomeEmail"]
        if entry.get("leaseOwner") != working.about.owner:
            self.complaints.append(Complaint("duplicate", f"an email of {working.about}, while the step is {entry}"))

    def _item(self, name: str) -> Record:
        found = Stage.items(self.settings.tenants_table)
        return next((each for each in found if (each["tenantId"], each["item"]) == (self.tenant_id, name)), {})

    def judge(self) -> list[Complaint]:
        """Return all that is wrong, once everything is quiet."""
        return [*self.complaints, *self._found()]

    def _found(self) -> Iterator[Complaint]:
        tenant_id = self.tenant_id
        if self.status not in ENDED:
            yield Complaint("stuck", f"{tenant_id} ended {self.status or 'nowhere'}")
            return
        there = inventory_of(self.clients, self.settings)
        yield from there.complaints(tenant_id)
        yield from there.drift()
        # A claim says that the tenant was ABANDONED before.
        life = [call for call in self.calls[self.life :] if call.function != "intake"]
        if self.status == lifecycle.COMPLETED:
            yield from invariants.claimed(tenant_id, life)
            unsure = sum(each.error is not None for each in self.mailers)
            yield from invariants.mailed(tenant_id, len(self.mailers), most=1 + unsure + self.undone)
        else:
            yield from invariants.removal_claimed(tenant_id, life)
        yield from self._of_events()
        yield from self._of_request()

    def _of_events(self) -> Iterator[Complaint]:
        expected = Counter(self.owed.values())
        for status, attempt, redrive in self.moments:
            kind = TOLD_OF.get(status)
            if kind and f"{self.tenant_id}:{kind}:{attempt}:{redrive}" not in self.owed:
                yield Complaint("untold", f"{status} in attempt {attempt}, redrive {redrive}")
        keys: dict[str, list[str]] = defaultdict(list)
        for key in self.published:
            keys[self.owed.get(key, "")].append(key)
        yield from invariants.told(
            self.tenant_id, keys, {kind: expected[kind] for kind in (*TOLD_OF.values(), STARTED)}
        )
        if self.record["outbox"] or "unpublished" in self.record:
            yield Complaint("untold", f"{self.tenant_id}: {self.record['outbox']} is not published")
        items = [each["item"] for each in Stage.items(self.settings.tenants_table)]
        rejected = {
            f"{each.partition('#')[2]}:{REJECTED}" for each in items if each.startswith(f"{lifecycle.REJECTED}#")
        }
        if rejected != self.rejected:
            yield Complaint("untold", f"{rejected} were rejected, {self.rejected} published")
        firsts = list(dict.fromkeys(self.published))
        if firsts != sorted(firsts, key=_in_order):
            yield Complaint("out of order", f"{self.tenant_id}: {firsts}")

    def _of_request(self) -> Iterator[Complaint]:
        asked = self._item(REQUEST)
        if bool(asked) != (self.status == lifecycle.COMPLETED):
            yield Complaint("wrong", f"{self.tenant_id} is {self.status}, its request is {asked.keys()}")
        elif asked:
            request = json.loads(asked["request"])
            said = self.record["routing"]["subdomain"], self.record["tenantName"], metadata.of(self.record)
            if said != (request["routing"]["subdomain"], request["tenantName"], request.get("metadata", {})):
                yield Complaint("wrong", f"{self.tenant_id}: the record has {said}, the request {request}")


def _done(record: Record) -> bool:
    return bool(record["steps"].get("SendWelcomeEmail", {}).get("status") == "DONE")


def _in_order(key: str) -> tuple[int, int, bool]:
    _, kind, attempt, redrive = key.split(":")
    return int(attempt), int(redrive), kind != STARTED
