"""An error as the lines that a user reads: what, where, what to do."""

from __future__ import annotations

from chiro_db.errors import ChirodbError, SpecError
from chiro_db.report.words import visible

_HEAD, _TAIL = 300, 100  # characters of a statement that say enough: what, and to whom


def lines(error: Exception) -> list[str]:
    """One to five lines; of a spec all of its problems."""
    if isinstance(error, SpecError):
        from chiro_db.report import diagnostics

        return diagnostics.lines(error.diagnostics)
    if not isinstance(error, ChirodbError):
        return [visible(f"error: {error}")]
    result = [visible(text) for text in f"error: {error.message}".split("\n")]  # a log's, say
    if error.where is not None:
        shown = " ".join(error.where.split())
        if len(shown) > _HEAD + _TAIL:
            shown = f"{shown[:_HEAD]} ... {shown[-_TAIL:]}"
        result.append(visible(f"  where: {shown}"))
    if error.hint is not None:
        result.append(visible(f"  hint: {error.hint}"))
    return result
