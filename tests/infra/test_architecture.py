"""The source obeys the rules that hold its parts together, and each rule can tell when it does not."""

import ast
import json
import re
import tomllib
from collections.abc import Callable
from itertools import product
from typing import Any, get_args

import pytest

from infra.workflow import ABANDONMENT, ONBOARDING
from orchestrator.aws.settings import Settings
from orchestrator.tenants import tiers
from tenant_onboarding.contracts.fields import Tier
from tests.infra import architecture_rules as rules
from tests.infra.calls import definitions, steps_of
from tests.infra.floors import FLOORS
from tests.infra.source import ROOT, imports, modules, texts, tree
from tests.infra.template import Template, functions, orchestrating, text

WORKFLOW: dict[str, Any] = json.loads(ONBOARDING.read_text())
REMOVAL: dict[str, Any] = json.loads(ABANDONMENT.read_text())
TASKS = {
    name: state["Parameters"]["FunctionName"]
    for name, state in (*WORKFLOW["States"].items(), *REMOVAL["States"].items())
    if state["Type"] == "Task"
}
HANDLERS = {module.split(".")[1]: steps_of(module.split(".")[1]) for module in modules("handlers") if "." in module}
STEP_MODULES = {
    module: set(definitions(module)) for module in modules("orchestrator") if module.startswith("orchestrator.steps.")
}
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
ASSET: dict[str, Any] = tomllib.loads((ROOT / "packages/tenant_onboarding_authorizer_asset/pyproject.toml").read_text())
LOCKS = ("bootstrap", "runtime", "dev", "authorizer", "ministack")
TIERS: tuple[Tier, ...] = get_args(Tier)
HOUSE = modules("examples", "handlers", "infra", "orchestrator", "tenant_onboarding")
SHOWN = ("README.md", "docs/", "examples/", "handlers/", "infra/", "orchestrator/", "packages/", "tests/")


def lock(name: str) -> str:
    """Return the text of a lock."""
    return (ROOT / "requirements" / f"{name}.txt").read_text()


def wanted_by(name: str) -> list[str]:
    """Return the requirements that a lock is resolved from, references to our own extras left out."""
    project = PROJECT["project"]
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    requirements: dict[str, list[str]] = {
        "bootstrap": (ROOT / "requirements" / "bootstrap.in").read_text().splitlines(),
        "runtime": project["dependencies"],
        "dev": [*project["dependencies"], *extras, *PROJECT["build-system"]["requires"]],
        "authorizer": ASSET["dependency-groups"]["lambda"],
        "ministack": PROJECT["dependency-groups"]["ministack"],
    }
    return [each for each in requirements[name] if each and not each.startswith(project["name"])]


def test_steps_states_and_functions_agree() -> None:
    """A reader sees the workflow in the file tree: state, step module and function go together."""
    assert rules.steps_states_and_functions_agree(TASKS, HANDLERS, STEP_MODULES) == []


@pytest.mark.parametrize(
    ("tasks", "offered", "step_modules"),
    [
        (TASKS | {"Novelty": "${PlacementFunction}"}, HANDLERS, STEP_MODULES),
        (TASKS | {"RegisterRouting": "${WelcomeFunction}"}, HANDLERS, STEP_MODULES),
        (TASKS, HANDLERS | {"welcome": ()}, STEP_MODULES),
        (TASKS, HANDLERS | {"welcome": ("SendWelcomeEmail", "RegisterRouting")}, STEP_MODULES),
        (TASKS, HANDLERS | {"welcome": ("SendWelcomeEmail", "Novelty")}, STEP_MODULES),
        (TASKS, HANDLERS, STEP_MODULES | {"orchestrator.steps.novelty": {"act"}}),
        (TASKS, HANDLERS, STEP_MODULES | {"orchestrator.steps.register_routing": {"register"}}),
    ],
    ids=[
        "a state without a step",
        "a state in another function",
        "a step that nobody offers",
        "a step that two offer",
        "an offer without a state",
        "a module without a state",
        "a module without act",
    ],
)
def test_a_step_out_of_place_is_noticed(tasks: Any, offered: Any, step_modules: Any) -> None:
    """The rule complains about each way in which the three can disagree."""
    assert rules.steps_states_and_functions_agree(tasks, offered, step_modules) != []


@pytest.mark.parametrize(("tier", "federated"), list(product(TIERS, (False, True))))
def test_a_tiers_path_is_the_way_through_the_workflow(tier: Tier, *, federated: bool) -> None:
    """The steps that a record starts with are those that its execution will pass, in that order."""
    values = {"tier": tier, "federated": federated}
    assert tiers.path(tier, federated=federated) == rules.way_through(WORKFLOW["States"], WORKFLOW["StartAt"], values)


