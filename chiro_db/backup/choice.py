"""Which backup is meant: by its id, by a time, or the newest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chiro_db.backup.inventory import Backup, Inventory
from chiro_db.errors import ChirodbError, RefusedError

_CLOCKS_DIFFER = timedelta(minutes=5)
_LIST = "`chirodb backup list` shows what there is"


def choose(found: Inventory, service: str, at: str | None) -> Backup:
    """A good one; ChirodbError where there is none. One of elsewhere has to be named by its id."""
    every, backups = found.every(service), found.of(service)
    if at is not None and (named := [b for b in every if _is_named(b, at)]):
        if len(named) > 1:
            raise ChirodbError(f"more than one backup begins with `{at}`", hint=_LIST)
        if not named[0].good:
            raise ChirodbError(f"the backup {named[0].id} is damaged", hint=_LIST)
        return named[0]
    good = [backup for backup in backups if backup.good]
    if at is not None:
        moment = _moment(at)
        good = [backup for backup in good if backup.started <= moment]
    if not good:
        for problem in found.problems:  # a store that cannot be read may have one
            raise problem
        when = f" of before {at}" if at is not None else ""
        others = sorted({str(b.elsewhere) for b in every if b.good and b.elsewhere})
        hint = f"there are some of {', '.join(others)}: --at ID takes one" if others else _LIST
        raise ChirodbError(f"there is no good backup of `{service}`{when}", hint=hint)
    if at is None and good[0].started > datetime.now(UTC) + _CLOCKS_DIFFER:
        raise RefusedError(
            f"the newest backup of `{service}`, {good[0].id}, is dated in the future",
            hint="a clock is or was wrong: name the one that is meant with --at ID",
        )
    return good[0]


def _is_named(backup: Backup, at: str) -> bool:
    """By its id, or by how that begins; one of elsewhere has to be named whole."""
    return backup.id == at or (backup.elsewhere is None and backup.id.startswith(at))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ChirodbError(
            f"`{text}` is neither the id of a backup nor a time",
            hint="write a time such as 2026-11-23T05:00, in UTC unless it says otherwise",
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
