"""Benchmarks compare with another commit: set up by itself, measured in turn, and nothing of it is left."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import against

MAKEFILE = "setup:\n\t@mkdir -p .venv/bin && ln -s $(PYTHON) .venv/bin/python\nfails:\n\t@false\n"


def git(folder: Path, *arguments: str) -> str:
    author = ("-c", "user.name=maintainers", "-c", "user.email=maintainers@product.example")
    return subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository whose second commit says another number than its first."""
    root = tmp_path / "repository"
    (root / "benchmarks").mkdir(parents=True)
    git(root, "init", "--quiet")
    (root / "Makefile").write_text(MAKEFILE)
    (root / "benchmarks" / "older.py").touch()
    for number in (4, 3):
        (root / "number.py").write_text(f"print({number})\n")
        git(root, "add", ".")
        git(root, "commit", "--quiet", "--message", str(number))
    against.make(root, "setup")
    monkeypatch.setattr(against, "ROOT", root)
    yield root
    assert len(git(root, "worktree", "list").splitlines()) == 1


def number(root: Path) -> against.Figures:
    return {"number": float(against.run(root, "number.py"))}


def test_a_side_is_what_its_commit_says_and_both_take_turns(repository: Path) -> None:
    measured: list[Path] = []
    with against.sides("HEAD~1") as compared:
        figures = against.medians(compared, lambda root: measured.append(root) or number(root), runs=2)  # type: ignore[func-returns-value]  # None
    assert figures == {"this": {"number": 3.0}, "HEAD~1": {"number": 4.0}}
    assert measured[:2] == measured[2:]
    assert measured[0] == repository != measured[1]
    assert not measured[1].exists()
    assert list(against.lines("ours", figures, ["number"])) == [
        "ours this: number 3",
        "ours HEAD~1: number 4",
        "ours against HEAD~1: number 0.75",
    ]


def test_without_another_commit_there_is_one_side(repository: Path) -> None:
    with against.sides(None) as compared:
        assert compared == {"this": repository}


def test_what_a_side_prints_comes_from_its_own_environment(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path of this environment would lead it to this commit's modules."""
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    said = against.run(repository, "-c", "import os, sys; print('PYTHONPATH' in os.environ, sys.executable)")
    assert said.split() == ["False", str(repository / ".venv" / "bin" / "python")]


@pytest.mark.parametrize("revision", ["HEAD~1", "no-such-commit"])
def test_whatever_fails_leaves_nothing_behind(repository: Path, revision: str) -> None:
    with pytest.raises(subprocess.CalledProcessError), against.checkout(revision) as root:
        against.make(root, "fails")


def test_a_younger_benchmark_is_carried_to_an_older_commit(repository: Path) -> None:
    for name in ("against", "younger"):
        (repository / "benchmarks" / f"{name}.py").write_text(f"print('{name}')\n")
    with against.checkout("HEAD~1", ready=False) as root:
        against.carry(root, "younger")
        assert sorted(path.name for path in (root / "benchmarks").iterdir()) == ["against.py", "older.py", "younger.py"]
