"""Drift as JUnit XML: a test case for each service, one for the database, one for the roles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from chiro_db.errors import ChirodbError
from chiro_db.model.plan import Change, Plan
from chiro_db.report.diagnostics import of_error
from chiro_db.report.difference import differences, sentence, tolerated
from chiro_db.report.words import counted, visible

_SHARED = ("database", "roles")


def drift_junit(plan: Plan, services: Sequence[str] = ()) -> str:
    """`services`: those of the spec, so that those in step pass by name."""
    cases = _cases(differences(plan))
    skipped = _cases(tolerated(plan))
    wanted = [f"service {name}" for name in plan.services or services]
    names = [*_SHARED, *wanted, *sorted({*cases, *skipped} - {*_SHARED, *wanted})]
    failures = sum(bool(cases.get(name)) for name in names)
    numbers = f'tests="{len(names)}" failures="{failures}" errors="0"'
    rows = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {numbers}>"]
    rows.append(f'  <testsuite name="chirodb drift" {numbers} skipped="0" time="0">')
    where = _quoted(f"chirodb.{plan.target}.{plan.database}" if plan.target else plan.database)
    for name in names:
        body = [*_failure(cases.get(name, ())), *_output(skipped.get(name, ()))]
        opening = f'    <testcase classname={where} name={_quoted(name)} time="0"'
        rows += [f"{opening}>", *body, "    </testcase>"] if body else [f"{opening}/>"]
    rows += ["  </testsuite>", "</testsuites>"]
    return "\n".join(rows) + "\n"


def error_junit(error: ChirodbError) -> str:
    """One test case that could not be run."""
    numbers = 'tests="1" failures="0" errors="1"'
    lines = [
        f"{found.place}: {found.message}" if found.place else found.message
        for found in of_error(error)
    ]
    message, text = _quoted(lines[0]), escape("\n".join(map(visible, lines)))
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites {numbers}>",
            f'  <testsuite name="chirodb drift" {numbers} skipped="0" time="0">',
            '    <testcase classname="chirodb" name="comparison" time="0">',
            f'      <error message={message} type="error">{text}</error>',
            "    </testcase>",
            "  </testsuite>",
            "</testsuites>\n",
        )
    )


def _cases(changes: Iterable[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        name = _shared(change) if change.service is None else f"service {change.service}"
        found.setdefault(name, []).append(change)
    return found


def _shared(change: Change) -> str:
    """Where a change without a service belongs."""
    of_role = change.kind == "setting" and not change.address.startswith("setting.database.")
    return "roles" if of_role or change.kind in ("role", "membership") else "database"


def _failure(changes: Sequence[Change]) -> list[str]:
    if not changes:
        return []
    message = _quoted(counted(len(changes), "difference"))
    text = "\n".join(_line(change) for change in changes)
    return [f'      <failure message={message} type="drift">{escape(text)}</failure>']


def _output(changes: Sequence[Change]) -> list[str]:
    if not changes:
        return []
    text = "\n".join(f"skipped, {_line(change)}" for change in changes)
    return [f"      <system-out>{escape(text)}</system-out>"]


def _line(change: Change) -> str:
    where = f" [{change.place}]" if change.place else ""
    return visible(f"{sentence(change)}{where}")


def _quoted(text: str) -> str:
    return quoteattr(visible(text))
