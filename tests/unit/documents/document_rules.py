"""What every document must obey, each rule a function of one page's text and its place that returns its complaints."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import botocore.session
import typer.main
from botocore import xform_name
from pydantic.alias_generators import to_camel
from typer.core import TyperGroup

from infra.configuration.choices import Configuration
from infra.email import DKIM_TOKENS
from orchestrator.aws.settings import REGIONAL_STACK_NAME
from orchestrator.cli import program
from tenant_onboarding.contracts.detail_types import Contracts
from tests.infra.template_rules import OUTPUTS

ROOT = Path(__file__).parents[3]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "packages").rglob("*.md")),
    *sorted(path for path in (ROOT / "examples").rglob("*.md") if "node_modules" not in path.parts),
]
SOURCES = (".github", "dashboard", "examples", "handlers", "infra", "orchestrator", "packages", "state_machines")
"""Not the tests: they may name what there no longer is."""
WRITTEN_IN = {".yml", ".py", ".js", ".mjs", ".json", ".toml", ".html", ".txt", ".sh"}
NOT_SOURCES = {"node_modules", "vendor", "__pycache__"}
SERVICES = ("cognito-idp", "dynamodb", "events", "iam", "kms", "lambda", "sesv2", "sqs", "sns", "ssm", "stepfunctions")
OF_OTHERS = {
    "AccountApiDnsTarget",
    "EntitiesDescriptor",
    "AdministratorAccess",
    "ReadOnlyAccess",
    REGIONAL_STACK_NAME,
    *(f"SenderDnsRecord{number}" for number in range(1, DKIM_TOKENS + 1)),
}
"""An output by choice, a word of SAML's, policies that AWS manages, and names that the code puts together."""
FOLDERS = "benchmarks|dashboard|docs|examples|handlers|infra|orchestrator|packages|requirements|state_machines|tests"
STAGE_KEYS = {"stage"}
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
OF_EVERY_COMMAND = {"query", "output", "region"}
"""Options of the AWS CLI's own."""
RENAMED = {"endpoint": "notification-endpoint"}
"""Fields of SNS that the AWS CLI calls otherwise."""
BESIDE_THE_API = {"tail"}
"""Commands that no operation has the name of."""
Rule = Callable[[str, Path], list[str]]


def every_link_leads_to_a_file_and_a_heading(text: str, page: Path) -> list[str]:
    """Relative links only; what is elsewhere is not looked for."""
    complaints = []
    for path, anchor in re.findall(r"\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]+))?\)", text):
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            complaints.append(f"no file {path}")
        elif anchor and anchor not in anchors(text if target == page else target.read_text()):
            complaints.append(f"no heading {path}#{anchor}")
    return complaints


def every_file_that_is_named_exists(text: str, page: Path) -> list[str]:
    """Paths from the top of the repository, but for those of which a part stands for others."""
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text)
    modules = re.findall(rf"python -m ((?:{FOLDERS})[\w.]*)", text)
    paths = [*named, *(f"{module.replace('.', '/')}.py" for module in modules)]
    return [f"no file {path}" for path in paths if not (ROOT / path).exists()]


def every_option_of_a_command_exists(text: str, page: Path) -> list[str]:
    """Each `--option` behind `onboard COMMAND` on a line, or within its span of code."""
    complaints = []
    for command, rest in re.findall(r"(?:[`/]|^)onboard ([\w-]+(?: [a-z]+)?)([^`\n|;&]*)", text, re.MULTILINE):
        known = options(command)
        complaints += [
            f"onboard {command} has no {each}" for each in re.findall(r"--[a-z-]+", rest) if each not in known
        ]
    return complaints


def every_context_key_exists(text: str, page: Path) -> list[str]:
    """Each `-c key=value`."""
    keys = {to_camel(name) for name in Configuration.model_fields} | STAGE_KEYS
    keys |= {"tokenUse"} if "examples" in page.parts else set()  # the sample product's own
    given = re.findall(r"-c (\w+)=(?!value)", text)
    return [f"no context key {key}" for key in given if key not in keys]


def every_output_exists(text: str, page: Path) -> list[str]:
    """Each that is called an output; those of a sample's own stack are words of the source."""
    known = {*OUTPUTS, "JudgedBy", *OF_OTHERS} | (words() if "examples" in page.parts else set())
    named = re.findall(r"outputs? (?:of that name )?`(\w+)`|OutputKey=='(\w+)'", text)
    return [f"no output {one or other}" for one, other in named if (one or other) not in known]


def every_event_of_ours_exists(text: str, page: Path) -> list[str]:
    """Each name in code that begins as our events do and is no other word of the source."""
    named = set(re.findall(r"`(Tenant[A-Z]\w+|SharedPool[A-Z]\w+)`", text))
    return [f"no event {name}" for name in sorted(named) if name not in {*Contracts.ALL, *words(), *OF_OTHERS}]


