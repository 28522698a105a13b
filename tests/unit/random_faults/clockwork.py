"""Who goes on next, and when: invocations by one AWS call at a time, and a clock that moves when everybody waits."""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.retries.quota import RetryQuota

from orchestrator.aws.clients import READ_TIMEOUT_SECONDS, Clients
from orchestrator.tenants.ledger import Ledger
from tests.e2e import aws_proxy
from tests.e2e.aws_proxy import Answer, ConnectionLostError, KilledError, LateError
from tests.unit import faults
from tests.unit.faults import DeathError, Wire
from tests.unit.model.stage import Call, Clock, Invocation, passes

QUICK_SECONDS = (0.005, 0.08)
"""How long an AWS call takes, as a rule."""
SLOW_SECONDS = (0.5, 6.0)
ONE_IN = (5, 40, 40)
"""One of so many calls is slow, as the run has it."""
NO_END = 10_000
"""More calls than any run takes: who reaches it goes round in circles."""

Choose = Callable[[aws_proxy.Call], aws_proxy.Strike | None]
Watch = Callable[["Working", aws_proxy.Call, Answer | None], object]


class UnderWayError(KilledError):
    """The caller dies with its call under way, which takes effect in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class EndlessError(Exception):
    """A run does not come to its end."""


@dataclass
class Working:
    """An invocation under way, until its function's time is over; `then` is told how it ended."""

    name: str
    invocation: Invocation
    then: Callable[["Working"], object]
    wakes: float = 0.0
    killed: bool = False
    """Its time was over."""
    about: Any = None

    @property
    def error(self) -> BaseException | None:
        """What it ended with."""
        return self.invocation.error


