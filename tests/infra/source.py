"""The repository's own modules as the tests read them: by file and syntax, nothing imported."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIES_IN = {"tenant_onboarding": ROOT / "packages" / "tenant_onboarding" / "src"}
"""Where a top-level package lies that does not lie in the repository's own folder."""
TEXTS = (".css", ".html", ".in", ".js", ".json", ".md", ".py", ".sh", ".toml", ".ts", ".txt", ".yaml", ".yml")
BY_NAME = (".gitignore", "Makefile")


@cache
def modules(*packages: str) -> dict[str, Path]:
    """Return the file of each module of these top-level packages."""
    return {
        ".".join(path.relative_to(LIES_IN.get(package, ROOT)).with_suffix("").parts).removesuffix(".__init__"): path
        for package in packages
        for path in sorted((LIES_IN.get(package, ROOT) / package).rglob("*.py"))
    }


@cache
def tree(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(), str(path))


def imports(module: ast.Module, *, typing_too: bool = True) -> Iterator[str]:
    """Yield what a module imports, wherever in it, as dotted names; `from a import b` is `a.b`."""
    skipped = set() if typing_too else {id(node) for block in _type_checking(module) for node in ast.walk(block)}
    for node in ast.walk(module):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError("relative imports are not used here")
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def texts() -> dict[str, str]:
    """Return every text file that is, or may come, under version control, by its path in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if not _hidden(path)]
    else:
        names = [name for name in listed.stdout.split("\0") if name]
    wanted = (name for name in names if name.endswith((*TEXTS, *BY_NAME)))
    return {name: (ROOT / name).read_text() for name in sorted(wanted) if (ROOT / name).is_file()}


def _hidden(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return any(part.startswith(".") or part in {"__pycache__", "node_modules", "cdk.out", "dist"} for part in parts)


def _type_checking(module: ast.Module) -> Iterator[ast.If]:
    for node in ast.walk(module):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield node
