"""The code of the product's two functions: their modules, the page, and the libraries that the page loads."""

import shutil
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from tenant_onboarding.cdk_code import permit_reading

HERE = Path(__file__).parent
FOLDERS = ("functions", "page")
SHARED = HERE.parents[1] / "dashboard" / "vendor" / "oauth4webapi"
"""A library that the dashboard has too; it is in this repository once."""


def code() -> lambda_.Code:
    """Return the one code asset of both functions, bundled without Docker; nothing of the orchestrator is in it."""
    return lambda_.Code.from_asset(
        str(HERE / "functions"),
        asset_hash_type=AssetHashType.OUTPUT,
        bundling=BundlingOptions(image=DockerImage.from_registry("unused"), local=_Bundling()),
    )


def fill(folder: Path) -> None:
    """Put the code into an empty folder."""
    for name in FOLDERS:
        shutil.copytree(HERE / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "README.md"))
    shutil.copytree(SHARED, folder / "page" / "vendor" / SHARED.name)


@jsii.implements(ILocalBundling)
class _Bundling:
    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:  # Any: jsii's unused options
        """Fill the output folder, which CDK makes."""
        fill(Path(output_dir))
        permit_reading(Path(output_dir))
        return True
