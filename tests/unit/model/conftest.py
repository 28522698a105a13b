"""The stage on which the machines play."""

import json
import threading
import time

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.retries.quota import RetryQuota

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from tests.unit import faults
from tests.unit.faults import Attempt, Wire
from tests.unit.model.stage import Call, Invocation, Stage


@pytest.fixture
def stage(clients: Clients, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stage on which every call of an invocation waits to be let on."""
    stage, answer = Stage(clients, settings), faults.answer

    def noted(request: AWSPreparedRequest) -> AWSResponse:
        target = request.headers.get("X-Amz-Target", "")
        operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
        stage.effects.append(Attempt(operation, json.loads(request.body or b"{}")))  # type: ignore[arg-type]  # no files here
        return answer(request)

    def staged(_: Wire, event_name: str, request: AWSPreparedRequest, **__: object) -> AWSResponse:
        caller = threading.current_thread()
        if not isinstance(caller, Invocation):
            return answer(request)
        return caller.meets(Call(event_name.rpartition(".")[2], request))(request)

    monkeypatch.setattr(faults, "answer", noted)
    monkeypatch.setattr(Wire, "__call__", staged)
    monkeypatch.setattr(time, "sleep", stage.sleep)
    # What calls lost in one example must not let the SDK give up sooner in the next.
    monkeypatch.setattr(RetryQuota, "acquire", lambda *_: True)
    return stage
