"""Which backups stay, by rules as restic's users know them; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chiro_db.backup.inventory import Copy
from chiro_db.errors import RefusedError
from chiro_db.model.duration import duration
from chiro_db.model.spec import Keep

# What tells one hour, day, ISO week, ... from another, in UTC.
_PERIODS: dict[str, Callable[[datetime], object]] = {
    "hourly": lambda at: (at.date(), at.hour),
    "daily": lambda at: at.date(),
    "weekly": lambda at: at.isocalendar()[:2],
    "monthly": lambda at: (at.year, at.month),
    "yearly": lambda at: at.year,
}


@dataclass(frozen=True)
class Verdict:
    """One copy of a backup, and why it stays; it goes where there is no reason."""

    service: str
    id: str
    copy: Copy
    started: datetime
    reasons: tuple[str, ...]

    @property
    def stays(self) -> bool:
        return bool(self.reasons)


def judged(
    service: str, copies: Sequence[tuple[str, datetime, Copy]], keep: Keep | None, now: datetime
) -> list[Verdict]:
    """Of one service in one store, the newest first; each store is judged by itself.

    Only good ones count for a rule, so a damaged one never takes the place of a good one.
    RefusedError where a clock must have been wrong.
    """
    ordered = sorted(copies, key=lambda given: (given[1], given[0]), reverse=True)
    reasons: dict[str, list[str]] = {backup: [] for backup, _, _ in ordered}
    good = [(backup, at.astimezone(UTC)) for backup, at, copy in ordered if copy.good]
    for backup, at in good:
        if at > now:
            raise RefusedError(
                f"the backup {backup} of `{service}` was made at {at:%Y-%m-%d %H:%M:%S} UTC,"
                " which is in the future",
                hint="nothing was pruned; is the clock right, here and where it was made?",
            )
    for backup, reason in _kept(good, keep):
        reasons[backup].append(reason)
    if not good:  # nothing to fall back to: a damaged one may still be of use
        for backup in reasons:
            reasons[backup].append("no good one")
    elif not reasons[good[0][0]]:
        reasons[good[0][0]].append("the newest good one")
    return [
        Verdict(service, backup, copy, at, tuple(reasons[backup])) for backup, at, copy in ordered
    ]


def _kept(good: Sequence[tuple[str, datetime]], keep: Keep | None) -> Iterator[tuple[str, str]]:
    if keep is None:
        yield from ((backup, "no rule") for backup, _ in good)
        return
    for number, (backup, _) in enumerate(good[: keep.last or 0], 1):
        yield backup, f"last {number}"
    for rule, period in _PERIODS.items():
        seen: list[object] = []
        for backup, at in good:
            if len(seen) < (getattr(keep, rule) or 0) and period(at) not in seen:
                seen.append(period(at))
                yield backup, f"{rule} {len(seen)}"
    if keep.within is not None and good:
        newest = good[0][1]  # as restic has it: a service that is backed up no more loses none
        for backup, at in good:
            if at >= newest - duration(keep.within):
                yield backup, f"within {keep.within}"
