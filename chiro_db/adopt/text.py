"""A document of mappings, lists and scalars as YAML that reads back as itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_WIDTH = 100
_WORD = re.compile(r"[^\W\d][\w./$-]*(?<![.-])")
_PHRASE = re.compile(r"[^\W\d]([\w./$'()+%,;& -]*[\w).])?")
# Words that some YAML reads as something else: 1.2's core schema, and 1.1's booleans.
_TAKEN = frozenset("null true false yes no on off y n".split())
_MEASURE = re.compile(r"\d{4}-\d\d-\d\d|\d+(us|ms|s|min|h|kB|MB|GB|TB)")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class Noted:
    """A value with comments: lines above it, or a few words behind it."""

    value: Any
    above: tuple[str, ...] = ()
    beside: str = ""


class Lined(dict[str, Any]):
    """A mapping that always gets a line for each key."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment in place of an entry; its key says nothing."""

    lines: tuple[str, ...]


def dump(document: Mapping[str, Any]) -> str:
    """The document, a blank line before each section."""
    lines: list[str] = []
    for key, value in document.items():
        part = list(_entry(key, value, 0))
        if lines and (len(part) > 1 or len(lines) > 1):
            lines.append("")
        lines += part
    return "\n".join(line.rstrip() for line in lines) + "\n"


def comment(text: str) -> str:
    """On one line, whatever is in it."""
    return "# " + "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def scalar(value: bool | int | str, *, inline: bool = True) -> str:
    """Plain where every reader of YAML takes it for the same text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    plain = _WORD if inline else _PHRASE
    if plain.fullmatch(value) and value.lower() not in _TAKEN and value.isprintable():
        return value
    if _MEASURE.fullmatch(value):
        return value
    return '"' + "".join(map(_escaped, value)) + '"'


def _key(name: str) -> str:
    """The grammar has a key `on`."""
    return name if name == "on" else scalar(name)


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 256:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def _entry(key: str, value: Any, indent: int) -> Iterator[str]:
    """`key: value` on one line if it fits, else below the key."""
    margin = " " * indent
    if isinstance(value, Remark):
        yield from (margin + comment(line) for line in value.lines)
        return
    above, beside, value = _unpacked(value)
    yield from (margin + comment(line) for line in above)
    head = f"{margin}{_key(key)}:"
    behind = f"  {comment(beside)}" if beside else ""
    if isinstance(value, bool | int | str):
        yield f"{head} {scalar(value, inline=False)}{behind}"
    elif (short := _inline(value)) is not None and len(head) + 1 + len(short) <= _WIDTH:
        yield f"{head} {short}{behind}"
    elif isinstance(value, Mapping):
        yield head + behind
        for name, item in value.items():
            yield from _entry(name, item, indent + 2)
    elif isinstance(value, list):
        yield head + behind
        if short is not None:
            yield from _wrapped(value, indent + 2)
            return
        for item in value:
            yield from _item(item, indent + 2)


def _wrapped(words: list[Any], indent: int) -> Iterator[str]:
    """A long list of words in brackets, on as few lines as it takes."""
    line = " " * indent + "["
    for i, word in enumerate(words):
        part = (_inline(word) or "") + ("]" if i == len(words) - 1 else ",")
        if len(line) + 1 + len(part) > _WIDTH and line.strip() not in ("", "["):
            yield line.rstrip()
            line = " " * (indent + 1)
        line += part + " "
    yield line.rstrip()


def _item(value: Any, indent: int) -> Iterator[str]:
    margin = " " * indent
    above, beside, value = _unpacked(value)
    yield from (margin + comment(line) for line in above)
    behind = f"  {comment(beside)}" if beside else ""
    short = _inline(value)
    if short is not None and (not isinstance(value, Mapping) or indent + len(short) <= _WIDTH - 2):
        yield f"{margin}- {short}{behind}"
        return
    if behind:
        yield margin + behind.strip()
    lines = [line for name, item in value.items() for line in _entry(name, item, indent + 2)]
    yield f"{margin}- {lines[0].lstrip()}"
    yield from lines[1:]


def _unpacked(value: Any) -> tuple[tuple[str, ...], str, Any]:
    return (value.above, value.beside, value.value) if isinstance(value, Noted) else ((), "", value)


def _inline(value: Any) -> str | None:
    """On one line; None for what must not be, because of comments or by its kind."""
    if isinstance(value, Lined | Noted | Remark):
        return None
    if isinstance(value, Mapping):
        parts = [(_key(key), _inline(item)) for key, item in value.items()]
        if any(part is None for _, part in parts):
            return None
        return "{" + ", ".join(f"{key}: {part}" for key, part in parts) + "}"
    if isinstance(value, list):
        if any(isinstance(item, Mapping) for item in value):
            return None
        items = [_inline(item) for item in value]
        return None if None in items else "[" + ", ".join(filter(None, items)) + "]"
    return scalar(value)