@pytest.mark.parametrize("tier", TIERS)
def test_a_tiers_removal_path_is_the_way_through_the_abandonment(tier: Tier) -> None:
    """The steps that undo a tenant are those that its execution will pass, in that order."""
    way = rules.way_through(REMOVAL["States"], REMOVAL["StartAt"], {"tier": tier})
    assert tiers.removal_path(tier) == way


def test_no_step_belongs_to_both_workflows() -> None:
    """By its name alone a step is known to make or to remove."""
    assert not WORKFLOW["States"].keys() & REMOVAL["States"].keys()
    made = {step for tier in TIERS for federated in (False, True) for step in tiers.path(tier, federated=federated)}
    assert made | tiers.REMOVALS == TASKS.keys()


@pytest.mark.parametrize(
    ("choice", "default", "tier", "federated"),
    [
        ("IsFederated", "CreateIdentityProviders", "pool", False),
        ("HasOwnAppClient", "HasLocalAdmin", "bridge", False),
        ("HasOwnAppClient", "HasLocalAdmin", "silo", True),
        ("HasLocalAdmin", "RegisterRouting", "silo", False),
    ],
)
def test_a_detour_in_the_workflow_is_noticed(choice: str, default: str, tier: Tier, *, federated: bool) -> None:
    """Walking takes the Choices at their word."""
    states = json.loads(json.dumps(WORKFLOW["States"]))
    states[choice]["Default"] = default
    way = rules.way_through(states, WORKFLOW["StartAt"], {"tier": tier, "federated": federated})
    assert way != tiers.path(tier, federated=federated)


@pytest.mark.parametrize("choice", ["IsFederated", "HasLocalAdmin"])
def test_a_choice_that_forgets_federated_tenants_is_noticed(choice: str) -> None:
    """Without its rule a Choice sends a federated tenant the way of the others."""
    states = json.loads(json.dumps(WORKFLOW["States"]))
    states[choice]["Choices"] = []
    way = rules.way_through(states, WORKFLOW["StartAt"], {"tier": "bridge", "federated": True})
    assert way != tiers.path("bridge", federated=True)


def test_an_unknown_tier_leads_nowhere() -> None:
    """No tier is taken for another."""
    values = {"tier": "none", "federated": False}
    assert rules.way_through(WORKFLOW["States"], WORKFLOW["StartAt"], values) == ("UnknownTier",)


@pytest.mark.parametrize("module", HOUSE)
def test_imports_go_down(module: str) -> None:
    """No room knows one above it or beside it, and no package more of another than is listed."""
    imported = list(imports(tree(HOUSE[module])))
    assert rules.imports_go_down(module, imported) == []
    assert rules.imports_are_known(module, imported) == []
    assert rules.has_a_room(module) == []


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("orchestrator.aws.clients", "orchestrator.tenants.ledger.Record"),
        ("orchestrator.tenants.ledger", "orchestrator.identity.cognito"),
        ("orchestrator.identity.tenant_inventory", "orchestrator.steps.create_user_pool.act"),
        ("orchestrator.identity.cognito", "orchestrator.routing.routes"),
        ("orchestrator.welcome.sending", "orchestrator.steps"),
        ("orchestrator.local.stack", "orchestrator.cli.display"),
        ("tenant_onboarding.authorizer.handler", "orchestrator.aws.clients.Clients"),
        ("tenant_onboarding.cdk", "infra.function.OnboardingFunction"),
    ],
)
def test_an_import_that_runs_back_up_is_noticed(module: str, imported: str) -> None:
    """The rule complains about a room above and about one beside."""
    assert len(rules.imports_go_down(module, ["json", module, imported])) == 1


def test_a_module_in_no_room_is_noticed() -> None:
    """Whoever puts a module beside the rooms is told."""
    assert rules.has_a_room("orchestrator.novelty") == ["orchestrator.novelty is in no room"]
    assert rules.has_a_room("orchestrator") == rules.has_a_room("orchestrator.tenants.novelty") == []


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("orchestrator.tenants.ledger", "handlers.step"),
        ("orchestrator.tenants.ledger", "infra.stack"),
        ("orchestrator.tenants.ledger", "tests.conftest"),
        ("orchestrator.tenants.ledger", "aws_lambda_powertools.Logger"),
        ("orchestrator.cli", "infra.app"),
        ("orchestrator.onboarding.reconcile", "orchestrator.local.stack"),
        ("orchestrator.onboarding.reconcile", "orchestrator.cli"),
        ("handlers.intake", "orchestrator.cli"),
        ("handlers.intake", "orchestrator.operations.operators"),
        ("handlers.intake", "infra.stack"),
        ("infra.stack", "orchestrator.onboarding.intake"),
        ("infra.grants", "orchestrator.identity.cognito.create_user_pool"),
        ("infra.stack", "handlers.intake"),
        ("examples.product.stack", "infra.bundling.code"),
        ("tenant_onboarding.publisher", "aws_cdk.Stack"),
    ],
)
def test_an_import_of_what_is_not_known_is_noticed(module: str, imported: str) -> None:
    """The rule complains about each package that is not to be known."""
    assert rules.imports_are_known(module, ["json", imported]) == [f"{module} imports {imported}"]


