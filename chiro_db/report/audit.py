"""The findings of an audit, in every format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chiro_db import __version__
from chiro_db.audit.run import Audited
from chiro_db.model.finding import Finding
from chiro_db.report import github, junit, sarif
from chiro_db.report.json import FORMAT_VERSION
from chiro_db.report.style import Screen, Span, Style
from chiro_db.report.words import counted, visible


def headline(found: Audited) -> str:
    """`2 errors, 1 warning`, or that there is nothing."""
    errors = sum(finding.severity == "error" for finding in found.findings)
    warnings = len(found.findings) - errors
    if not found.findings:
        return f"nothing found by {counted(len(found.rules), 'rule')}"
    return f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"


def audit_text(found: Audited, *, color: bool, width: int) -> str:
    """By rule, each finding with its evidence and what mends it."""
    screen = Screen(width, color)
    errors = any(finding.severity == "error" for finding in found.findings)
    target = f"{found.target}: " if found.target else ""
    about = visible(f"{target}database {found.database}, PostgreSQL {found.server} at {found.host}")
    style = Style.RED if errors else Style.YELLOW if found.findings else Style.GREEN
    blocks = [
        screen.paint(headline(found), style)
        + "\n"
        + screen.wrapped([Span(about, Style.DIM)], indent=0, hang=2)
    ]
    for rule in dict.fromkeys(finding.rule for finding in found.findings):
        inside = [finding for finding in found.findings if finding.rule == rule]
        blocks.append("\n".join([screen.paint(rule, Style.BOLD), *_rows(screen, inside)]))
    blocks += [screen.wrapped([Span(f"not asked: {n}")], indent=0, hang=2) for n in found.notes]
    return "\n\n".join(blocks)


def _rows(screen: Screen, findings: Sequence[Finding]) -> list[str]:
    rows = []
    for finding in findings:
        style = Style.RED if finding.severity == "error" else Style.YELLOW
        where = f"[{visible(finding.place)}]" if finding.place else ""
        spans = [
            Span(finding.severity, style, whole=True),
            Span(visible(finding.message)),
            *([Span(where, Style.DIM)] if where else []),
        ]
        rows.append(screen.wrapped(spans, indent=2, hang=6))
        for word, text in (("because", finding.evidence), ("fix:", finding.fix)):
            if text:
                line = [Span(f"{word} {visible(text)}", Style.DIM)]
                rows.append(screen.wrapped(line, indent=6, hang=8))
    return rows


def audit_json(found: Audited) -> dict[str, Any]:
    """docs/json.md."""
    return {
        "format_version": FORMAT_VERSION,
        "target": found.target,
        "database": found.database,
        "server": {"host": found.host, "version": found.server},
        "rules": list(found.rules),
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity,
                "subject": finding.subject,
                "message": finding.message,
                "evidence": finding.evidence,
                "fix": finding.fix,
                "place": finding.place,
            }
            for finding in found.findings
        ],
        "summary": {
            severity: sum(finding.severity == severity for finding in found.findings)
            for severity in ("error", "warning")
        },
        "not_asked": list(found.notes),
        "errored": False,
    }


def audit_junit(found: Audited) -> str:
    """A test case for each rule; errors are its failures."""
    bodies = []
    failures = 0
    for rule in _rules(found):
        inside = [finding for finding in found.findings if finding.rule == rule]
        errors = [_line(finding) for finding in inside if finding.severity == "error"]
        others = [_line(finding) for finding in inside if finding.severity != "error"]
        body = junit.failure("audit", counted(len(errors), "finding"), errors) if errors else []
        bodies.append((rule, [*body, *(junit.output(others) if others else [])]))
        failures += bool(errors)
    where = f"chirodb.{found.target}.{found.database}" if found.target else found.database
    return junit.document("chirodb audit", where, bodies, failures)


def audit_sarif(found: Audited, spec: str | None = None) -> dict[str, Any]:
    """A result for each finding; `spec`: the file for those that have no line of it."""
    rules = _rules(found)
    return sarif.document(
        [_rule(rule) for rule in rules],
        [
            sarif.result(
                (f"audit/{finding.rule}", rules.index(finding.rule)),
                finding.severity,
                _sentence(finding),
                address=f"{finding.rule}/{finding.subject}",
                place=finding.place,
                spec=spec,
            )
            for finding in found.findings
        ],
        identity=f"chirodb-audit/{found.target}/{found.database}/",
        version=__version__,
    )


def _rule(rule: str) -> dict[str, Any]:
    return {
        "id": f"audit/{rule}",
        "name": "".join(part.capitalize() for part in f"audit-{rule}".split("-")),
        "shortDescription": {"text": rule.replace("-", " ").capitalize()},
        "help": {"text": f"docs/rules/{rule}.md"},
    }


def audit_github(found: Audited) -> str:
    """One command a line; empty where nothing was found."""
    rows = [
        github.command(f.severity, f.place, f"chirodb audit: {f.rule}", _sentence(f))
        for f in found.findings
    ]
    return "".join(f"{row}\n" for row in rows)


def _rules(found: Audited) -> list[str]:
    """Those that were asked, and the policies that something breaks."""
    return list(dict.fromkeys((*found.rules, *(finding.rule for finding in found.findings))))


def _sentence(finding: Finding) -> str:
    why = f" ({finding.evidence})" if finding.evidence else ""
    fix = f"; fix: {finding.fix}" if finding.fix else ""
    return f"{finding.message}{why}{fix}"


def _line(finding: Finding) -> str:
    where = f" [{finding.place}]" if finding.place else ""
    return f"{_sentence(finding)}{where}"
