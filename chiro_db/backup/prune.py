"""What of the stores goes by the spec's rules; the plan is made first, and shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from chiro_db.backup.inventory import Backup, Copy, Elsewhere, Inventory
from chiro_db.backup.retention import Verdict, judged
from chiro_db.backup.settings import Settings
from chiro_db.backup.store import Store


def planned(
    found: Inventory, chosen: Iterable[tuple[Settings, Sequence[Store]]], now: datetime
) -> list[Verdict]:
    """Each copy of each backup; stores, other databases, and what was replaced, by themselves.

    Those of another target are that one's to prune.
    """
    verdicts: list[Verdict] = []
    for settings, stores in chosen:
        backups = found.every(settings.service)
        for store in stores:
            for place, target in dict.fromkeys(_origin(backup, settings) for backup in backups):
                copies: list[tuple[str, datetime, Copy]] = [
                    (backup.id, backup.started, copy)
                    for backup in backups
                    for copy in backup.copies
                    if _origin(backup, settings) == (place, target)
                    and copy.store.where == store.where
                ]
                if place is not None and place.kind == "target":
                    why = (f"of {place}",)
                    verdicts += (Verdict(settings.service, b, c, at, why) for b, at, c in copies)
                else:
                    verdicts += judged(settings.service, copies, settings.keep, now)
    return verdicts


def _origin(backup: Backup, settings: Settings) -> tuple[Elsewhere | None, str]:
    """Where it was made; what was made by a URL may be of any target."""
    made = next((copy.manifest for copy in backup.copies if copy.manifest is not None), None)
    return backup.elsewhere, made.target if made is not None else settings.target


def prune(verdict: Verdict) -> None:
    """Delete one copy that goes."""
    if not verdict.stays:
        verdict.copy.store.delete(verdict.service, verdict.id)
