"""Text that shows what it says, in whatever script: names, and the reasons that operators give.

Zero-width joiners belong to the spelling of Persian, Sinhala, Bengali and others, so they stand between letters and
marks (UAX #31). All else that shows nothing, or shows over its neighbours, is refused.
"""

import unicodedata
from itertools import groupby

JOINERS = "\u200c\u200d"
MOST_MARKS = 6
"""In a row. Burmese and Tibetan stack that many; more of them paint over the lines above and below."""
BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""The letters, marks and the symbol of Unicode that show nothing."""


def complaint(text: str) -> str | None:
    """Return what is wrong with a text, in words that repeat nothing of it, or None."""
    if text != text.strip():
        return "must not begin or end with white space"
    if any(_is_unseen(text, place) for place in range(len(text))):
        return "must not contain line breaks, control, invisible or unassigned characters"
    marks = groupby(unicodedata.category(character).startswith("M") for character in text)
    if any(is_mark and sum(1 for _ in row) > MOST_MARKS for is_mark, row in marks):
        return f"must not have more than {MOST_MARKS} combining marks in a row"
    return None


def _is_unseen(text: str, place: int) -> bool:
    """Tell whether the character at a place shows nothing, or not what it does."""
    character = text[place]
    if character in JOINERS:
        around = text[place - 1 : place] + text[place + 1 : place + 2]
        return len(around) != 2 or any(unicodedata.category(each)[0] not in "LM" for each in around)  # noqa: PLR2004  # one at each side
    category = unicodedata.category(character)
    return category.startswith("C") or category in ("Zl", "Zp") or character in BLANK