@dataclass
class Clockwork:
    """All that goes on in a run; `dice` decides who is next and how long things take."""

    clients: Clients
    dice: random.Random
    choose: Choose = lambda _: None
    watch: Watch = lambda *_: None
    clock: Clock = field(default_factory=Clock)
    calls: list[aws_proxy.Call] = field(default_factory=list)
    working: list[Working] = field(default_factory=list)
    one_in: int = 0
    _timers: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _took_effect: Answer | None = None
    _broken: Exception | None = None
    """What a strike itself met: it is for no code of the product to see."""

    def __post_init__(self) -> None:
        """Decide how slow AWS is today."""
        self.one_in = self.dice.choice(ONE_IN)

    def later(self, seconds: float, do: Callable[[], object]) -> None:
        """Do something in so many seconds."""
        heapq.heappush(self._timers, (self.clock.now + seconds, next(self._numbers), do))

    def invoke(  # all but two by keyword
        self,
        name: str,
        work: Callable[[], object],
        *,
        seconds: float = 30.0,
        skew: float = 0.0,
        about: Any = None,  # Any: whatever `then` is to know
        then: Callable[[Working], object] = lambda _: None,
    ) -> Working:
        """Let a function or a command begin; it has so many seconds, by a clock that is ahead by `skew`."""
        started = Invocation(work, ends=self.clock.now + seconds, skew=skew)
        working = Working(name, started, then, about=about)
        self.working.append(working)
        self._look(working)
        return working

    def go(self, seconds: float = 0.0, until: Callable[[], bool] = lambda: False) -> None:
        """Go on until nobody is at work, something holds or so much time is over; raises EndlessError."""
        ends = self.clock.now + seconds
        while not until():
            if len(self.calls) > NO_END:
                raise EndlessError(f"{NO_END} calls, and no end")
            if self._timers and self._timers[0][0] <= self.clock.now:
                heapq.heappop(self._timers)[2]()
                continue
            ready = [each for each in self.working if each.wakes <= self.clock.now]
            if ready:
                self._let(self.dice.choice(ready))
                continue
            moments = [each.wakes for each in self.working] + [timer[0] for timer in self._timers[:1]]
            if not self.working and (not moments or moments[0] > ends):
                self.clock.now = max(self.clock.now, ends)
                return
            self.clock.now = min(moments)

    def _let(self, working: Working) -> None:
        """Let one of those at work make its next call, or die as its time is over."""
        invocation, call = working.invocation, working.invocation.call
        assert call
        if self.clock.now >= invocation.ends:
            working.killed = True
            invocation.go_on(faults.death_before)
        elif call.request is None:
            invocation.go_on()
        else:
            slow = self.dice.randrange(self.one_in) == 0
            self.clock.now += self.dice.uniform(*(SLOW_SECONDS if slow else QUICK_SECONDS))
            seen = _seen(call.request, working.name)
            self.calls.append(seen)
            self._took_effect = None
            invocation.go_on(self._bring_about(working, seen))
            if self._broken:
                raise self._broken
            self.watch(working, seen, self._took_effect)
        self._look(working)

    def _look(self, working: Working) -> None:
        """See where an invocation stands now."""
        call = working.invocation.call
        if call is None:
            self.working.remove(working)
            working.then(working)
            return
        pause = call.seconds if call.request is None else 0.0
        working.wakes = min(self.clock.now + pause, working.invocation.ends)

    def _land(self, working: Working, call: aws_proxy.Call, request: AWSPreparedRequest) -> None:
        """Let the call of a dead one take effect."""
        found = faults.answer(request)
        self.calls.append(call)
        self.watch(working, call, (found.status_code, list(found.headers.items()), found.content))

    def _bring_about(self, working: Working, call: aws_proxy.Call) -> Callable[[AWSPreparedRequest], AWSResponse]:
        strike = self.choose(call)

        def meet(request: AWSPreparedRequest) -> AWSResponse:
            def let_through() -> Answer:
                found = faults.answer(request)
                answer = found.status_code, list(found.headers.items()), found.content
                self._took_effect = answer
                return answer

            try:
                with _alone():
                    answer = strike(call, let_through) if strike else let_through()
            except (ClientError, AssertionError) as error:
                self._broken = error
                raise DeathError from None
            except UnderWayError as under_way:
                self.later(under_way.seconds, lambda: self._land(working, call, request))
                raise DeathError from None
            except KilledError:
                raise DeathError from None
            except LateError:
                time.sleep(READ_TIMEOUT_SECONDS)
                raise ReadTimeoutError(endpoint_url=request.url) from None
            except ConnectionLostError:
                raise ConnectionClosedError(endpoint_url=request.url) from None
            status, fields, content = answer
            return AWSResponse(request.url, status, dict(fields), faults.Raw(content))  # type: ignore[arg-type]  # a file is enough

        return meet

    @contextmanager
    def playing(self) -> Iterator[None]:
        """Let calls of invocations stand, and everybody's time be the played one, for the length of a with block."""

        def staged(_: Wire, event_name: str, request: AWSPreparedRequest, **__: object) -> AWSResponse:
            caller = threading.current_thread()
            if not isinstance(caller, Invocation) or getattr(caller, "alone", False):
                return faults.answer(request)
            return caller.meets(Call(event_name.rpartition(".")[2], request))(request)

        with ExitStack() as stack:
            for target, name, other in (
                (Wire, "__call__", staged),
                (time, "time", self.clock),
                (time, "sleep", self._sleep),
                # What calls lost in one run must not let the SDK give up sooner in the next.
                (RetryQuota, "acquire", lambda *_: True),
                (boto3, "DEFAULT_SESSION", self.clients._session),
            ):
                stack.enter_context(mock.patch.object(target, name, other))
            stack.enter_context(mock.patch.dict(Ledger.__init__.__kwdefaults__ or {}, clock=self.clock))
            try:
                yield
            finally:
                for each in self.working:
                    with suppress(DeathError):
                        each.invocation.go_on(faults.death_before)

    @staticmethod
    def _sleep(seconds: float) -> None:
        sleeper = threading.current_thread()
        if isinstance(sleeper, Invocation) and sleeper.meets(Call("Sleep", seconds=seconds)) is not passes:
            raise DeathError


@contextmanager
def _alone() -> Iterator[None]:
    """Let what a fault itself asks of AWS be answered at once."""
    thread: Any = threading.current_thread()
    thread.alone = True
    try:
        yield
    finally:
        thread.alone = False


def _seen(request: AWSPreparedRequest, name: str) -> aws_proxy.Call:
    """Return a request as the proxy of the end-to-end tests would see it."""
    headers = {
        key: value.decode() if isinstance(value, bytes) else str(value) for key, value in request.headers.items()
    }
    body = request.body or b""
    path = urlsplit(request.url).path
    content = body if isinstance(body, bytes) else str(body).encode()
    return aws_proxy.Call(aws_proxy.operation(path, headers), None, 0, content, name, path=path)
