"""The errors that reach a user: what, where, and what to do. `cli.main` alone prints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a spec file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem of a spec: what was found and expected, where, and how to mend it."""

    message: str
    place: Place | None = None
    hint: str | None = None
    severity: str = "error"  # or "warning", which stops nothing


class ChirodbError(Exception):
    """What went wrong, where (statement, object, file:line) and what to do; exit code 1."""

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint


def of_system(error: OSError) -> ChirodbError:
    """What the system refused, where nobody knew it better: a closed folder, a full disk."""
    reason = error.strerror or str(error)
    if error.filename is None:
        return ChirodbError(reason, hint="--debug shows where")
    hint = "--debug shows where"
    if isinstance(error, PermissionError):
        hint = "this user may not read, write or look there"
    return ChirodbError(f"cannot use `{error.filename}`: {reason}", hint=hint)


class SpecError(ChirodbError):
    """All problems of a spec at once; never empty."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(f"{len(diagnostics)} problem(s) in the spec")
        self.diagnostics = tuple(diagnostics)


class ConnectError(ChirodbError):
    """The server could not be reached, or it refused the login."""


class SecretError(ChirodbError):
    """A secret that a reference names could not be read; never carries its value."""


class EmbeddedError(ChirodbError):
    """The embedded PostgreSQL could not be found, started or stopped."""


class ServerError(ChirodbError):
    """PostgreSQL refused a statement; the transaction was rolled back."""


class RefusedError(ChirodbError):
    """chirodb itself declined to go on; nothing was changed."""
