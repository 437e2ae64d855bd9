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
    """Each copy of each backup; stores are independent of each other."""
    verdicts: list[Verdict] = []
    for settings, stores in chosen:
        for store in stores:
            copies: list[tuple[str, datetime, Copy]] = [
                (backup.id, backup.started, copy)
                for backup in found.of(settings.service)
                for copy in backup.copies
                if copy.store.where == store.where
            ]
            verdicts += judged(settings.service, copies, settings.keep, now)
    return verdicts


def prune(verdict: Verdict) -> None:
    """Delete one copy that goes."""
    if not verdict.stays:
        verdict.copy.store.delete(verdict.service, verdict.id)
