"""An error as the lines that a user reads: what, where, what to do."""

from __future__ import annotations

from chiro_db.errors import ChirodbError, SpecError

_WIDEST = 2000  # characters of a statement that says enough


def lines(error: Exception) -> list[str]:
    """One to five lines; of a spec all of its problems."""
    if isinstance(error, SpecError):
        from chiro_db.report import diagnostics

        return diagnostics.lines(error.diagnostics)
    if not isinstance(error, ChirodbError):
        return [f"error: {error}"]
    result = [f"error: {error.message}"]
    if error.where is not None:
        shown = error.where if len(error.where) <= _WIDEST else error.where[:_WIDEST] + " ..."
        result.append(f"  where: {' '.join(shown.split())}")
    if error.hint is not None:
        result.append(f"  hint: {error.hint}")
    return result
