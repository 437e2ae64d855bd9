"""Shell-style patterns (Python's fnmatch) as regular expressions of PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator


def regular_expression(glob: str) -> str:
    """An anchored ARE that matches the names which `fnmatch.fnmatchcase` matches."""
    return "^(?:" + "".join(_parts(glob)) + ")$"


def _parts(glob: str) -> Iterator[str]:
    i = 0
    while i < len(glob):
        character = glob[i]
        i += 1
        if character == "*":
            yield ".*"
        elif character == "?":
            yield "."
        elif character == "[" and (end := _closing(glob, i)) is not None:
            yield _bracket(glob[i:end])
            i = end + 1
        else:
            yield _literal(character)


def _literal(character: str) -> str:
    return f"\\{character}" if character.isascii() and re.match(r"[^\w]", character) else character


def _closing(glob: str, start: int) -> int | None:
    """Where a bracket ends; `]` as its first character is one of its members."""
    first = start + 1 if glob[start : start + 1] == "!" else start
    end = glob.find("]", first + 1)
    return end if end >= 0 else None


def _bracket(inner: str) -> str:
    negated = inner.startswith("!")
    members = "".join(_members(inner[negated:]))
    if not members:  # of empty ranges alone, such as [z-a]
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{members}]"


def _members(text: str) -> Iterator[str]:
    i = 0
    while i < len(text):
        if i + 2 < len(text) and text[i + 1] == "-":
            low, high = text[i], text[i + 2]
            if low <= high:
                yield f"{_code(low)}-{_code(high)}"
            i += 3
        else:
            yield _code(text[i])
            i += 1


def _code(character: str) -> str:
    """By number: no character means anything of its own in a bracket then."""
    return f"\\U{ord(character):08X}" if ord(character) > 0xFFFF else f"\\u{ord(character):04X}"