def every_name_in_code_is_one_of_the_source_or_of_aws(text: str, page: Path) -> list[str]:
    """Settings, fields, errors, metrics, alarms, variables: a name that was changed in the code alone is found here."""
    named = set(re.findall(r"`([A-Za-z]\w*)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))
    composed = {name for name in named if re.search(r"[a-z][A-Z]|[A-Z]+_[A-Z]", name)}
    unknown = composed - words() - names_of_aws() - OF_OTHERS
    return [f"nothing is called {name}" for name in sorted(unknown)]


def every_command_of_the_aws_cli_exists(text: str, page: Path) -> list[str]:
    """Operations and waiters, and their `--options`; texts in quotes and commands beside the API are not looked at."""
    complaints = []
    for line in code(text):
        bare = QUOTED.sub("", line)
        for service, command, rest in re.findall(r"\baws +([a-z]\S+) +([a-z]\S+)([^|;&)]*)", bare):
            name = f"wait {rest.split()[0]}" if command == "wait" else command
            if name in BESIDE_THE_API:
                continue
            known = arguments(service, name)
            if known is None:
                complaints.append(f"no aws {service} {name}")
            else:
                given = set(re.findall(r" --([a-z-]+)", rest)) - OF_EVERY_COMMAND
                complaints += [f"aws {service} {name} has no --{each}" for each in sorted(given - known)]
    return complaints


RULES: list[Rule] = [
    every_link_leads_to_a_file_and_a_heading,
    every_file_that_is_named_exists,
    every_option_of_a_command_exists,
    every_context_key_exists,
    every_output_exists,
    every_event_of_ours_exists,
    every_name_in_code_is_one_of_the_source_or_of_aws,
    every_command_of_the_aws_cli_exists,
]


def anchors(document: str) -> set[str]:
    """Return what a link may lead to in a document, as GitHub names it."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", document, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def code(document: str) -> list[str]:
    """Return each line of a document's blocks of code, joined where it goes on, and each span of code."""
    block = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    lines = "".join(block.findall(document)).replace("\\\n", "").splitlines()
    return [*lines, *(span.replace("\n", " ") for span in re.findall(r"`([^`]+)`", block.sub("", document)))]


@cache
def arguments(service: str, name: str) -> frozenset[str] | None:
    """Return the options of a command of the AWS CLI, an operation or `wait` and a waiter; None if there is none."""
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        return None
    model = session.get_service_model(service)
    operations = {xform_name(each, "-"): each for each in model.operation_names}
    if name.startswith("wait "):
        waiters = session.get_waiter_model(service)
        operations = {
            f"wait {xform_name(each, '-')}": waiters.get_waiter(each).operation for each in waiters.waiter_names
        }
    if name not in operations:
        return None
    shape = model.operation_model(operations[name]).input_shape
    found = {xform_name(each, "-"): kind.type_name for each, kind in (shape.members.items() if shape else ())}
    found |= {other: found[each] for each, other in RENAMED.items() if service == "sns" and each in found}
    return frozenset(found) | {f"no-{each}" for each, kind in found.items() if kind == "boolean"}


@cache
def options(command: str) -> frozenset[str]:
    """Return the options of a command, and of those below it if it is a group; none for what is no command."""
    found: object = typer.main.get_command(program.app)
    for name in command.split():
        if isinstance(found, TyperGroup) and name in found.commands:
            found = found.commands[name]
    below = list(found.commands.values()) if isinstance(found, TyperGroup) else [found]
    given = [getattr(each, "params", []) for each in (found, *below)]
    return frozenset(option for params in given for each in params for option in (*each.opts, *each.secondary_opts))


@cache
def words() -> frozenset[str]:
    """Return every word of the source; fields and context keys in camelCase too, as they are given and told."""
    found: set[str] = set()
    for path in (path for folder in SOURCES for path in (ROOT / folder).rglob("*")):
        if path.suffix in WRITTEN_IN and not NOT_SOURCES & set(path.parts):
            found |= set(re.findall(r"[A-Za-z]\w*", path.read_text()))
    return frozenset(found | {to_camel(word) for word in found if "_" in word and word.islower()})


@cache
def names_of_aws() -> frozenset[str]:
    """Return the operations of AWS, their fields, and the values that these may have."""
    session, found = botocore.session.get_session(), set[str]()
    for service in SERVICES:
        model = session.get_service_model(service)
        found |= set(model.operation_names)
        for name in model.shape_names:
            shape = model.shape_for(name)
            found |= {name, *getattr(shape, "members", {}), *getattr(shape, "enum", [])}
    return frozenset(found)
