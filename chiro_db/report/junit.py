"""Drift as JUnit XML: a test case for each service, one for the database, one for the roles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from chiro_db.errors import ChirodbError
from chiro_db.model.finding import Finding
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
    where = f"chirodb.{plan.target}.{plan.database}" if plan.target else plan.database
    bodies = [
        (name, [*_failure(cases.get(name, ())), *_output(skipped.get(name, ()))]) for name in names
    ]
    failures = sum(bool(cases.get(name)) for name in names)
    if plan.breaches:
        errors = [_policy(b) for b in plan.breaches if b.severity == "error"]
        others = [_policy(b) for b in plan.breaches if b.severity != "error"]
        body = failure("policy", counted(len(errors), "broken assertion"), errors) if errors else []
        bodies.append(("policies", [*body, *(output(others) if others else [])]))
        failures += bool(errors)
    return document("chirodb drift", where, bodies, failures)


def _policy(found: Finding) -> str:
    return f"{found.message} [{found.place}]" if found.place else found.message


def document(
    suite: str, where: str, bodies: Sequence[tuple[str, Sequence[str]]], failures: int
) -> str:
    """One suite: each test case with the elements in it, if any."""
    names = [name for name, _ in bodies]
    numbers = f'tests="{len(names)}" failures="{failures}" errors="0"'
    rows = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {numbers}>"]
    rows.append(f'  <testsuite name="{suite}" {numbers} skipped="0" time="0">')
    for name, body in bodies:
        opening = f'    <testcase classname={_quoted(where)} name={_quoted(name)} time="0"'
        rows += [f"{opening}>", *body, "    </testcase>"] if body else [f"{opening}/>"]
    rows += ["  </testsuite>", "</testsuites>"]
    return "\n".join(rows) + "\n"


def error_junit(error: ChirodbError, command: str) -> str:
    """One test case that could not be run."""
    numbers = 'tests="1" failures="0" errors="1"'
    found = of_error(error)
    lines = [f"{d.place}: {d.message}" if d.place else d.message for d in found]
    told = [text for line, d in zip(lines, found, strict=True) for text in (line, d.hint) if text]
    message, text = _quoted(lines[0]), escape(visible_lines("\n".join(told).split("\n")))
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites {numbers}>",
            f'  <testsuite name="chirodb {command}" {numbers} skipped="0" time="0">',
            f'    <testcase classname="chirodb" name="{command}" time="0">',
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
    return failure("drift", counted(len(changes), "difference"), map(_line, changes))


def failure(kind: str, message: str, lines: Iterable[str]) -> list[str]:
    text = escape(visible_lines(lines))
    return [f'      <failure message={_quoted(message)} type="{kind}">{text}</failure>']


def output(lines: Iterable[str]) -> list[str]:
    return [f"      <system-out>{escape(visible_lines(lines))}</system-out>"]


def visible_lines(lines: Iterable[str]) -> str:
    return "\n".join(map(visible, lines))


def _output(changes: Sequence[Change]) -> list[str]:
    if not changes:
        return []
    return output(f"skipped, {_line(change)}" for change in changes)


def _line(change: Change) -> str:
    where = f" [{change.place}]" if change.place else ""
    return f"{sentence(change)}{where}"


def _quoted(text: str) -> str:
    return quoteattr(visible(text))