def test_nobody_imports_a_module_that_holds_tests() -> None:
    """Whoever changes a test changes nothing for another file."""
    found = {module: imports(tree(path)) for module, path in modules("benchmarks", "tests").items()}
    assert [each for module, names in found.items() for each in rules.imports_no_tests(module, names)] == []


@pytest.mark.parametrize("imported", ["tests.unit.cli.test_cli.run", "tests.unit.cli.test_cli", "tests.test_novelty.A"])
def test_an_import_of_a_module_that_holds_tests_is_noticed(imported: str) -> None:
    """The rule complains about a name in it and about the module itself."""
    known = ["pytest", "tests.unit.cli.command_line.run", "tests.unit.faults"]
    assert rules.imports_no_tests("tests.novelty", [*known, imported]) == [f"tests.novelty imports {imported}"]


def graph() -> dict[str, set[str]]:
    """Return what each module of ours imports of ours when it is imported, and whenever it runs."""
    found = {module: set(imports(tree(path), typing_too=False)) for module, path in HOUSE.items()}
    return {
        module: {known for name in names if (known := _module_of(name)) and known != module}
        for module, names in found.items()
    }


def _module_of(name: str) -> str:
    """Return the module that a dotted name is, or is in; empty if it is none of ours."""
    return next((each for each in (name, name.rpartition(".")[0]) if each in HOUSE), "")


def test_there_are_no_circles() -> None:
    """Each module can be read without those that import it."""
    assert rules.no_circles(graph()) == []


def test_a_circle_is_noticed() -> None:
    """The rule says which way leads back."""
    back = {"orchestrator.aws.errors": {"orchestrator.tenants.ledger"}}
    assert rules.no_circles(graph() | back) != []


@pytest.mark.parametrize("room", [room for rooms in FLOORS for room in rooms if room.startswith("orchestrator.")])
def test_a_room_says_where_to_begin(room: str) -> None:
    """Whoever opens a room learns its promise, what it knows and which module to read first."""
    docstring = " ".join((ast.get_docstring(tree(HOUSE[room])) or "").split())
    assert rules.says_where_to_begin(room, docstring) == []
    begin = re.findall(r"`(\w+)`", docstring.partition("Begin with ")[2])
    assert begin
    assert [name for name in begin[:1] if f"{room}.{name}" not in HOUSE] == []


def test_a_room_that_does_not_say_it_is_noticed() -> None:
    """The rule complains about each half that is missing."""
    assert len(rules.says_where_to_begin("orchestrator.tenants", "The tenants. Knows `aws`.")) == 1


def test_every_function_is_given_the_settings_that_it_reads(template: Template) -> None:
    """Whatever the environment holds makes valid settings, with no name misspelt on either side."""
    for _, properties in orchestrating(template).values():
        variables = properties["Environment"]["Variables"]
        assert rules.settings_are_those_written(variables) == []
        values = {name: text(value) for name, value in variables.items()}
        Settings.from_environment({**values, "AWS_REGION": "eu-central-1"})


@pytest.mark.parametrize(
    "change",
    [
        {"ONBOARDING_OPENSHARDS": "1"},
        {"LOG_LEVEL": "INFO"},
        {"ONBOARDING_SENDER": None},
        {"ONBOARDING_REGIONS": None},
    ],
)
def test_a_setting_gone_astray_is_noticed(change: dict[str, str | None], template: Template) -> None:
    """The rule complains about a setting that is misspelt, not ours, or missing, even one that has a default."""
    variables = functions(template)["intake"][1]["Environment"]["Variables"] | change
    assert rules.settings_are_those_written({name: each for name, each in variables.items() if each is not None}) != []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_complete(name: str) -> None:
    """What pyproject asks for is pinned by hash, and no lock says where to get it."""
    assert rules.lock_is_complete(lock(name), wanted_by(name)) == []


def test_every_lock_is_checked() -> None:
    """No lock is left out of the test above."""
    assert {path.stem for path in (ROOT / "requirements").glob("*.txt")} == set(LOCKS)


