"""Any JSON there could be, and characters that nobody sees: for what must hold whatever is received."""

from hypothesis import settings
from hypothesis import strategies as st

from tests.unit.tenant_onboarding.sample_events import Json

bounded = settings(max_examples=200, derandomize=True)

MARKER = "SECRET-MARKER-xyz"


def json_values(characters: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    text = st.text(characters, max_size=20)
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | text
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
        max_leaves=10,
    )


any_character = st.characters(exclude_categories=())
"""Lone surrogates too: `json.loads` makes them of escapes."""
any_json = json_values(any_character)

UNSEEN = {
    "null": "\0",
    "line feed": "\n",
    "carriage return": "\r",
    "tab": "\t",
    "escape": "\x1b",
    "delete": "\x7f",
    "next line": "\x85",
    "soft hyphen": "\u00ad",
    "zero-width space": "\u200b",
    "right-to-left mark": "\u200f",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "right-to-left override": "\u202e",
    "word joiner": "\u2060",
    "right-to-left isolate": "\u2067",
    "byte order mark": "\ufeff",
    "tag letter": "\U000e0041",
    "private use": "\ue000",
    "noncharacter": "\uffff",
    "Hangul filler": "\u3164",
    "blank Braille pattern": "\u2800",
    "combining grapheme joiner": "\u034f",
    "inherent vowel of Khmer": "\u17b4",
}
