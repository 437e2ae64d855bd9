"""What the stores of backups say of each service, for `metrics` and `doctor`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from chiro_db.errors import ChirodbError

if TYPE_CHECKING:
    from chiro_db.backup.inventory import Inventory
    from chiro_db.observe.backups import LastBackup, Seen
    from chiro_db.spec.load import Loaded


def last_backups(loaded: Loaded, target: str, services: Iterable[str]) -> Seen:
    """Of one service after the other: a store that is closed does not hide the others."""
    from chiro_db.backup import inventory
    from chiro_db.cli.backup_stores import chosen

    seen: dict[str, LastBackup | str] = {}
    for service in services:
        try:
            stores = chosen(loaded, target, [service], None)
            taken = inventory.take(stores)
        except ChirodbError as error:
            seen[service] = error.message
            continue
        if taken.problems:
            seen[service] = taken.problems[0].message
        else:
            seen[service] = _last(taken, service, stores[0][0].schedule)
    return seen


def _last(taken: Inventory, service: str, schedule: str | None) -> LastBackup:
    from datetime import UTC, datetime

    from chiro_db.observe.backups import LastBackup

    now = datetime.now(UTC)
    good = next((backup for backup in taken.of(service) if backup.good), None)
    drills = [p.at for b in taken.of(service) if (p := b.last("drilled")) is not None and p.ok]
    return LastBackup(
        (now - good.started).total_seconds() if good is not None else None,
        good.manifest.size if good is not None and good.manifest is not None else None,
        (now - max(drills)).total_seconds() if drills else None,
        schedule,
    )
