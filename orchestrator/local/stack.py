"""The local stack: MiniStack with the deployed template in it, and this process's AWS settings pointed at it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import boto3

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.local.assembly import SynthesizedStack, stacks
from orchestrator.local.deploy import deploy
from orchestrator.local.ministack import CONCURRENT_FUNCTIONS, CREDENTIALS, REGION, LocalStackError, MiniStack
from orchestrator.local.rewrites import AWS_RUNTIME, bootstrap
from orchestrator.local.synth import synthesize
from orchestrator.operations import deployment
from orchestrator.tenants.events import put
from tenant_onboarding.names import TENANT_CREATED

WITHOUT_PROXY = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
START_SECONDS = 60.0
"""For a function's first answer on a busy machine."""
FOREIGN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")
"""What would lead boto3 to another account than the local one."""


@dataclass(frozen=True)
class LocalStack:
    """A deployed local stack; `environment` leads any AWS client to it."""

    ministack: MiniStack
    clients: Clients
    settings: Settings
    environment: dict[str, str]
    dropped: list[str]
    function_start: str
    """The program that starts a function."""

    def deploy(self, stack: SynthesizedStack, parameters: Mapping[str, str] | None = None) -> dict[str, str]:
        """Deploy another app's stack beside ours, and return its outputs; raises LocalStackError."""
        self.dropped.extend(deploy(stack, self.ministack.endpoint, self.function_start, parameters))
        return deployment.outputs(stack.name)

    def update(self, assembly: Path) -> "LocalStack":
        """Deploy another cloud assembly over ours, and return what there is then; raises LocalStackError."""
        for stack in stacks(assembly):
            self.dropped.extend(deploy(stack, self.ministack.endpoint, self.function_start))
        clients, settings = deployment.find()
        return replace(self, clients=clients, settings=settings)

    @property
    def api_url(self) -> str:
        """The status API's address, by a host name that every program can resolve."""
        return self.local_address(deployment.outputs()["ApiUrl"])

    def local_address(self, address: str) -> str:
        """Return where an address at an HTTP API of API Gateway's is on this machine."""
        api = urlsplit(address)
        return self._of_api(api.netloc.split(".")[0], api.path)

    def _of_api(self, api_id: str, path: str) -> str:
        return f"{self.ministack.endpoint}/_aws/execute-api/{api_id}/$default{path}"

    @property
    def dashboard_url(self) -> str:
        """The dashboard's address; as it holds a `$`, a shell needs it in single quotes."""
        return f"{self.api_url}/"

    @property
    def config_url(self) -> str:
        """Where anybody asks what signing in needs."""
        return f"{self.api_url}/config"

    @property
    def account_api_url(self) -> str:
        """The account API's address; its paths follow. Empty of a release that had none."""
        outputs = deployment.outputs()
        address = outputs.get("AccountApiUrl", "")
        if "AccountApiId" in outputs:  # its address may be at a domain, which is not served here
            return self._of_api(outputs["AccountApiId"], urlsplit(address).path)
        return address and self.local_address(address)

    def check(self) -> None:
        """Have one function answer; raises LocalStackError if it does not, as then nothing else will ever happen."""
        check_answer(f"{self.config_url}?host=nobody.{self.settings.app_domain}", "404")

    def emit(self, detail: str) -> str:
        """Put a TenantCreated with this detail, JSON as text, on the bus; return the event's id."""
        bus = self.settings.event_bus
        return put(self.clients.events, bus, source="demo", detail_type=TENANT_CREATED, detail=detail)

    def messages_waiting(self) -> int:
        """Return how many events the intake queue holds, those in somebody's hands included."""
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        url = deployment.outputs()["IntakeQueueUrl"]
        answer = boto3.client("sqs", region_name=REGION).get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(value) for value in answer["Attributes"].values())


@contextmanager
def local_stack(  # noqa: PLR0913  # all but one by keyword
    port: int | None = None,
    *,
    enforce_iam: bool = False,
    wait_scale: float = 0.1,
    functions_endpoint: str | None = None,
    functions_runtime: str = AWS_RUNTIME,
    concurrent_functions: int = CONCURRENT_FUNCTIONS,
    context: Mapping[str, str] | None = None,
    assembly: Path | None = None,
) -> Iterator[LocalStack]:
    """Run our CDK app's stacks for the length of a with block; raises LocalStackError with what to do about it.

    `functions_endpoint` puts a proxy between the functions and AWS, `functions_runtime` another start of theirs;
    `concurrent_functions` says how many of them may run at once; `assembly` is deployed instead of what `context` has.
    """
    chosen = assembly or synthesize(context)
    emulator = MiniStack(
        port, enforce_iam=enforce_iam, wait_scale=wait_scale, concurrent_functions=concurrent_functions
    )
    with emulator as ministack:
        environment = CREDENTIALS | {"AWS_ENDPOINT_URL": ministack.endpoint}
        with _aws_settings(environment | WITHOUT_PROXY):
            start = bootstrap(functions_endpoint or ministack.endpoint, functions_runtime)
            dropped = [name for stack in stacks(chosen) for name in deploy(stack, ministack.endpoint, start)]
            clients, settings = deployment.find()
            yield LocalStack(ministack, clients, settings, environment, dropped, start)


def check_answer(url: str, expected: str, seconds: float = START_SECONDS) -> None:
    """Raise LocalStackError unless a function answers at an address with that status."""
    try:
        with urlopen(url, timeout=seconds) as answer:  # noqa: S310  # our own address
            said = str(answer.status)
    except HTTPError as error:
        said = str(error.code)
    except OSError as error:
        said = str(error)
    if said != expected:
        raise LocalStackError(f"The functions do not run here: one that should answer {expected} said {said}")


@contextmanager
def _aws_settings(environment: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in (*environment, *FOREIGN)}
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
