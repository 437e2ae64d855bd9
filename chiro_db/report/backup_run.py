"""What a run of backups did, a line for each service or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chiro_db.backup.manifest import Manifest
from chiro_db.backup.run import Outcome
from chiro_db.report.quantity import size


def outcomes_text(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        made = outcome.manifest
        if made is None or not outcome.stores:
            continue
        tables = len(made.rows)
        yield (
            f"{made.service}  {made.id}  {size(made.size)}, {sum(made.rows.values()):,} rows of"
            f" {tables} table{'' if tables == 1 else 's'} in {_dumped(outcome):.1f} s, read back in"
            f" {made.read_back['seconds']:.1f} s; in {', '.join(sorted(outcome.stores))}"
        )
        for kind, names in sorted(made.left_out.items()):
            yield f"  not in it: {kind}: {', '.join(names)}"


def _dumped(outcome: Outcome) -> float:
    made = outcome.manifest
    return outcome.seconds - float(made.read_back["seconds"]) if made else 0.0


def outcomes_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "format_version": "1.0",
        "backups": [
            {
                "service": outcome.service,
                "id": made.id if (made := outcome.manifest) else None,
                "stores": sorted(outcome.stores),
                **(_described(outcome, made) if made else {}),
                "problems": [problem.message for problem in outcome.problems],
            }
            for outcome in outcomes
        ],
        "errored": any(outcome.problems for outcome in outcomes),
    }


def _described(outcome: Outcome, made: Manifest) -> dict[str, Any]:
    return {
        "size": made.size,
        "rows": dict(made.rows),
        "seconds": round(_dumped(outcome), 3),
        "read_back_seconds": made.read_back["seconds"],
        "left_out": dict(made.left_out),
    }
