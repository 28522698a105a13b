"""The stages of `stages.toml`: what each deployment chooses, all checked whichever of them is synthesized."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from infra import ROOT, email_templates
from infra.configuration.choices import Configuration, line
from infra.configuration.value_types import Account, Region

if TYPE_CHECKING:
    from aws_cdk import App

FILE = ROOT / "stages.toml"
STAGE = "stage"
"""The context key that chooses one: `-c stage=dev`."""
TAG = "Stage"
"""The tag of a stage's stacks, which CloudFormation gives to what is in them."""
NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
OF_A_MACHINE = "local"
"""A context key that no stage has: it leaves packages out that only this machine has."""


class Stage(Configuration):
    """What one stage chooses and, if it says so, the account and the Region that alone may get it."""

    account: Account = ""
    region: Region = ""


KEYS = tuple(name for name in map(to_camel, Stage.model_fields) if name != OF_A_MACHINE)
CHOICES = (STAGE, *map(to_camel, Configuration.model_fields))


def choose(app: "App", file: Path = FILE) -> tuple[str, Stage]:
    """Return the name and the choices of the stage in an app's context, where other keys override the stage's.

    Without a stage the name is empty, and Configuration's own defaults hold. Ends the program with a line for each
    mistake in the file or the context.
    """
    tables, name = read(file), app.node.try_get_context(STAGE)
    if name is not None and name not in tables:
        raise SystemExit(f"context {STAGE}: must be one of {', '.join(tables)}, as in {file.name}, not {name!r}")
    if mistakes := [_unknown(f"context {key}", key, CHOICES) for key in app.node.get_all_context() if _mistyped(key)]:
        raise SystemExit("\n".join(mistakes))
    table = tables[name] if name else {}
    bound = {key: value for key, value in table.items() if key in {"account", "region"}}
    chosen = Configuration.from_context(app, table)
    return name or "", Stage.model_validate(chosen.model_dump(by_alias=True) | bound)


def read(file: Path = FILE) -> dict[str, Mapping[str, Any]]:
    """Return every stage's table; ends the program with a line for each mistake in any of them."""
    try:
        tables = tomllib.loads(file.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SystemExit(f"{file.name}: {error}") from None
    mistakes = [mistake for name, table in tables.items() for mistake in _mistakes(name, table)]
    if mistakes := mistakes or list(_overlaps(tables)):
        raise SystemExit("\n".join(f"{file.name}: {mistake}" for mistake in mistakes))
    return tables


def _mistakes(name: str, table: object) -> Iterator[str]:
    """Yield what is wrong with a stage; the kinds of TOML's values are held to strictly, as nothing else is a text."""
    if not NAME.fullmatch(name):
        yield f"{name}: a stage's name must be lower-case letters, digits and hyphens, at most 32, like dev"
    if not isinstance(table, dict):
        yield f"{name}: must be a stage like [dev] with keys below it, not {table!r}"
        return
    yield from (_unknown(f"{name}.{key}", key, KEYS) for key in table if key not in KEYS)
    try:
        stage = Stage.model_validate({key: value for key, value in table.items() if key in KEYS}, strict=True)
    except ValidationError as error:
        yield from (f"{name}.{line(mistake)}" for mistake in error.errors())
    else:
        yield from (f"{name}.emailTemplates: {mistake}" for mistake in email_templates.mistakes(stage.email_templates))


def _overlaps(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield which stages want the same Region of an account; of one that does not name both nothing is known here."""
    stages = {name: Stage.model_validate(table) for name, table in tables.items()}
    bound = {name: stage for name, stage in stages.items() if stage.account and stage.region}
    for (name, stage), (other, another) in combinations(bound.items(), 2):
        shared = {stage.region, *stage.regions} & {another.region, *another.regions}
        if shared and stage.account == another.account:
            yield (
                f"{name} and {other} both want {', '.join(sorted(shared))} of account {stage.account};"
                " stacks of all stages bear the same names"
            )


def _mistyped(key: str) -> bool:
    """Tell a key that means one of ours; the CDK and other tools have context of their own, which is not looked at."""
    return key not in CHOICES and bool(get_close_matches(key.lower(), [each.lower() for each in CHOICES], cutoff=0.8))


def _unknown(where: str, key: str, known: tuple[str, ...]) -> str:
    spelled = {each.lower(): each for each in known}
    nearest = get_close_matches(key.lower(), spelled, n=1)
    return f"{where}: no such key; " + (
        f"the nearest is {spelled[nearest[0]]}" if nearest else f"there are {', '.join(known)}"
    )
