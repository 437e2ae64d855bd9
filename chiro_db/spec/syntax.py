"""What YAML's scanner and parser complain about, in words for whoever wrote the file."""

from __future__ import annotations

import yaml

from chiro_db.errors import Diagnostic, Place

_QUOTE = "put the value in quotes"
# What libyaml says -> what it means, and what to do about it.
_MEANING: dict[str, tuple[str, str | None]] = {
    "mapping values are not allowed in this context": (
        "a `:` where none can be",
        "check the indentation; put a value that contains `: ` in quotes",
    ),
    "block sequence entries are not allowed in this context": (
        "a `- ` where none can be",
        "a list begins on the line after its key",
    ),
    "did not find expected key": (
        "neither a key nor the end of this block",
        "check the indentation and the quotes here and in the line above",
    ),
    "did not find expected '-' indicator": (
        "not a `- `, though this block is a list",
        "check the indentation here and in the line above",
    ),
    "could not find expected ':'": ("a key without `:`", "write `key: value`"),
    "did not find expected ',' or ']'": ("a list `[` that is not closed", None),
    "did not find expected ',' or '}'": ("a mapping `{` that is not closed", None),
    "did not find expected node content": (
        "neither a value nor the end of a list or mapping",
        "check the brackets and commas here and before",
    ),
    "found unexpected end of stream": ("a quote that is not closed", None),
    "found unknown escape character": (
        "an unknown escape in double quotes",
        "use single quotes, or write `\\\\` for a backslash",
    ),
    "found undefined alias": (
        "an alias (`*name`) without its anchor (`&name`)",
        'put a glob that begins with `*` in quotes: "*_log"',
    ),
    "did not find expected alphabetic or numeric character": (
        "an anchor or alias without a name",
        'put a glob that begins with `*` in quotes: "*"',
    ),
    "second occurrence": ("an anchor of a name that is taken", "give it another name"),
    "but found another document": (
        "a second document (`---`) in one file",
        "write one document for each file",
    ),
    "did not find expected <document start>": (
        "text after the end of the document",
        "check the indentation here and in the line above",
    ),
    "found undefined tag handle": ("a YAML tag; a spec has none", _QUOTE),
    "nested too deep": ("collections nested too deep", None),
}
_BLAMED_AT_START = frozenset({"could not find expected ':'"})
_TAB = ("a tab, which YAML does not take for indentation", "use spaces")


def explain(error: yaml.YAMLError, text: str, file: str) -> Diagnostic:
    """A syntax error with its position, without PyYAML's words."""
    if isinstance(error, yaml.reader.ReaderError):
        return _unreadable(error, text, file)
    problem = getattr(error, "problem", None) or str(error)
    mark = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None)
    message, hint = _MEANING.get(problem, (f"not YAML: {problem}", None))
    if opened is not None and mark is not None and message.endswith("not closed"):
        hint = f"it is still open in line {mark.line + 1}" if mark.line > opened.line else hint
        mark = opened
    elif opened is not None and problem in _BLAMED_AT_START:
        mark = opened
    if mark is None:
        return Diagnostic(message, Place(file, 1, 1), hint)
    line, column = mark.line, mark.column
    if problem == "found character that cannot start any token" or "tab character" in problem:
        message, hint = _character(text, line, column)
    return Diagnostic(message, Place(file, line + 1, column + 1), hint)


def _character(text: str, line: int, column: int) -> tuple[str, str | None]:
    found = text.splitlines()[line][column : column + 1]
    if found in ("\t", ""):
        return _TAB
    return f"a value cannot begin with `{found}`", _QUOTE


def _unreadable(error: yaml.reader.ReaderError, text: str, file: str) -> Diagnostic:
    """libyaml counts the bytes up to a character that YAML forbids; control characters mostly."""
    before = text.encode()[: error.position].decode(errors="ignore")
    code = error.character if isinstance(error.character, int) else ord(error.character)
    place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return Diagnostic(f"the character U+{code:04X}, which YAML does not allow", place)
