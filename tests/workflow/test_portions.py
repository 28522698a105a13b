"""A state machine that loops on portions, as every engine runs it: the definition of the kind that tests alone know."""

import json
import uuid
from collections.abc import Iterator

import pytest

from tests.unit.works.greeting import CHANGE_ID, DEFINITION
from tests.workflow.engine import ROLE, Engine
from tests.workflow.scripted_lambda import Script


@pytest.fixture
def machine_arn(engine: Engine) -> Iterator[str]:
    """The greeting's state machine, whose function is one of those that the engine has."""
    text = json.dumps(DEFINITION).replace("${Partition}", "aws").replace("${GreetingFunction}", "placement")
    name = f"greeting-{uuid.uuid4().hex[:8]}"
    arn = engine.client.create_state_machine(name=name, definition=text, roleArn=ROLE)["stateMachineArn"]
    yield arn
    engine.client.delete_state_machine(stateMachineArn=arn)


def test_a_step_is_called_until_it_says_that_it_is_done(engine: Engine, machine_arn: str) -> None:
    """Failures between two portions are retried, and each call is told the work, the attempt and the execution."""
    tenant_id = f"t-{uuid.uuid4().hex[:16]}"
    work = {"kind": "greeting", "tenantId": tenant_id, "item": f"CHANGE#{CHANGE_ID}"}
    engine.scripted.expect(
        tenant_id, Script(failures={"WriteGreeting": ["TransientError"]}, portions={"WriteGreeting": 3})
    )
    outcome = engine.execute(machine_arn, tenant_id, {"attempt": 1, "work": work})
    assert outcome.verdict == ("SUCCEEDED", None, (*("WriteGreeting", "IsWritten") * 3, "CompleteGreeting"))
    assert [call.step for call in outcome.calls] == ["WriteGreeting"] * 4 + ["CompleteGreeting"]
    for call in outcome.calls:
        assert (call.payload["work"], call.payload["attempt"]) == (work, 1)
        assert call.payload["execution"]["Id"] == outcome.execution_arn
