"""The code that the functions run: ours and, unless it stays on this machine, what the runtime lock names."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_

ROOT = Path(__file__).parent.parent
FOLDERS = ("dashboard", "handlers", "orchestrator")
EMAIL_TEMPLATES = "orchestrator/welcome/templates"
NOT_DEPLOYED = ("local", "cli", "audit", "display.py", "operators.py")
"""What operators run; some of it needs packages that the runtime lock does not have."""
PLATFORM = "aarch64-manylinux2014"
PYTHON = "3.13"


def code(*, local: bool, email_templates: Path | None = None) -> lambda_.Code:
    """Return the one code asset that all functions share, bundled without Docker; a folder's templates over ours."""
    bundling = _Bundling(local=local, email_templates=email_templates)
    return lambda_.Code.from_asset(
        str(ROOT / "handlers"),
        asset_hash_type=AssetHashType.OUTPUT,
        bundling=BundlingOptions(image=DockerImage.from_registry("unused"), local=bundling),
    )


@jsii.implements(ILocalBundling)
class _Bundling:
    def __init__(self, *, local: bool, email_templates: Path | None) -> None:
        self._local = local
        self._email_templates = email_templates

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:  # Any: jsii's unused options
        """Fill the output folder; raises CalledProcessError if a package does not fit its hash or the platform."""
        excluded = () if self._local else NOT_DEPLOYED
        for folder in FOLDERS:
            ignore = shutil.ignore_patterns("__pycache__", *excluded)
            shutil.copytree(ROOT / folder, Path(output_dir) / folder, ignore=ignore)
        if self._email_templates:
            shutil.copytree(self._email_templates, Path(output_dir) / EMAIL_TEMPLATES, dirs_exist_ok=True)
        if not self._local:
            _install_runtime(output_dir)
        return True


def _install_runtime(target: str) -> None:
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", target]
    platform = ["--python-platform", PLATFORM, "--python-version", PYTHON, "--only-binary", ":all:"]
    lock = ["--require-hashes", "--no-deps", "--requirement", str(ROOT / "requirements/runtime.txt")]
    subprocess.run([*uv, *platform, *lock], check=True, stdout=sys.stderr)  # noqa: S603  # our own arguments
    for leftover in ("bin", ".lock"):
        path = Path(target) / leftover
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
