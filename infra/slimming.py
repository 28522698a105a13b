"""What installed packages bring and no function needs: left out, so that there is less to upload, load and read."""

import ast
import json
import shutil
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from botocore.loaders import Loader

UNUSED = (
    "**/*.pyi",
    "**/py.typed",
    "**/tests",
    "**/test",
    "boto3/examples",
    "botocore/data/*/*/examples-1.json*",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.js",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.css",
)
"""Hints for type checkers, packages' own tests, examples, and a page that no function serves."""
SERVICES = ("boto3/data", "botocore/data")
"""Folders, where there are these packages, that have a folder for each AWS service, beside files for all of them."""
ENDPOINTS = "botocore/data/endpoints.json"
"""Where every service is in every Region: read whole with the first client, and kept in memory."""
FACTS = ("METADATA", "WHEEL", "entry_points.txt")
"""What is kept of the facts about a package, beside its licences: packages ask for versions and entry points."""
LICENCES = ("LICEN", "NOTICE", "COPYING", "AUTHORS")
MAKES_CLIENTS = ("client", "resource", "create_client")


def slim(folder: Path, services: Iterable[str]) -> None:
    """Remove from installed packages whatever no function needs, and of boto3 and botocore all services but these.

    Raises ValueError for a service that botocore does not know.
    """
    for pattern in UNUSED:
        for path in list(folder.glob(pattern)):
            _remove(path)
    wanted = set(services)
    if unknown := {name for name in wanted if not (folder / "botocore" / "data" / name).is_dir()}:
        raise ValueError(f"botocore has no service {', '.join(sorted(unknown))}")
    for each in SERVICES:
        for path in (folder / each).glob("*"):
            if path.is_dir() and path.name not in wanted:
                _remove(path)
    _keep_endpoints(folder / ENDPOINTS, wanted)
    for path in folder.glob("*.dist-info/*"):
        if path.name not in FACTS and not path.name.upper().startswith(LICENCES):
            _remove(path)


def _keep_endpoints(file: Path, services: Collection[str]) -> None:
    """Leave of the endpoints those of some services, by the names that endpoints have."""
    models = Loader(extra_search_paths=[str(file.parent)], include_default_search_paths=False)
    names = {models.load_service_model(service, "service-2")["metadata"]["endpointPrefix"] for service in services}
    known = json.loads(file.read_text())
    for partition in known["partitions"]:
        partition["services"] = {name: each for name, each in partition["services"].items() if name in names}
    file.write_text(json.dumps(known, separators=(",", ":")))


def services_of(sources: Iterable[Path]) -> set[str]:
    """Return the AWS services of which code makes clients; raises ValueError where one is not named as such."""
    return {name for source in sources for name in _services_in(source)}


def _services_in(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=maker, attr=attribute), args=[service, *_]) if (
                attribute in MAKES_CLIENTS and _is_a_session(maker)
            ):
                yield _named(service, source)


def _named(service: ast.expr, source: Path) -> str:
    match service:
        case ast.Constant(value=str(name)):
            return name
        case _:
            raise ValueError(f"{source}:{service.lineno}: name the service, so that it is packaged")


def _is_a_session(node: ast.expr) -> bool:
    """Tell sessions of boto3, and boto3 itself, from whatever else has a `client` or a `resource`."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.strip("_") in {"boto3", "session"}


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
