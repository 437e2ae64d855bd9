"""A value that shows itself to nobody who does not ask for it."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import NoReturn

from chiro_db.errors import Diagnostic, SpecError


class Secret:
    """Prints, formats and copies without its value, and cannot be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._encoded(), other._encoded())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def _encoded(self) -> bytes:
        return self._value.encode("utf-8", errors="surrogatepass")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


def read(passwords: Mapping[str, Secret], roles: Iterable[str]) -> dict[str, Secret]:
    """Those of some roles, as late as this; SpecError with all that cannot be read."""
    found: dict[str, Secret] = {}
    problems: list[Diagnostic] = []
    for role in roles:
        try:
            found[role] = passwords[role]
        except SpecError as error:
            problems += error.diagnostics
    if problems:
        raise SpecError(problems)
    return found
