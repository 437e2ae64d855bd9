"""What of the stores goes by the spec's rules; the plan is made first, and shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from chiro_db.backup.inventory import Copy, Inventory
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
            for place in dict.fromkeys(backup.elsewhere for backup in backups):
                copies: list[tuple[str, datetime, Copy]] = [
                    (backup.id, backup.started, copy)
                    for backup in backups
                    for copy in backup.copies
                    if backup.elsewhere == place and copy.store.where == store.where
                ]
                if place is not None and place.kind == "target":
                    why = (f"of {place}",)
                    verdicts += (Verdict(settings.service, b, c, at, why) for b, at, c in copies)
                else:
                    verdicts += judged(settings.service, copies, settings.keep, now)
    return verdicts


def prune(verdict: Verdict) -> None:
    """Delete one copy that goes."""
    if not verdict.stays:
        verdict.copy.store.delete(verdict.service, verdict.id)
