"""Problems of a spec as lines for people and as JSON for tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chiro_db.errors import ChirodbError, Diagnostic, SpecError
from chiro_db.report.words import visible

FORMAT_VERSION = "1.0"


def lines(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """`error: file:line:column: message`, and the hint on a line of its own."""
    result = []
    for found in diagnostics:
        where = f"{found.place}: " if found.place else ""
        result.append(visible(f"{found.severity}: {where}{found.message}"))
        if found.hint:
            result.append(visible(f"  hint: {found.hint}"))
    return result


def of_error(error: ChirodbError) -> tuple[Diagnostic, ...]:
    """All of a spec's, or the error itself as one."""
    if isinstance(error, SpecError):
        return error.diagnostics
    details = [text for text in (error.where, error.hint) if text]
    return (Diagnostic(error.message, hint="\n".join(details) or None),)


def as_json(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """The result of `validate --format json`."""
    errors = sum(found.severity == "error" for found in diagnostics)
    return {
        "format_version": FORMAT_VERSION,
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": len(diagnostics) - errors,
        "diagnostics": [_entry(found) for found in diagnostics],
    }


def _entry(found: Diagnostic) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "severity": found.severity,
        "summary": found.message,
        "detail": found.hint or "",
    }
    if found.place is not None:
        start = {"line": found.place.line, "column": found.place.column}
        entry["range"] = {"filename": found.place.file, "start": start}
    return entry
