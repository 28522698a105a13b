"""The fault sweep of people: every AWS call of registering, being invited, forgetting a password and being changed.

The calls are not listed by hand: clean stories are recorded at the proxy, at a tenant of each tier. Then each blow
strikes a person of its own. A tenant has one person at a time under a blow, so the proxy tells them apart by their
tenants, and many tenants are at it at once. Each story judges what it was told (`people_story`); in the end everything
is counted from outside (`people_truth`).
"""

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

from orchestrator.operations import deployment
from tests.e2e.dead_letters import reached
from tests.e2e.people_blows import (
    CHANGES,
    FIRST_IN_A_PROCESS,
    FUNCTIONS,
    LOOKED_AFTER,
    MAILS,
    STORIES,
    TAKES,
    TIERS,
    PersonBlow,
    blows,
)
from tests.e2e.people_story import Outcome, Story
from tests.e2e.people_town import Town
from tests.e2e.people_truth import judge
from tests.e2e.versions import deployed
from tests.e2e.world import World, tenant

PATTERN = r"p\d{4}-[a-z]+"
TENANTS = 16
"""Of each tier: so many people of a tier at once."""
VISIBILITY_SECONDS, RECEIVES = 10, 70
"""A message that failed comes back sooner than on AWS, and for as long as there."""
OPEN = {"signUp": "OPEN"}
USES = (TAKES, "dynamodb:TransactWriteItems")
"""The last call of whoever uses a link writes down that it is used."""


@contextmanager
def open_town(world: World, tenants: int = TENANTS) -> Iterator[Town]:
    """Onboard so many tenants of each tier, which let anybody register, and look after their people alone."""
    ids = {f"p{number:04d}-{tier}": tier for tier in TIERS for number in range(tenants)}
    before, world.proxy.tenant_pattern = world.proxy.tenant_pattern, re.compile(PATTERN)
    for tenant_id, tier in ids.items():
        world.emit(tenant(tenant_id, tier=tier, users=OPEN))
    town = Town(world)
    for tenant_id in ids:
        page = world.wait_for(tenant_id, "COMPLETED", "FAILED")
        assert page["status"] == "COMPLETED", page["failure"]
        town.tenants[tenant_id] = world.record(tenant_id)
    world.wait_until_quiet()
    try:
        with world.proxy.struck_by(town.choose), comes_back_soon():
            yield town
    finally:
        world.proxy.tenant_pattern = before


def recorded(town: Town) -> list[PersonBlow]:
    """Return every fault at every call of every story, as clean ones show them, at a tenant of each tier."""
    with ThreadPoolExecutor(len(TIERS)) as pool:
        return [blow for found in pool.map(lambda tier: _recorded_at(town, tier), TIERS) for blow in found]


def _recorded_at(town: Town, tier: str) -> list[PersonBlow]:
    found, tenant_id = list[PersonBlow](), f"p0000-{tier}"
    seen = town.world.proxy.seen
    for number, story in enumerate(STORIES):
        outcome = Outcome(
            next(blows(story, tier, [(CHANGES if story == LOOKED_AFTER else TAKES, "")])),
            tenant_id,
            f"recorded-{number}@{tenant_id}.example",
        )
        clean = Story(town, outcome)
        clean.begin()
        start = len(seen)
        clean.live()
        assert outcome.complaints == [], outcome.complaints
        calls = [
            (call.function, call.operation)
            for call in seen[start:]
            if call.tenant_id == tenant_id and call.function in FUNCTIONS
        ]
        calls = calls if story == LOOKED_AFTER else calls[: _of_the_story(calls)]
        found += blows(story, tier, [each for each in calls if each[1] not in FIRST_IN_A_PROCESS])
        if (story, tier) == (STORIES[0], TIERS[0]):
            found += blows(story, tier, [(MAILS, operation) for operation in FIRST_IN_A_PROCESS])
    return found


def _of_the_story(calls: list[tuple[str, str]]) -> int:
    """Return how many of the calls there were until the link was used; the last ones bring it once more, in vain."""
    used = max(number for number, (function, name) in enumerate(calls) if (function, name) == USES)
    return used + 1


class PeopleSweep:
    """Blows under way: as many people at a time as there are tenants, each struck once."""

    def __init__(self, town: Town, all_blows: list[PersonBlow], report: Callable[[str], object]) -> None:
        self._town, self._report = town, report
        self._waiting: dict[str, SimpleQueue[tuple[int, PersonBlow]]] = {tier: SimpleQueue() for tier in TIERS}
        self._alone = [each for each in enumerate(all_blows) if each[1].operation in FIRST_IN_A_PROCESS]
        for number, blow in sorted(enumerate(all_blows), key=lambda each: "killed" not in each[1].fault):
            if blow.operation not in FIRST_IN_A_PROCESS:
                self._waiting[blow.tier].put((number, blow))
        self._all = len(all_blows)
        self.outcomes: list[Outcome] = []

    def run(self) -> list[Outcome]:
        """Strike, let people do what they do, and judge what came of each."""
        ids = list(self._town.tenants)
        with ThreadPoolExecutor(len(ids)) as pool:
            for done in [pool.submit(self._at, tenant_id) for tenant_id in ids]:
                done.result()
        for number, blow in self._alone:  # by a version of its own, so by a new process
            with deployed("ProofRequests", BEGUN_ANEW=str(number)):
                self._live(number, blow, f"p0000-{blow.tier}")
        self._town.world.wait_until_quiet()
        judge(self._town, self.outcomes)
        return self.outcomes

    def _at(self, tenant_id: str) -> None:
        """Let one person after the other of a tenant be struck."""
        waiting = self._waiting[tenant_id.rpartition("-")[2]]
        while True:
            try:
                number, blow = waiting.get_nowait()
            except Empty:
                return
            self._live(number, blow, tenant_id)

    def _live(self, number: int, blow: PersonBlow, tenant_id: str) -> None:
        outcome = Outcome(blow, tenant_id, f"person-{number}@{tenant_id}.example")
        fault, chooser = blow.chooser(tenant_id)
        story = Story(self._town, outcome, fault)
        story.begin()
        self._town.struck[tenant_id] = chooser
        story.live()
        del self._town.struck[tenant_id]
        self.outcomes.append(outcome)
        if len(self.outcomes) % 50 == 0:
            self._report(f"{self._all - len(self.outcomes)} of {self._all} people still to come")


@contextmanager
def comes_back_soon() -> Iterator[None]:
    """Let a message that failed come back soon, for the length of a with block."""
    sqs: Any = reached()[0].sqs
    url = deployment.outputs()["ProofRequestsQueueUrl"]
    names = ["RedrivePolicy", "VisibilityTimeout"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    redrive = json.loads(found["RedrivePolicy"]) | {"maxReceiveCount": RECEIVES}
    sooner = {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": str(VISIBILITY_SECONDS)}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=sooner)
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=found)
