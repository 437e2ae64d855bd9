"""The backups in the stores, for a person or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from chiro_db.backup.inventory import Backup, Inventory, Proof
from chiro_db.backup.settings import Settings
from chiro_db.backup.store import Store
from chiro_db.report.quantity import age, size

_HEADER = ("service", "id", "age", "size", "kind", "copies", "verified", "drilled")
_COPIES = _HEADER.index("copies")


def too_old(
    found: Inventory, services: Sequence[str], limit: timedelta | None, now: datetime
) -> list[str]:
    """Services without a good backup that young; one from the future proves nothing."""
    if limit is None:
        return []
    return [
        service
        for service in services
        if not any(b.good and timedelta(0) <= now - b.started <= limit for b in found.of(service))
    ]


def list_text(
    found: Inventory,
    now: datetime,
    *,
    stores: Sequence[tuple[Settings, Sequence[Store]]],
    color: bool,
) -> Iterator[str]:
    """A table; its last column says what is wrong, or of elsewhere."""
    expected = {settings.service: len(of) for settings, of in stores}
    rows = [_row(backup, now, expected[backup.service]) for backup in found.backups]
    if not rows:
        places = dict.fromkeys(store.where for _, of in stores for store in of)
        yield f"No backups in {', '.join(places)}"
        return
    columns = list(range(len(_HEADER)))
    if all(row[_COPIES] == "1/1" for row in rows):  # which says nothing
        columns.remove(_COPIES)
    widths = {i: max(len(row[i]) for row in (_HEADER, *rows)) for i in columns}
    for number, (*cells, problem) in enumerate([(*_HEADER, ""), *rows]):
        line = "  ".join(cells[i].ljust(widths[i]) for i in columns)
        line = f"{line}  {problem}".rstrip()
        bold = color and number == 0
        yield f"\x1b[1m{line}\x1b[0m" if bold else line


def _row(backup: Backup, now: datetime, stores: int) -> tuple[str, ...]:
    made = backup.manifest
    problems = [f"of {backup.elsewhere}"] if backup.elsewhere else []
    problems += [f"{c.store.where}: {c.problem}" for c in backup.copies if c.problem]
    problems += [
        f"{c.store.where}: {p.problem}"
        for c in backup.copies
        for p in (c.verified, c.drilled)
        if p is not None and not p.ok
    ]
    kind = "?"
    if made is not None:
        kind = f"{made.format}{', age' if made.encrypted else ''}"
    return (
        backup.service,
        backup.id,
        age(now - backup.started),
        size(made.size) if made else "?",
        kind,
        f"{sum(copy.good for copy in backup.copies)}/{stores}",
        _proven(_verified(backup), now),
        _proven(backup.last("drilled"), now),
        "; ".join(problems),
    )


def _verified(backup: Backup) -> Proof | None:
    """By `verify`, else when it was made and read back."""
    proof = backup.last("verified")
    if proof is None and backup.manifest is not None:
        return Proof(datetime.fromisoformat(backup.manifest.end), ok=True)
    return proof


def _proven(proof: Proof | None, now: datetime) -> str:
    if proof is None:
        return "never"
    return age(now - proof.at) if proof.ok else "FAILED"


def list_json(found: Inventory, missing: Sequence[str], now: datetime) -> dict[str, Any]:
    return {
        "format_version": "1.0",
        "backups": [_backup_json(backup, now) for backup in found.backups],
        "too_old": list(missing),
        "problems": [problem.message for problem in found.problems],
    }


def _backup_json(backup: Backup, now: datetime) -> dict[str, Any]:
    made = backup.manifest
    return {
        "service": backup.service,
        "id": backup.id,
        "database": made.database if made else None,
        "target": made.target if made else None,
        "replaced": made.replaced if made else None,
        "started": backup.started.isoformat(),
        "age_seconds": int((now - backup.started).total_seconds()),
        "good": backup.good,
        "size": made.size if made else None,
        "format": made.format if made else None,
        "encrypted": made.encrypted if made else None,
        "rows": sum(made.rows.values()) if made else None,
        "copies": [
            {
                "store": copy.store.where,
                "good": copy.good,
                "problem": copy.problem,
                "verified": _proof_json(copy.verified),
                "drilled": _proof_json(copy.drilled),
            }
            for copy in backup.copies
        ],
        "verified": _proof_json(_verified(backup)),
        "drilled": _proof_json(backup.last("drilled")),
    }


def _proof_json(proof: Proof | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {
        "at": proof.at.isoformat(),
        "ok": proof.ok,
        "problem": proof.problem,
        "seconds": proof.seconds,
    }
