"""Words that every report shares, and text that a terminal or a parser cannot stumble over."""

from __future__ import annotations

import re
import unicodedata

_TOKEN = re.compile(r'(?:"(?:[^"]|"")*"|[^\s"]|")+')
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Cn", "Zl", "Zp"))


def visible(text: str) -> str:
    r"""Control characters, direction marks and the like written out, such as `\n` and `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _UNSEEN else c for c in text)


def _escape(character: str) -> str:
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def tokens(text: str) -> list[str]:
    """Split at spaces, but not inside a quoted name."""
    return _TOKEN.findall(text) if '"' in text else text.split()


def cells(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
