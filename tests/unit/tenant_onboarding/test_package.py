"""What customers install knows nothing of the orchestrator, and importing a part costs no more than that part."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tenant_onboarding

FOLDER = Path(tenant_onboarding.__file__).parent
MODULES = {
    ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(FOLDER.rglob("*.py"))
}
INITS = [module for module, path in MODULES.items() if path.name == "__init__.py"]
STRANGE = {"orchestrator", "infra", "handlers", "examples", "tests", "benchmarks", "dashboard"}


@pytest.mark.parametrize("module", MODULES)
def test_no_module_knows_the_orchestrator(module: str) -> None:
    """Wherever in the module the import stands, in a function or for types alone."""
    tree = ast.parse(MODULES[module].read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} & STRANGE == set()


@pytest.mark.parametrize("package", INITS)
def test_a_package_imports_nothing_by_itself(package: str) -> None:
    assert loaded(package) == {package, *parents(package)}


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("tenant_onboarding.names", {"pydantic", "botocore", "jwt"}),
        ("tenant_onboarding.publisher", {"boto3", "botocore", "jwt", "aws_cdk"}),
        ("tenant_onboarding.contracts.tenant_created", {"boto3", "botocore", "jwt", "aws_cdk"}),
        ("tenant_onboarding.authorizer.registry", {"boto3", "botocore", "jwt", "pydantic"}),
        ("tenant_onboarding.authorizer.resolver", {"boto3", "botocore", "jwt", "pydantic"}),
        ("tenant_onboarding.authorizer.token_verifier", {"boto3", "botocore", "pydantic"}),
        ("tenant_onboarding.authorizer.handler", {"boto3", "pydantic", "aws_lambda_powertools"}),
        ("tenant_onboarding.cdk", {"boto3", "botocore", "pydantic", "cryptography"}),
    ],
)
def test_a_part_brings_no_package_that_it_does_not_need(module: str, absent: set[str]) -> None:
    found = loaded(module)
    assert module in found
    assert {name.split(".")[0] for name in found} & absent == set()


def test_the_authorizer_starts_with_its_own_modules_and_what_these_need() -> None:
    """Counted, not timed: a package beside botocore's and PyJWT's would show here."""
    found = loaded("tenant_onboarding.authorizer.handler")
    ours = {name for name in found if name.startswith("tenant_onboarding")}
    authorizer = (f"tenant_onboarding.authorizer.{path.stem}" for path in (FOLDER / "authorizer").glob("[a-z]*.py"))
    assert ours == {"tenant_onboarding", "tenant_onboarding.names", "tenant_onboarding.authorizer", *authorizer}
    needed = loaded("botocore.session") | loaded("jwt")
    assert {name.split(".")[0] for name in found - ours - needed} <= sys.stdlib_module_names


def loaded(module: str) -> set[str]:
    """Return the modules that a fresh interpreter loads for one."""
    program = f"import sys; before = set(sys.modules); import {module}; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def parents(module: str) -> set[str]:
    """Return the packages that a module is in."""
    parts = module.split(".")
    return {".".join(parts[:depth]) for depth in range(1, len(parts))}
