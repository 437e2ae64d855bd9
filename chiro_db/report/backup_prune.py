"""What a prune deletes and why each other backup stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chiro_db.backup.retention import Verdict


def prune_text(verdicts: Sequence[Verdict]) -> Iterator[str]:
    for verdict in verdicts:
        mark = " " if verdict.stays else "-"
        why = f"stays: {', '.join(verdict.reasons)}" if verdict.stays else f"goes{_bad(verdict)}"
        yield f"{mark} {verdict.service}  {verdict.id}  {verdict.copy.store.where}  {why}"
    gone = sum(not verdict.stays for verdict in verdicts)
    yield f"{gone} of {len(verdicts)} to delete" if gone else "Nothing to delete"


def _bad(verdict: Verdict) -> str:
    return "" if verdict.copy.good else ": damaged"


def prune_json(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    return {
        "format_version": "1.0",
        "backups": [
            {
                "service": verdict.service,
                "id": verdict.id,
                "store": verdict.copy.store.where,
                "good": verdict.copy.good,
                "stays": verdict.stays,
                "reasons": list(verdict.reasons),
            }
            for verdict in verdicts
        ],
    }
