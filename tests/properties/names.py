"""Names as nobody should write them, and their quoting."""

from __future__ import annotations

from hypothesis import strategies as st

_HOSTILE = [
    "Sales", "select", "user", "table", "group", "PUBLIC", "NONE", "all", "a b", " lead", "trail ",
    "x.y", "..", 'q"uote', '"', '""', "o'brien", "''", "back\\slash", "\\", "E'x'", "ünï", "日本語",
    "e\u0301", "é", "100%", "%s", "%(a)s", "%%", "co:lon", ":name", "::", "$dollar$", "$1", "$$",
    "a,b", "{brace}", "{{ j }}", "{% if %}", "-- dash", "/*c*/", ";", "new\nline", "tab\there",
    "a=r/b", "=", "@", "#x", "<b>&amp;", "x" * 63, "ß" * 31, "\u200b", "0", "1e3", "true", "null",
    "no", "~", "- a", "? b", "a: b", "!tag", "&x", "`tick`", "current_schema", "pgx", "\x7f", "a/b",
]  # fmt: skip
_GLOBS = ["a*", "q?", "se[t]", "[", "]"]
_PLAIN = [f"{letter}{i}" for i in (1, 2) for letter in "abcdefghijklmn"]
_LONG = 63


def names(count: int, *, globs: bool = False) -> st.SearchStrategy[list[str]]:
    """Different names; the plain ones come first, so that failures shrink to them."""
    pool = [*_PLAIN, *_HOSTILE, *(_GLOBS if globs else [])]
    return st.lists(st.sampled_from(pool), min_size=count, max_size=count, unique=True)


def quoted(*parts: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def is_literal(name: str) -> bool:
    """Whether a spec can name it alone: no wildcard, no parenthesis."""
    return not any(character in name for character in "*?[()")
