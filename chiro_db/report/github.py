"""Drift as GitHub's workflow commands: annotations beside the lines of the spec."""

from __future__ import annotations

from chiro_db.errors import ChirodbError, Diagnostic
from chiro_db.model.plan import Change, Plan
from chiro_db.report.diagnostics import of_error
from chiro_db.report.difference import differences, sentence, tolerated
from chiro_db.report.words import visible


def drift_github(plan: Plan) -> str:
    """One command a line; empty when in step and there is nothing to say."""
    rows = [_command("error", change) for change in differences(plan)]
    rows += [_command("warning", change) for change in tolerated(plan)]
    rows += [_command("notice", change) for change in plan.extras]
    rows += [
        command(found.severity, found.place, "chirodb policy", found.message)
        for found in plan.breaches
    ]
    rows += [f"::warning title=chirodb::{_message(warning)}" for warning in plan.warnings]
    return "".join(f"{row}\n" for row in rows)


def error_github(error: ChirodbError) -> str:
    """What stood in the way of a comparison; each problem of a spec beside its line."""
    return "".join(f"{_problem(found)}\n" for found in of_error(error))


def _problem(found: Diagnostic) -> str:
    place = ""
    if found.place is not None:
        place = f"file={_property(found.place.file)},line={found.place.line},"
    text = "\n".join(filter(None, (found.message, found.hint)))
    rows = "%0A".join(map(_message, text.split("\n")))
    return f"::{found.severity} {place}title=chirodb::{rows}"


def _command(level: str, change: Change) -> str:
    return command(level, change.place, "chirodb drift", sentence(change))


def command(level: str, at: str | None, title: str, text: str) -> str:
    """`at`: file:line."""
    file, _, line = (at or "").rpartition(":")
    place = f"file={_property(file)},line={line}," if file else ""
    return f"::{level} {place}title={_property(title)}::{_message(text)}"


def _message(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
