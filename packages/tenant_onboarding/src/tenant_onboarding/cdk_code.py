"""The authorizer's code for Lambda, as a distribution of its own brings it: one archive that holds all that runs."""

import hashlib
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_

DISTRIBUTION = "tenant-onboarding-authorizer-asset"
MODULE = DISTRIBUTION.replace("-", "_")
ARCHIVE = "authorizer.zip"
READABLE, ENTERABLE = 0o644, 0o755
"""Lambda reads the code as another user than it was packed by, whatever the umask was there."""


class AssetMissingError(Exception):
    """The distribution with the authorizer's code is not installed; the message says how to get it."""

    def __init__(self) -> None:
        super().__init__(
            f"{DISTRIBUTION} is not installed, which has the authorizer's code: install its wheel from the files that"
            " `make packages` made or from your company's index, or give TenantAuthorizer a `code`"
        )


def prebuilt() -> lambda_.Code:
    """Return the code asset that is installed, the same whoever unpacks it; raises AssetMissingError."""
    file = archive()
    return lambda_.Code.from_asset(
        str(file.parent),
        asset_hash=hashlib.sha256(file.read_bytes()).hexdigest(),
        asset_hash_type=AssetHashType.CUSTOM,
        bundling=BundlingOptions(image=DockerImage.from_registry("unused"), local=_Unpacking(file)),
    )


def permit_reading(folder: Path) -> None:
    """Let anybody read a folder and what is in it, so that it is packed alike wherever it is."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(ENTERABLE if path.is_dir() else READABLE)


def archive() -> Path:
    """Return the installed archive; raises AssetMissingError."""
    try:
        found = Path(str(files(MODULE) / ARCHIVE))
    except ModuleNotFoundError:
        raise AssetMissingError from None
    if not found.is_file():
        raise AssetMissingError
    return found


@jsii.implements(ILocalBundling)
class _Unpacking:
    def __init__(self, archive: Path) -> None:
        self._archive = archive

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:  # Any: jsii's unused options
        """Fill the output folder, which CDK makes."""
        with zipfile.ZipFile(self._archive) as archive:
            archive.extractall(output_dir)
        permit_reading(Path(output_dir))
        return True
