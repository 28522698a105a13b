"""The wheelhouse and what is left out of packages, shown on small ones."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra import wheelhouse
from infra.slimming import ENDPOINTS, services_of, slim
from tests.infra.source import ROOT

PACKAGED = (
    "boto3/__init__.py",
    "boto3/data/dynamodb/2012-08-10/resources-1.json",
    "boto3/data/ec2/2016-11-15/resources-1.json",
    "boto3/examples/dynamodb.rst",
    "botocore/data/dynamodb/2012-08-10/service-2.json.gz",
    "botocore/data/dynamodb/2012-08-10/examples-1.json",
    "botocore/data/ec2/2016-11-15/service-2.json.gz",
    "botocore/data/endpoints.json",
    "other/__init__.py",
    "other/__init__.pyi",
    "other/py.typed",
    "other/sub/tests/test_it.py",
    "other-1.0.dist-info/METADATA",
    "other-1.0.dist-info/WHEEL",
    "other-1.0.dist-info/RECORD",
    "other-1.0.dist-info/INSTALLER",
    "other-1.0.dist-info/uv_cache.json",
    "other-1.0.dist-info/entry_points.txt",
    "other-1.0.dist-info/licenses/LICENSE",
    "other-1.0.dist-info/LICENSE.txt",
)
LEFT = {
    "boto3/__init__.py",
    "boto3/data/dynamodb/2012-08-10/resources-1.json",
    "botocore/data/dynamodb/2012-08-10/service-2.json.gz",
    "botocore/data/endpoints.json",
    "other/__init__.py",
    "other-1.0.dist-info/METADATA",
    "other-1.0.dist-info/WHEEL",
    "other-1.0.dist-info/entry_points.txt",
    "other-1.0.dist-info/licenses/LICENSE",
    "other-1.0.dist-info/LICENSE.txt",
}


CONTENTS = {
    "botocore/data/dynamodb/2012-08-10/service-2.json.gz": gzip.compress(
        json.dumps({"metadata": {"endpointPrefix": "named-so-there"}}).encode()
    ),
    ENDPOINTS: json.dumps(
        {"partitions": [{"partition": "aws", "services": {"ec2": {}, "named-so-there": {"endpoints": {}}}}]}
    ).encode(),
}


def packaged(folder: Path) -> None:
    """Make all files, but for those in `CONTENTS` empty ones."""
    for name in PACKAGED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(CONTENTS.get(name, b""))


def test_what_no_function_needs_is_removed_and_nothing_else(tmp_path: Path) -> None:
    packaged(tmp_path)
    slim(tmp_path, {"dynamodb"})
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == LEFT


def test_endpoints_are_left_of_the_services_that_are_used(tmp_path: Path) -> None:
    """They go by another name than the services' folders do."""
    packaged(tmp_path)
    slim(tmp_path, {"dynamodb"})
    (partition,) = json.loads((tmp_path / ENDPOINTS).read_text())["partitions"]
    assert partition == {"partition": "aws", "services": {"named-so-there": {"endpoints": {}}}}


def test_a_service_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    for name in ("boto3/data", "botocore/data/ec2"):
        (tmp_path / name).mkdir(parents=True)
    with pytest.raises(ValueError, match="no service dynamodbb"):
        slim(tmp_path, {"ec2", "dynamodbb"})


@pytest.mark.parametrize(
    ("line", "services"),
    [
        ("boto3.client('ssm')", {"ssm"}),
        ("boto3.resource('dynamodb', region_name=home)", {"dynamodb"}),
        ("self._session.client('events', config=RETRYING)", {"events"}),
        ("session.create_client('dynamodb', config=RETRYING)", {"dynamodb"}),
        ("session.client('sqs').get_queue_url(QueueName=name)", {"sqs"}),
        ("tenant.resource('userPoolId')", set()),
        ("http.client.HTTPConnection(host)", set()),
    ],
)
def test_services_are_read_off_the_code(line: str, services: set[str], tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text(f"import boto3\n{line}\n")
    assert services_of([source]) == services


def test_a_client_of_a_service_that_only_running_tells_is_refused(tmp_path: Path) -> None:
    """It would not be packaged, and fail on AWS alone."""
    source = tmp_path / "module.py"
    source.write_text("for name in names:\n    boto3.client(name)\n")
    with pytest.raises(ValueError, match=r"module\.py:2: name the service"):
        services_of([source])


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A wheelhouse as `make setup` leaves it, without the wheels."""
    for lock in wheelhouse.LOCKS:
        (tmp_path / lock.name).write_bytes(lock.read_bytes())
    return tmp_path


@pytest.mark.parametrize("lock", wheelhouse.LOCKS)
def test_a_wheelhouse_of_the_lock_is_taken(lock: Path, filled: Path) -> None:
    wheelhouse.check(lock, filled)


@pytest.mark.parametrize("lock", wheelhouse.LOCKS)
def test_a_wheelhouse_of_another_lock_is_one_line_that_says_what_to_do(lock: Path, filled: Path) -> None:
    with (filled / lock.name).open("a") as there:
        there.write("# one package more\n")
    with pytest.raises(SystemExit, match=rf"^.*another {lock.name}.*: run `make setup`$"):
        wheelhouse.check(lock, filled)


def test_without_a_wheelhouse_synthesis_ends_with_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    """Neither a traceback nor half an assembly."""
    program = f"import sys; sys.path[:0] = [{str(ROOT)!r}]; from infra import wheelhouse, app\n"
    none = f"wheelhouse.Path({str(tmp_path / 'none')!r})"
    program += f"wheelhouse.check.__defaults__ = (wheelhouse.RUNTIME, {none})\napp.main()"
    environment = os.environ | {"CDK_OUTDIR": str(tmp_path / "cdk.out"), "CDK_CONTEXT_JSON": "{}"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    said = f"{tmp_path / 'none'} does not hold the packages of the functions: run `make setup`"
    assert done.stderr.splitlines()[-1] == said
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "cdk.out").glob("*.template.json")) == []


def test_a_wheel_that_is_not_as_locked_is_not_installed(tmp_path: Path) -> None:
    """Whoever changes a file of the wheelhouse changes no function."""
    house = tmp_path / "wheelhouse"
    house.mkdir()
    if not wheelhouse.WHEELHOUSE.exists():
        pytest.skip(f"{wheelhouse.WHEELHOUSE} is not there: run `make setup`")
    for wheel in wheelhouse.WHEELHOUSE.glob("*.whl"):
        (house / wheel.name).symlink_to(wheel)
    six = next(house.glob("six-*.whl"))
    content = six.read_bytes()
    six.unlink()
    six.write_bytes(content + b"\0")
    with pytest.raises(SystemExit, match=r"as they are locked: remove it, then run `make setup`$"):
        wheelhouse.install(tmp_path / "package", folder=house)
