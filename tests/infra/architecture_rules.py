"""What the source must obey, each rule a function that returns its complaints about what it is given."""

import ast
import re
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from packaging.requirements import Requirement

from orchestrator.aws.settings import Settings
from orchestrator.steps import module_of
from tenant_onboarding.names import PREFIX
from tests.infra.floors import FLOORS, MAY_IMPORT, OPERATORS_TOOLS, STRANGE_TO_THE_DOMAIN

OURS = ("benchmarks", "examples", "handlers", "infra", "orchestrator", "tenant_onboarding", "tests")
MOST_LINES = 320
WRITES = "orchestrator.aws.writes"
WRITING = ("put_item", "update_item", "delete_item", "transact_write_items")
MOST_LINES_OF_TESTS = 700

HOME = re.compile(r"(?<![\w.}>])/(?:home|root|Users|work)/[\w.-]+")
REGISTRY = re.compile(r"npm[j]s|pypi\.or[g]|pythonhoste[d]|registry\.npm")
EMAIL = re.compile(r"[\w.+%-]+@((?:[A-Za-z0-9-]+\.)+[A-Za-z][A-Za-z0-9-]*)(?![\w(\[])")
HOST = re.compile(r"https?://((?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+)(?=[/:?#\"'`)\]\s>,;]|$)", re.MULTILINE)
GOOD_HOST = re.compile(
    r"(^|\.)(example|test|invalid|localhost|amazonaws\.com|aws\.amazon\.com|json-schema\.org|example\.(com|net|org))$"
    r"|^127\.0\.0\.1$|^192\.0\.2\.[0-9]{1,3}$"
    r"|^simulator\.amazonses\.com$"
    r"|^schemas\.xmlsoap\.org$|^www\.w3\.org$|^token\.actions\.githubusercontent\.com$"
    r"|^login\.microsoftonline\.com$|^sts\.windows\.net$"
)
"""Names and numbers that RFC 2606 and RFC 5737 reserve, AWS's with SES's mailbox simulator, and what others send
literally: the name spaces of JSON Schema, of XML and of SAML claims, the issuer of GitHub's tokens, the addresses of
Microsoft Entra; nothing that somebody could own."""
BAD_ON_PURPOSE = {
    "tests/unit/tenant_onboarding/test_hostile_events.py": {"xn--a.xn--"},
    "tests/unit/tenant_onboarding/test_refused_values.py": {
        "0x7f.1",
        "169.254.169.254",
        "192.0.2.0x7",
        "a.0x",
        "acme.local",
    },
    "tests/unit/tenant_onboarding/test_tenant_created.py": {"b.co"},
}
"""What a test shows to be refused."""


def steps_states_and_functions_agree(
    tasks: Mapping[str, str], offered: Mapping[str, Iterable[str]], step_modules: Mapping[str, set[str]]
) -> list[str]:
    """Each Task state is one step module with `act` and is offered by the function that the state invokes, no other.

    Args:
        tasks: the function's placeholder by Task state.
        offered: the STEPS by handler module.
        step_modules: what each module of orchestrator.steps defines.
    """
    complaints = []
    for state, function in tasks.items():
        handlers = [handler for handler, steps in offered.items() for step in steps if step == state]
        if [f"${{{handler.capitalize()}Function}}" for handler in handlers] != [function]:
            complaints.append(f"{state} invokes {function} and is offered by {handlers}")
        if "act" not in step_modules.get(module_of(state), set()):
            complaints.append(f"{module_of(state)} has no act")
    steps = {step for offers in offered.values() for step in offers}
    complaints += [f"{step} is offered and no state" for step in sorted(steps - tasks.keys())]
    wanted = {module_of(state) for state in tasks}
    return complaints + [f"{module} is no state's" for module in sorted(step_modules.keys() - wanted)]


def way_through(states: Mapping[str, Any], start: str, values: Mapping[str, object]) -> tuple[str, ...]:
    """Return the Task states that an execution with this input passes; raises KeyError if one is missing."""
    name, way = start, []
    while True:
        state = states[name]
        if state["Type"] == "Task":
            way.append(name)
        elif state["Type"] == "Choice":
            name = next((choice["Next"] for choice in state["Choices"] if _holds(choice, values)), state["Default"])
            continue
        else:
            return (*way, name)
        if state.get("End"):
            return tuple(way)
        name = state["Next"]


def imports_go_down(module: str, imported: Iterable[str]) -> list[str]:
    """A room knows itself and the rooms of lower floors, no other."""
    room, floor = _room_and_floor(module)
    complaints = []
    for name in sorted(set(imported)):
        known, below = _room_and_floor(name)
        if known and known != room and below >= floor:
            complaints.append(f"{module} of floor {floor} imports {name} of floor {below}")
    return complaints


def has_a_room(module: str) -> list[str]:
    """Every module stands in a room; a package that only holds rooms stands in none."""
    return [] if _room_and_floor(module)[0] or "." not in module else [f"{module} is in no room"]


def imports_are_known(module: str, imported: Iterable[str]) -> list[str]:
    """The domain knows none of the others, handlers and infra only what is listed, and what is deployed no tool."""
    package = module.split(".", maxsplit=1)[0]
    is_tool = _is_in(module, OPERATORS_TOOLS)
    of_customers_app = module.startswith("tenant_onboarding.cdk")
    is_domain = package in {"orchestrator", "tenant_onboarding"} and not of_customers_app
    complaints = []
    for name in sorted(set(imported)):
        ours = _is_in(name, OURS)
        if (
            (ours and not _is_in(name, MAY_IMPORT[package]))
            or (package != "infra" and not is_tool and _is_in(name, OPERATORS_TOOLS))
            or (is_domain and not is_tool and _is_in(name, STRANGE_TO_THE_DOMAIN))
        ):
            complaints.append(f"{module} imports {name}")
    return complaints