@pytest.mark.parametrize("deployed", ["runtime", "authorizer"])
def test_development_runs_what_is_deployed(deployed: str) -> None:
    """Tests run the very versions that the functions get."""
    development, wanted = rules.versions_of(lock("dev")), rules.versions_of(lock(deployed))
    assert {name: development.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.replace("jinja2==", "jinja3=="),
        lambda content: content.replace("jinja2==3.1.6", "jinja2==3.0.0"),
        lambda content: content.replace("jinja2==3.1.6", "jinja2>=3.1.6"),
        lambda content: content + "novelty==1.0\n",
        lambda content: "--index-url https://registry.example/simple\n" + content,
        lambda content: content.replace("# via pydantic", "# from http://registry.example"),
    ],
    ids=["a requirement gone", "too old", "not pinned", "no hash", "an index", "an address"],
)
def test_a_spoilt_lock_is_noticed(spoil: Callable[[str], str]) -> None:
    """The rule complains about a lock that lags behind, is open to surprises or names a place."""
    assert rules.lock_is_complete(spoil(lock("runtime")), wanted_by("runtime")) != []


def test_modules_are_short() -> None:
    """A reader takes each in at one sitting."""
    paths = modules("handlers", "infra", "orchestrator", "tenant_onboarding", "tests").values()
    complaints = [rules.file_is_short(str(path.relative_to(ROOT)), path.read_text()) for path in paths]
    assert [each for few in complaints for each in few] == []


@pytest.mark.parametrize("name", ["tests/unit/test_novelty.py", "tests/e2e/novelty.py"])
def test_a_long_module_of_tests_is_noticed(name: str) -> None:
    """Tests may be longer than what they test, within a bound."""
    assert rules.file_is_short(name, "\n" * 700) == []
    assert rules.file_is_short(name, "\n" * 701) != []


def test_the_repository_is_about_no_machine() -> None:
    """What is committed reads alike wherever it is checked out."""
    assert [each for name, content in texts().items() for each in rules.text_is_about_no_machine(name, content)] == []


def test_examples_are_nobodys() -> None:
    """Nobody's mail address or host stands in what we show."""
    shown = {name: content for name, content in texts().items() if name.startswith(SHOWN) and "/vendor/" not in name}
    assert shown
    assert [each for name, content in shown.items() for each in rules.examples_are_nobodys(name, content)] == []


@pytest.mark.parametrize(
    ("rule", "content"),
    [
        (rules.file_is_short, "\n" * 321),
        (rules.text_is_about_no_machine, "cd " + "/home" + "/somebody/project"),
        (rules.text_is_about_no_machine, "'" + "/Users" + "/somebody'"),
        (rules.text_is_about_no_machine, "https://registry." + "npmj" + "s.org"),
        (rules.text_is_about_no_machine, "https://" + "pypi" + ".org/simple"),
        (rules.examples_are_nobodys, "admin@" + "acme.com"),
        (rules.examples_are_nobodys, "success@" + "amazonses.com"),
        (rules.examples_are_nobodys, "see https://" + "acme.io/metadata"),
        (rules.examples_are_nobodys, "see http://" + "other.xmlsoap.org/claims"),
        (rules.examples_are_nobodys, "see http://" + "schemas.xmlsoap.org.acme.io/claims"),
    ],
)
def test_a_spoilt_text_is_noticed(rule: Callable[[str, str], list[str]], content: str) -> None:
    """The rule complains about a text that breaks it."""
    assert rule("docs/page.md", content) != []


@pytest.mark.parametrize(
    "content",
    [
        "admin@acme.example, https://idp.acme.example/metadata, http://127.0.0.1:4566/x, pytest.fixture",
        "https://cognito-idp.eu-central-1.amazonaws.com/x and https://docs.aws.amazon.com/cognito/",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress, success@simulator.amazonses.com",
        "npx aws-cdk@2.1148.1, @pytest.fixture, https://{host}/, src/home/page.py",
    ],
)
def test_an_innocent_text_passes(content: str) -> None:
    """The rules leave alone what is reserved, AWS's own, or no address at all."""
    assert rules.examples_are_nobodys("docs/page.md", content) == []
    assert rules.text_is_about_no_machine("docs/page.md", content) == []


@pytest.mark.parametrize("module", modules("handlers", "orchestrator"))
def test_a_write_waits_its_turn(module: str) -> None:
    """What meets a transaction is refused, and the SDK does not repeat it; one place does."""
    assert rules.writes_wait_their_turn(module, tree(HOUSE[module])) == []


def test_a_write_that_does_not_wait_is_noticed() -> None:
    """The rule complains about a call, not about what is handed on."""
    handed_on, called = "in_turn(dynamodb.update_item, Key=key)", "dynamodb.update_item(Key=key)"
    assert rules.writes_wait_their_turn("orchestrator.novelty", ast.parse(handed_on)) == []
    assert len(rules.writes_wait_their_turn("orchestrator.novelty", ast.parse(called))) == 1
