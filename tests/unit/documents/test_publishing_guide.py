"""What is said to those who publish is what they find: figures, commands, permissions, and a wheel that can be used."""

import ast
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

from aws_cdk import App, Stack

from infra.configuration.choices import Configuration
from infra.event_bus import event_bus
from tenant_onboarding import publisher, put_events
from tests.publishers import EXAMPLES, KINDS, ROOT

EVENTS = (ROOT / "docs/events.md").read_text()
OPERATIONS = (ROOT / "docs/operations.md").read_text()


def section(page: str, title: str) -> str:
    """Return what stands below a heading, down to the next of its level or above."""
    level = title.partition(" ")[0]
    (found,) = re.findall(rf"^{title}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", page, re.MULTILINE | re.DOTALL)
    return str(found)


def blocks(text: str, language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for marked, block in found if marked == language]


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


def test_the_wheel_of_the_guide_is_built_and_has_the_publisher_in_it(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (commands,) = blocks(section(EVENTS, "### From Python"), "")
    build, install, _ = commands.splitlines()
    wheel = f"{project['name'].replace('-', '_')}-{project['version']}-py3-none-any.whl"
    assert install == f"pip install --no-deps dist/{wheel}"
    assert build.startswith("python ")
    program = [sys.executable, *build.split()[1:], "-d", str(tmp_path)]
    subprocess.run(program, cwd=ROOT, check=True, capture_output=True)
    names = zipfile.ZipFile(tmp_path / wheel).namelist()
    assert {
        "packages/tenant_onboarding/src/tenant_onboarding/publisher.py",
        "packages/tenant_onboarding/src/tenant_onboarding/contracts/tenant_created.py",
    } <= set(names)
