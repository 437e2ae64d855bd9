"""pydantic's errors as diagnostics: what was found, what was expected, where, and what is near."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from chiro_db.errors import Diagnostic
from chiro_db.spec.nearest import Vocabulary
from chiro_db.spec.positions import Path, Positions
from chiro_db.spec.sections import keys

_EXPECTED: Mapping[str, str] = {
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "date_type": "a date such as 2027-06-30",
    "date_parsing": "a date such as 2027-06-30",
    "date_from_datetime_parsing": "a date such as 2027-06-30",
    "date_from_datetime_inexact": "a date such as 2027-06-30",
}
_ABOUT_KEYS = frozenset({"missing", "extra_forbidden"})
_EXAMPLES: Mapping[Path, str] = {
    ("version",): "write `version: 1`",
    ("database",): "write `database: {name: ...}`",
}


class Explainer:
    """One failed validation; `values` is what was validated."""

    def __init__(self, values: dict[str, Any], positions: Positions) -> None:
        self._values = values
        self._positions = positions

    def explain(self, failure: ValidationError) -> list[tuple[Path, Diagnostic]]:
        """Each problem with the path of the value; empty values have a rule of their own."""
        unions: dict[Path, list[tuple[Path, ErrorDetails]]] = {}
        for error in failure.errors(include_url=False):
            path, branch = self._path(error)
            unions.setdefault(branch, []).append((path, error))
        return [
            (path, self._one(path, errors))
            for path, errors in _collapsed(unions)
            if errors[0]["type"] in _ABOUT_KEYS or self._at(path) is not None
        ]

    def _path(self, error: ErrorDetails) -> tuple[Path, Path]:
        """The path through the values, and the one up to the first branch of a union."""
        value: Any = self._values
        path: Path = ()
        branch: Path | None = None
        for part in error["loc"]:
            is_index = isinstance(value, list) and isinstance(part, int) and part < len(value)
            if is_index or (isinstance(value, dict) and part in value):
                value, path = value[part], (*path, part)
            elif isinstance(value, list) and part in value:  # extensions: [name]
                value, path = part, (*path, value.index(part))
            elif part != "[key]" and branch is None:
                branch = path
        if error["type"] == "missing":
            path = (*path, error["loc"][-1])
            return path, path
        return path, path if branch is None else branch

    def _one(self, path: Path, errors: list[ErrorDetails]) -> Diagnostic:
        kind = errors[0]["type"]
        place = self._positions.place(path)
        if kind == "missing":
            if len(path) == 1 and self._positions.several:
                message = f"missing key `{path[0]}` in all files"
                return Diagnostic(message, None, _EXAMPLES.get(path))
            owner = f" in `{_dotted(path[:-1])}`" if len(path) > 1 else ""
            return Diagnostic(f"missing key `{path[-1]}`{owner}", place, _EXAMPLES.get(path))
        if kind == "extra_forbidden":
            owner = f" in `{_dotted(path[:-1])}`" if len(path) > 1 else ""
            valid = Vocabulary(keys(path[:-1]))
            known = f"known are {', '.join(f'`{key}`' for key in sorted(valid.names))}"
            hint = valid.hint(str(path[-1]), known if valid.names else None)
            return Diagnostic(f"unknown key `{path[-1]}`{owner}", place, hint)
        if kind == "value_error":
            return self._own_words(path, str(errors[0]["ctx"]["error"]))
        return self._wrong_value(path, errors)

    def _wrong_value(self, path: Path, errors: list[ErrorDetails]) -> Diagnostic:
        value = self._at(path)
        expected = list(dict.fromkeys(filter(None, map(_expected, errors))))
        found = self._found(path, value, expected)
        hint = None
        if errors[0]["type"] == "literal_error":
            hint = Vocabulary(_literals(errors[0])).hint(str(value))
        elif "text" in expected and isinstance(value, bool | int | float):
            hint = f'write it in quotes: "{self._positions.source(path) or value}"'
        elif isinstance(value, str) and re.fullmatch(r"-?[0-9.]+|true|false", value):
            hint = "write it without quotes"
        message = f"`{_dotted(path)}` is {found}, expected {_either(expected)}"
        return Diagnostic(message, self._positions.place(path), hint)

    def _own_words(self, path: Path, words: str) -> Diagnostic:
        """A validator's message: what was found, a semicolon, what to do."""
        message, _, hint = words.partition("; ")
        known = hint.removeprefix("known are ")
        if known != hint:
            hint = Vocabulary(known.split(", ")).hint(str(self._at(path)), hint) or hint
        return Diagnostic(message, self._positions.place(path), hint or None)

    def _at(self, path: Path) -> Any:
        value: Any = self._values
        for part in path:
            value = value[part]
        return value

    def _found(self, path: Path, value: Any, expected: list[str]) -> str:
        source = self._positions.source(path) or str(value)
        match value:
            case dict():
                return "a mapping"
            case list():
                return "a list"
            case str() if "a mapping" in expected or "a list" in expected:
                return "text"  # which may be a secret that has lost its key
            case str():
                return f"the text `{value}`" if len(value) <= 60 else f"the text `{value[:60]}…`"
            case bool():
                return f"`{source}`"
            case _:
                return f"the number `{source}`"


def _collapsed(
    unions: Mapping[Path, list[tuple[Path, ErrorDetails]]],
) -> Iterator[tuple[Path, list[ErrorDetails]]]:
    """One entry for each value: of a union's branches, those that got furthest."""
    for found in unions.values():
        deepest = max(len(path) for path, _ in found)
        by_path: dict[Path, list[ErrorDetails]] = {}
        for path, error in found:
            if len(path) == deepest:
                by_path.setdefault(path, []).append(error)
        for path, errors in by_path.items():
            own = [[error] for error in errors if error["type"] not in _EXPECTED]
            yield from ((path, one) for one in own or [errors])


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _expected(error: ErrorDetails) -> str | None:
    if error["type"] == "literal_error":
        return _either([f"`{word}`" for word in _literals(error)])
    if error["type"] == "greater_than_equal":
        return f"at least {error['ctx']['ge']:g}"
    if error["type"] == "less_than_equal":
        return f"at most {error['ctx']['le']:g}"
    return _EXPECTED.get(error["type"], error["msg"].lower())


def _literals(error: ErrorDetails) -> list[str]:
    return re.findall(r"'([^']*)'", error["ctx"]["expected"])


def _dotted(path: Path) -> str:
    """`services.commerce.grants[0].to`"""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
