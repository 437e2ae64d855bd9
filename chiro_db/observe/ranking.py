"""Which statements cost a service most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chiro_db.observe import tags
from chiro_db.observe.statements import Counted

UNSEEN = "(statements that the connected role may not see)"


class By(StrEnum):
    """What a statement is measured by."""

    TOTAL = "total"
    MEAN = "mean"
    CALLS = "calls"
    IO = "io"
    TEMP = "temp"


_MEASURES: Mapping[By, Callable[[Counted], float]] = {
    By.TOTAL: lambda s: s.total_ms,
    By.MEAN: lambda s: s.mean_ms,
    By.CALLS: lambda s: s.calls,
    By.IO: lambda s: s.io,
    By.TEMP: lambda s: s.temp,
}


@dataclass(frozen=True, slots=True)
class Ranked:
    """A statement with its share of its service's time, and what its comment says."""

    counted: Counted
    text: str
    tags: Mapping[str, str]
    share: float
    plan: str | None = None  # the generic one, or why there is none


@dataclass(frozen=True, slots=True)
class ServiceLoad:
    """What one service has had the server do."""

    service: str | None
    total_ms: float
    calls: int
    share: float  # of the time of all in the database
    statements: tuple[Ranked, ...]
    others: int  # statements that are not listed


@dataclass(frozen=True, slots=True)
class Slow:
    """The slowest statements of a database by service; what `slow` prints."""

    database: str
    by: By
    at: float
    since: float
    reset: bool  # whether `since` is the counters' reset, no snapshot
    evicted: int
    services: tuple[ServiceLoad, ...] = field(default=())


def ranked(
    counted: Iterable[Counted], by: By, limit: int, only: frozenset[str]
) -> tuple[ServiceLoad, ...]:
    """The services with the most first; of each its `limit` first statements."""
    measure = _MEASURES[by]
    groups: dict[str | None, list[Counted]] = {}
    for statement in counted:
        if statement.calls:
            groups.setdefault(statement.service, []).append(statement)
    everything = sum(s.total_ms for group in groups.values() for s in group)
    loads = [
        _load(service, group, everything, measure, limit)
        for service, group in groups.items()
        if not only or service in only
    ]
    return tuple(
        sorted(
            loads,
            key=lambda load: (
                load.service is None,
                -max((measure(s.counted) for s in load.statements), default=0),
            ),
        )
    )


def _load(
    service: str | None,
    group: list[Counted],
    everything: float,
    measure: Callable[[Counted], float],
    limit: int,
) -> ServiceLoad:
    total = sum(s.total_ms for s in group)
    ahead = sorted(group, key=lambda s: (-measure(s), s.queryid or ""))
    first = [s for s in ahead[:limit] if measure(s) > 0]
    listed = []
    for statement in first:
        if statement.queryid is None:
            query, found = UNSEEN, dict[str, str]()
        else:
            query, known = tags.split(statement.query or "(its text was lost)")
            found = dict(known)
        share = statement.total_ms / total if total else 0.0
        listed.append(Ranked(statement, query, found, share))
    return ServiceLoad(
        service,
        total,
        sum(s.calls for s in group),
        total / everything if everything else 0.0,
        tuple(listed),
        len(group) - len(first),
    )
