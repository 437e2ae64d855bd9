"""What is known of a service's last good backup, as metrics and as a doctor's result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chiro_db.observe.families import Sample
from chiro_db.observe.finding import Result, found, ok, unchecked

_HOUR = 3600
_DAY = 24 * _HOUR
# After how many seconds a backup is late.
_LATE = {"hourly": 2 * _HOUR, "daily": 26 * _HOUR, "weekly": 8 * _DAY, "monthly": 33 * _DAY}


@dataclass(frozen=True, slots=True)
class LastBackup:
    """Ages in seconds; None where there is no good backup, or none was ever restored."""

    age: float | None
    size: int | None
    drill_age: float | None
    schedule: str | None


Seen = Mapping[str, LastBackup | str]  # by service; else why nothing is known


def late_after(schedule: str) -> int:
    """Seconds; a cron line is taken for daily unless it names days.

    >>> late_after("hourly"), late_after("30 2 * * *"), late_after("0 3 * * 0")
    (7200, 93600, 691200)
    """
    if schedule in _LATE:
        return _LATE[schedule]
    fields = schedule.split()
    if len(fields) != 5 or fields[2:] == ["*", "*", "*"]:
        return _LATE["daily"]
    return _LATE["weekly"] if fields[2:4] == ["*", "*"] else _LATE["monthly"]


def samples(seen: Seen) -> Iterator[Sample]:
    """What is not known is counted, and absent."""
    for service, last in seen.items():
        if isinstance(last, str):
            continue
        of = (service,)
        if last.age is not None:
            yield Sample("chirodb_service_backup_age_seconds", last.age, of)
        if last.size is not None:
            yield Sample("chirodb_service_backup_size_bytes", last.size, of)
        if last.drill_age is not None:
            yield Sample("chirodb_service_drill_age_seconds", last.drill_age, of)
    unknown = sum(isinstance(last, str) or last.age is None for last in seen.values())
    yield Sample("chirodb_scrape_unseen", unknown, ("backups",))


def results(service: str, last: LastBackup | str) -> Iterator[Result]:
    """Whether there is one, and whether it is as young as its schedule says."""
    if isinstance(last, str):
        yield unchecked(service, "backups", last)
        return
    mend = f"chirodb backup run {service}"
    if last.age is None:
        yield found(
            service, "backups", "there is no good backup", "the stores have none", mend=mend
        )
        return
    age = f"the last good backup is {last.age / _HOUR:.1f} hours old"
    if last.schedule is not None and last.age > late_after(last.schedule):
        yield found(service, "backups", age, f"its schedule is {last.schedule}", mend=mend)
    else:
        yield ok(service, "backups", age)
