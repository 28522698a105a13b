"""Addresses that are spelled differently and lead to the same place."""

import re
from urllib.parse import SplitResult, urlsplit

PORTS = {"https": ":443", "http": ":80"}
"""What an address names in vain, for it is the scheme's own."""
_ENCODED = re.compile("%[0-9A-Fa-f]{2}")


def canonical(address: str) -> str:
    """Return one spelling of all that RFC 3986 (6.2.2, 6.2.3) calls equal; what is no web address stays as it is."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return address
    if parts.scheme not in PORTS or not parts.hostname:
        return address.strip()
    host = parts.netloc.lower().removesuffix(PORTS[parts.scheme]).removesuffix(":").removesuffix(".")
    scheme, _, path, query, fragment = parts
    return SplitResult(scheme, host, _without_dots(_decoded(path)) or "/", _decoded(query), fragment).geturl()


def _decoded(text: str) -> str:
    """Return a part with its unreserved characters as they are, and the others' codes in capitals."""
    return _ENCODED.sub(lambda code: _character(code[0]), text)


def _character(code: str) -> str:
    character = chr(int(code[1:], 16))
    return character if re.fullmatch("[A-Za-z0-9._~-]", character) else code.upper()


def _without_dots(path: str) -> str:
    kept: list[str] = []
    *folders, name = path.split("/")
    for folder in folders:
        if folder == ".." and len(kept) > 1:
            kept.pop()
        elif folder not in {".", ".."}:
            kept.append(folder)
    if name == ".." and len(kept) > 1:
        kept.pop()
    return "/".join([*kept, "" if name in {".", ".."} else name])
