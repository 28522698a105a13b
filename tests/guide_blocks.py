"""A guide as tests read it: a section of a page, and the blocks of code in it."""

import re


def section(page: str, title: str) -> str:
    """Return what stands below a heading, down to the next of its level or above."""
    level = title.partition(" ")[0]
    (found,) = re.findall(rf"^{title}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", page, re.MULTILINE | re.DOTALL)
    return str(found)


def blocks(text: str, language: str) -> list[str]:
    """Return the blocks that are marked with a language, in turn."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for marked, block in found if marked == language]
