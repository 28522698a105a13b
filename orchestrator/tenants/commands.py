"""Commands as operators are told them: one an advice, at its end, and quoted so that a shell takes it as it stands.

Whoever reads an advice copies what follows its last colon. So nothing comes after a command, not even a full stop, and
what is data in it can be no option and no syntax of a shell.
"""

import shlex

PROGRAM = "onboard"


def command(name: str, *data: str, **options: str | bool) -> str:
    """Return `onboard NAME` with data and options; of options only those that say something.

    Data that begins with a hyphen comes after `--`, which ends the options.
    """
    said = [word for option, value in options.items() if value for word in _option(option, value)]
    begun = [PROGRAM, *name.split()]
    if any(each.startswith("-") for each in data):
        return shlex.join([*begun, *said, "--", *data])
    return shlex.join([*begun, *data, *said])


def _option(name: str, value: str | bool) -> list[str]:  # noqa: FBT001  # the value itself
    option = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [option]
    return [f"{option}={value}"] if value.startswith("-") else [option, value]


def advice(text: str, told: str) -> str:
    """Return an advice that ends with a command."""
    return f"{text} Command: {told}"


def sentence(text: str) -> str:
    """Return a text with its full stop, which one that ends with a command has none of."""
    return text if f": {PROGRAM} " in text else f"{text}."
