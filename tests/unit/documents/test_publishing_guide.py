"""What is said to those who publish is what they find: figures, commands, permissions, and wheels to install."""

import ast
import json
import re
import shlex
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack

from infra.configuration.choices import Configuration
from infra.event_bus import event_bus
from infra.packages import ASSET, SDK
from tenant_onboarding import publisher, put_events
from tenant_onboarding.cdk_code import DISTRIBUTION as ASSET_NAME
from tests.guide_blocks import blocks, section
from tests.publishers import EXAMPLES, KINDS, ROOT

EVENTS = (ROOT / "docs/events.md").read_text()
AUTHORIZER = (ROOT / "docs/authorizer.md").read_text()
OPERATIONS = (ROOT / "docs/operations.md").read_text()


def test_the_guide_gives_the_publishers_figures() -> None:
    text = section(EVENTS, "### From Python")
    assert f"up to {put_events.MOST_ENTRIES} events and {publisher.MOST_BYTES // 1024} KB a call" in text
    assert f"tries {publisher.ATTEMPTS} times" in text
    assert f"is tried {publisher.ATTEMPTS} times in all" in (publisher.Publisher.publish.__doc__ or "")


def test_the_guides_program_is_python_and_names_what_there_is() -> None:
    (program,) = blocks(section(EVENTS, "### From Python"), "python")
    tree = ast.parse(program)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = import_module(node.module or "")
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []
    said = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    told = said | set(re.findall(r"(?:error|each)\.(\w+)", program))
    known = {*dir(publisher.Publisher), "problems", "not_sent", *publisher.NotSent.__dataclass_fields__, "tenant_id"}
    assert told <= known


def test_every_program_that_the_guides_name_is_there() -> None:
    shown = section(EVENTS, "## Publishers")
    named = re.findall(r"^(?:python|node|sh) (examples/\S+)", shown, re.MULTILINE)
    assert {Path(name).parent.name for name in named} == set(KINDS) == {each.name for each in EXAMPLES.glob("*/")}
    assert [name for name in named if not (ROOT / name).exists()] == []
    readme = (EXAMPLES / "README.md").read_text()
    assert re.findall(r"^\| `([\w-]+)/` \|", readme, re.MULTILINE) == list(KINDS)


def test_billings_permission_is_that_of_another_account() -> None:
    """The one in the guide lets a role do what the policy of the bus lets a named account do."""
    (shown,) = (json.loads(each) for each in blocks(section(EVENTS, "## Who may put events"), "json"))
    stack = Stack(App(), "Any")
    chosen = Configuration.model_validate({"eventSources": "billing", "eventAccounts": "111122223333"})
    event_bus(stack, "Bus", configuration=chosen)
    template: Any = json.loads(json.dumps(stack.node.root.synth().get_stack_by_name("Any").template))  # type: ignore[attr-defined]  # the root is an App
    statements = [
        each["Properties"]["Statement"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Events::EventBusPolicy"
    ]
    (allowed,) = (each for each in statements if each["Effect"] == "Allow")
    assert {name: allowed[name] for name in ("Effect", "Action", "Condition")} == {
        name: value for name, value in shown.items() if name != "Resource"
    }


def test_the_guides_say_how_long_the_archive_keeps() -> None:
    days = Configuration().archive_days
    assert f"for `archiveDays`, {days} by default" in section(EVENTS, "## Who may put events")
    assert f"for `archiveDays` ({days} by default)" in section(OPERATIONS, "## Replay")


@pytest.mark.parametrize(
    ("page", "title", "extra"), [(EVENTS, "### From Python", "publisher"), (AUTHORIZER, "## Install", "cdk")]
)
def test_the_guides_commands_install_what_is_built(page: str, title: str, extra: str) -> None:
    """`make packages` builds wheels of these names; tests/infra/test_packages.py installs and uses them."""
    (commands,) = blocks(section(page, title), "")
    make, pip = map(shlex.split, commands.splitlines())
    assert make == ["make", "packages"]
    assert f"\n{make[1]}: dist/.ready" in (ROOT / "Makefile").read_text()
    assert pip[:2] == ["pip", "install"]
    *others, sdk = pip[2:]
    assert sdk == f"dist/{wheel_of(SDK)}[{extra}]"
    asked = tomllib.loads((SDK / "pyproject.toml").read_text())["project"]["optional-dependencies"][extra]
    assert others == ([f"dist/{wheel_of(ASSET)}"] if any(each.startswith(ASSET_NAME) for each in asked) else [])


def wheel_of(project: Path) -> str:
    """Return the file name of the wheel that a project is built into."""
    about = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    return f"{about['name'].replace('-', '_')}-{about['version']}-py3-none-any.whl"


def test_the_sdks_page_names_what_there_is() -> None:
    """Its commands ask for extras that there are, and its programs import what can be imported."""
    page = (SDK / "README.md").read_text()
    extras = tomllib.loads((SDK / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(re.findall(r"tenant-onboarding-sdk\[(\w+)\]", page)) == extras.keys()
    programs = [*blocks(page, "python"), *re.findall(r"`(from tenant_onboarding\S* import \w+)`", page)]
    nodes = [node for program in programs for node in ast.walk(ast.parse(program)) if isinstance(node, ast.ImportFrom)]
    assert len(nodes) == 6 + 4
    for node in nodes:
        module = import_module(node.module or "")
        assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []
