"""Problems as lines and as JSON."""

from __future__ import annotations

from chiro_db.errors import Diagnostic, Place
from chiro_db.report.diagnostics import as_json, lines

ERROR = Diagnostic("unknown role `x`", Place("a.yaml", 3, 7), "did you mean `y`?")
WARNING = Diagnostic("unknown policy `z`", Place("b.yaml", 1, 2), severity="warning")
NOWHERE = Diagnostic("the spec `x` is empty")


def test_lines() -> None:
    assert lines([ERROR, WARNING, NOWHERE]) == [
        "error: a.yaml:3:7: unknown role `x`",
        "  hint: did you mean `y`?",
        "warning: b.yaml:1:2: unknown policy `z`",
        "error: the spec `x` is empty",
    ]


def test_json() -> None:
    assert as_json([ERROR, NOWHERE, WARNING]) == {
        "format_version": "1.0",
        "valid": False,
        "error_count": 2,
        "warning_count": 1,
        "diagnostics": [
            {
                "severity": "error",
                "summary": "unknown role `x`",
                "detail": "did you mean `y`?",
                "range": {"filename": "a.yaml", "start": {"line": 3, "column": 7}},
            },
            {"severity": "error", "summary": "the spec `x` is empty", "detail": ""},
            {
                "severity": "warning",
                "summary": "unknown policy `z`",
                "detail": "",
                "range": {"filename": "b.yaml", "start": {"line": 1, "column": 2}},
            },
        ],
    }


def test_warnings_alone_leave_a_spec_valid() -> None:
    assert as_json([WARNING])["valid"] is True
    assert as_json([])["valid"] is True
