"""Events with one thing changed, as slips of hands and programs change it: the same ones for the same seed."""

import copy
import random
import string
from collections.abc import Iterator
from typing import NamedTuple

from tests.unit.tenant_onboarding.sample_events import FULL, Json, at, changed, steps_of
from tests.unit.tenant_onboarding.sample_providers import LEAST, SAML_DOCUMENT, full

SEED = 20261130
EACH = 200
"""Mutations of each field."""
STRANGE = (
    "\0\n\t \"'<>&%#/\\:;@.,-_~`^|{}[]()!?*+=$éüßßаΩ中あ\u200b\u200c\u200d\u202e\u0301\u00a0\ud800٣🏭"  # homographs
)
TYPED = string.ascii_letters + string.digits + STRANGE
OTHERS: tuple[Json, ...] = (
    None,
    True,
    False,
    0,
    -1,
    7,
    14.0,
    14.5,
    1e300,
    "",
    " ",
    "text",
    "TRUE",
    "-",
    "--help",
    "acme.example",
    "https://acme.example/",
    "http://acme.example/",
    "admin@acme.example",
    [],
    {},
    ["text"],
    {"text": 1},
    [None],
    "a" * 41,
    "a" * 64,
    "a" * 300,
    "a" * 3000,
)


class Mutation(NamedTuple):
    """An event, and the field that was changed in it."""

    field: str
    event: Json


def of_every_provider(kind: str) -> Json:
    """Return a silo tenant's event with a provider that has every field of its type."""
    event = copy.deepcopy(FULL)
    event["admin"]["locale"] = "de-AT"
    event["identityProviders"] = [full(kind)]
    return event


BASES: dict[str, Json] = {kind: of_every_provider(kind) for kind in LEAST}
BASES["SAML by document"] = of_every_provider("SAML") | {"identityProviders": [SAML_DOCUMENT]}


def fields() -> dict[str, Json]:
    """Return the path of every field below an event, with an event that has it."""
    found: dict[str, Json] = {}
    for base in BASES.values():
        kind = base["identityProviders"][0]["type"]
        for path in _paths(base):
            inside = path.startswith("identityProviders[0].")
            found.setdefault(path.replace("[0]", f"[{kind}]", 1) if inside else path, base)
    return found


def replaced(field: str, value: Json) -> Json:
    """Return an event with that value in a field, as `fields` calls it."""
    base = fields()[field]
    return changed(_path_in(field, base), value, base)


def all_mutations(seed: int = SEED, each: int = EACH, only: str | None = None) -> Iterator[Mutation]:
    """Yield so many mutations of every field, or of one, which differ from the event that they are of."""
    for field, base in fields().items():
        if only not in (None, field):
            continue
        path, chance = _path_in(field, base), random.Random(f"{seed} {field}")  # no secret
        left = each
        while left:
            event = _mutated(chance, base, path)
            if _text(event) != _text(base):
                left -= 1
                yield Mutation(field, event)


def _path_in(field: str, base: Json) -> str:
    return field.replace(f"[{base['identityProviders'][0]['type']}]", "[0]")


def _text(event: Json) -> str:
    return repr(event)


def _paths(value: Json, above: str = "") -> Iterator[str]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        path = f"{above}[{name}]" if isinstance(name, int) else f"{above}.{name}".removeprefix(".")
        yield path
        yield from _paths(child, path)


def _mutated(chance: random.Random, base: Json, path: str) -> Json:
    value = at(base, path)
    if chance.random() < 0.05:  # seldom: there is one way to leave something out
        return _without(base, path)
    if chance.random() < 0.2:  # of another kind
        return changed(path, copy.deepcopy(chance.choice(OTHERS)), base)
    if chance.random() < 0.15:  # what another field says
        return changed(path, copy.deepcopy(at(base, chance.choice(list(_paths(base))))), base)
    return changed(path, _slip(chance, copy.deepcopy(value)), base)


def _without(base: Json, path: str) -> Json:
    *parents, last = steps_of(path)
    event = copy.deepcopy(base)
    target: Json = event
    for step in parents:
        target = target[step]
    del target[last]
    return event


def _slip(chance: random.Random, value: Json) -> Json:
    if isinstance(value, str):
        return _mistyped(chance, value)
    if isinstance(value, bool):
        return chance.choice([not value, str(value).lower(), int(value), None])
    if isinstance(value, int):
        return chance.choice([value + chance.randint(-500, 500), -value, value + 0.5, float(value), str(value), 10**30])
    if isinstance(value, list):
        return chance.choice([value * 2, value * 21, [*value, None], [*value, "text"], value[1:], [value], *value])
    return chance.choice([value | {"surprise": 1}, value | {"": 1}, {}, [value], dict.fromkeys(value), list(value)])


def _mistyped(chance: random.Random, text: str) -> Json:
    place = chance.randrange(len(text) + 1)
    before, after = text[:place], text[place:]
    one = chance.choice(TYPED)
    return chance.choice(
        [
            before + one + after,
            before + one + after[1:],
            before + after[1:],
            before,
            after,
            before + after[:1] * 2 + after[1:],
            before + chance.choice(STRANGE) + after,
            before.swapcase() + after,
            text.upper(),
            f" {text}",
            f"{text}\n",
            f"-{text}",
            f"{text}-",
            text + text,
            text.ljust(chance.choice([41, 64, 129, 201, 255, 1025, 2049]), "x"),
            text.replace(".", ".."),
            text.replace("https", "http"),
            chance.choice(["www", "api", "summary", "localhost", "xn--a", "192.0.2.7", "a@b", "a.b", "A-1"]),
        ]
    )