def imports_no_tests(module: str, imported: Iterable[str]) -> list[str]:
    """A module that holds tests is imported by nobody: what tests share has a module of its own, named after it."""
    shared = (name for name in sorted(set(imported)) if name.startswith("tests.") and ".test_" in name)
    return [f"{module} imports {name}" for name in shared]


def no_circles(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Following imports never leads back to where one started; `graph` has what each module imports at once."""
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as circle:
        return [" imports ".join(reversed(circle.args[1]))]
    return []


def says_where_to_begin(room: str, docstring: str) -> list[str]:
    """A room's docstring says its promise, what it knows, and where to begin."""
    wanted = ("Knows ", "Begin with ") if room.startswith("orchestrator.") else ("Begin with ",)
    return [f"{room} does not say: {each}…" for each in wanted if each not in docstring]


def settings_are_those_written(variables: Mapping[str, object]) -> list[str]:
    """Each setting that infra writes is read, and each that is read is written, whatever its default.

    Lambda gives the Region. Only functions that start executions know the state machine, only what has an email sent
    again the function that does so, only what sends mail a configuration set, only who registers people or looks them
    up the secret of user keys, only proofs the queue of requests, only sessions and session_keys the secret of
    session keys, only sessions where keys are, and only preflight the topic of alarms: another rule's business.
    Abandonments are begun by operators' tools alone.
    """
    written = {name.removeprefix(PREFIX).lower() for name in variables if name.startswith(PREFIX)}
    read = Settings.model_fields.keys() - {
        "region",
        "state_machine_arn",
        "abandonment_state_machine_arn",
        "welcome_function_name",
        "configuration_set",
        "user_keys",
        "proof_requests_queue",
        "session_keys",
        "keys_address",
        "alarm_topic_arn",
    }
    complaints = [f"{name} is written and never read" for name in sorted(written - Settings.model_fields.keys())]
    complaints += [f"{name} is not written" for name in sorted(read - written)]
    return complaints + [f"{name} is no setting" for name in variables if not name.startswith(PREFIX)]


def lock_is_complete(lock: str, wanted: Iterable[str]) -> list[str]:
    """Every requirement is pinned to a version that it allows, every pin has a hash, and no place is named."""
    entries = [entry for entry in re.sub(r"\s*\\\n\s*", " ", lock).splitlines() if re.match(r"[A-Za-z0-9]", entry)]
    pinned: dict[str, list[Requirement]] = {}
    complaints = []
    for entry in entries:
        requirement = Requirement(entry.split(" --hash=")[0])
        pinned.setdefault(_normal(requirement.name), []).append(requirement)
        if " --hash=sha256:" not in entry or not str(requirement.specifier).startswith("=="):
            complaints.append(f"{requirement.name} is not pinned by hash")
    for each in map(Requirement, wanted):
        pins = pinned.get(_normal(each.name), [])
        versions = [next(iter(pin.specifier)).version for pin in pins]
        if not versions or not all(each.specifier.contains(version, prereleases=True) for version in versions):
            complaints.append(f"{each} is locked as {versions}")
    complaints += [
        f"names a place: {line}" for line in lock.splitlines() if re.search(r"https?:|--(extra-)?index|-f ", line)
    ]
    return complaints


def versions_of(lock: str) -> dict[str, str]:
    """Return the version of each package in a lock; of several by marker the last."""
    return {_normal(name): version for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock, re.MULTILINE)}


def file_is_short(name: str, content: str) -> list[str]:
    """A module can be read in one sitting."""
    lines, most = content.count("\n"), MOST_LINES_OF_TESTS if name.startswith("tests/") else MOST_LINES
    return [f"{name} has {lines} lines, more than {most}"] if lines > most else []


def text_is_about_no_machine(name: str, content: str) -> list[str]:
    """No path of somebody's own machine, no package registry: neither is the same for the next reader."""
    found = [match[0] for pattern in (HOME, REGISTRY) for match in pattern.finditer(content)]
    return [f"{name} names {each}" for each in found]


def examples_are_nobodys(name: str, content: str) -> list[str]:
    """Addresses and hosts in what we show are reserved names, so that no mail ever reaches a stranger."""
    hosts = {match[1].lower() for pattern in (EMAIL, HOST) for match in pattern.finditer(content)}
    strange = {host for host in hosts if not GOOD_HOST.search(host)} - BAD_ON_PURPOSE.get(name, set())
    return [f"{name} names {host}" for host in sorted(strange)]


def _holds(choice: Mapping[str, Any], values: Mapping[str, object]) -> bool:
    value = values[choice["Variable"].removeprefix("$.")]
    (wanted,) = (choice[key] for key in ("StringEquals", "BooleanEquals") if key in choice)
    return bool(value == wanted)


def _room_and_floor(name: str) -> tuple[str, int]:
    """Return the room that a module or a name is in, and its floor from the ground up; no room where there is none."""
    return next(
        ((room, floor) for floor, rooms in enumerate(FLOORS) for room in rooms if _is_in(name, [room])), ("", 0)
    )


def _is_in(name: str, packages: Iterable[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def writes_wait_their_turn(module: str, source: ast.Module) -> list[str]:
    """Return each write to DynamoDB that a module of ours makes itself, and does not hand to `writes.in_turn`."""
    if module == WRITES:
        return []
    called = (node.func for node in ast.walk(source) if isinstance(node, ast.Call))
    named = (func.attr for func in called if isinstance(func, ast.Attribute))
    return [f"{module} calls {name} itself" for name in named if name in WRITING]
