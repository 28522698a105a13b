"""Whether a module has the byte code that Lambda takes: of its own source, by the functions' Python, for its place."""

import _imp
from pathlib import Path

from infra.byte_code import MAGIC, ORIGIN, beside

FLAGS = (1).to_bytes(4, "little")
"""By its source's hash, which is not compared with the source."""


def source_hash(source: bytes) -> bytes:
    """Return by what byte code of the functions' Python names its source; this machine's Python has another key."""
    return _imp.source_hash(int.from_bytes(MAGIC, "little"), source)


def is_the_byte_code_of(module: Path, folder: Path) -> list[str]:
    """Return what is wrong with a module's byte code, if Lambda has the folder as its code."""
    found = beside(module)
    if not found.is_file():
        return [f"{module} has none"]
    content, name = found.read_bytes(), str(module.relative_to(folder))
    right = {
        "magic number": content[:4] == MAGIC,
        "flags": content[4:8] == FLAGS,
        "source": content[8:16] == source_hash(module.read_bytes()),
        "path": f"{ORIGIN}/{name}".encode() in content and str(folder).encode() not in content,
    }
    return [f"{name} has another {what}" for what, as_it_should in right.items() if not as_it_should]
