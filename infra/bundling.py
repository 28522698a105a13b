"""The code that the functions run: ours and, unless it stays on this machine, the packages that a lock names."""

import shutil
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from infra import ROOT, byte_code, dashboard_page, wheelhouse
from infra.slimming import services_of, slim
from tenant_onboarding.cdk_code import permit_reading

FOLDERS = {
    "handlers": ROOT / "handlers",
    "orchestrator": ROOT / "orchestrator",
    "tenant_onboarding": ROOT / "packages" / "tenant_onboarding" / "src" / "tenant_onboarding",
}
"""What of the repository the functions are given as it is, by its name there."""
PAGE = "dashboard"
EMAIL_TEMPLATES = "orchestrator/emails/templates"
NOT_DEPLOYED = ("local", "cli", "audit", "deployment.py", "operators.py")
"""What operators run; some of it needs packages that the runtime lock does not have."""
FOR_CUSTOMERS = ("cdk*.py",)
"""What only a customer's CDK app imports."""


def code(*, local: bool, email_templates: Path | None = None) -> lambda_.Code:
    """Return the one code asset that all functions share, bundled without Docker; a folder's templates over ours.

    Ends the program with one line if the bundler of the page is not as locked or, unless it is local, the wheelhouse
    does not hold what the lock names, or nothing is there that makes byte code for Lambda's Python.
    """
    dashboard_page.check()
    if not local:
        wheelhouse.check()
        byte_code.check()
    bundling = _Bundling(local=local, email_templates=email_templates)
    return lambda_.Code.from_asset(
        str(ROOT / "handlers"),
        asset_hash_type=AssetHashType.OUTPUT,
        bundling=BundlingOptions(image=DockerImage.from_registry("unused"), local=bundling),
    )


def fill(folder: Path, *, local: bool, email_templates: Path | None = None) -> None:
    """Put the code into an empty folder, compiled for Lambda unless it is local, where another Python runs it.

    Ends the program if a package does not fit hash or platform, or a module does not compile or, of the page, bundle.
    """
    excluded = FOR_CUSTOMERS if local else (*FOR_CUSTOMERS, *NOT_DEPLOYED)
    for name, source in FOLDERS.items():
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", *excluded))
    dashboard_page.fill(folder / PAGE)
    if email_templates:
        shutil.copytree(email_templates, folder / EMAIL_TEMPLATES, dirs_exist_ok=True)
    if not local:
        complete(folder, wheelhouse.RUNTIME)
    permit_reading(folder)


def complete(folder: Path, lock: Path) -> None:
    """Make of a folder with our code what Lambda runs: with the packages of a lock, as far as needed, all compiled."""
    services = services_of(sorted(folder.rglob("*.py")))
    wheelhouse.install(folder, lock)
    for leftover in ("bin", ".lock"):
        path = folder / leftover
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    slim(folder, services)
    byte_code.add(folder)


@jsii.implements(ILocalBundling)
class _Bundling:
    def __init__(self, *, local: bool, email_templates: Path | None) -> None:
        self._local = local
        self._email_templates = email_templates

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:  # Any: jsii's unused options
        """Fill the output folder, which CDK makes."""
        fill(Path(output_dir), local=self._local, email_templates=self._email_templates)
        return True
