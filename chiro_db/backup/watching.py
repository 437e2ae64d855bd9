"""What a run looks at while its dumps go on: how far they are, and who holds them up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, wait

from chiro_db.backup.moment import Moment
from chiro_db.backup.pg_dump import Progress

Watch = Callable[[Mapping[str, Progress]], None]
_TICK = 0.2  # seconds between two looks at the progress
_LOOK = 1.0  # and between two at the server


def watched(
    dumps: Mapping[Future[None], str],
    progress: Mapping[str, Progress],
    now: Moment,
    watch: Watch,
) -> None:
    """Until all are done; raises what one of them raises."""
    waiting = set(dumps)
    before: dict[str, int] = {}
    looked = time.monotonic()
    while waiting:
        done, waiting = wait(waiting, timeout=_TICK, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        if waiting and time.monotonic() - looked > _LOOK:
            looked = time.monotonic()
            _look_at_copies(progress, now)
            read = {service: own.read for service, own in progress.items()}
            if any(before.get(service) == count for service, count in read.items()):
                _look_for_locks(progress, now)
            before = read
        watch(progress)


def _look_at_copies(progress: Mapping[str, Progress], now: Moment) -> None:
    """Of dumps whose rows do not pass through here."""
    names = {own.application: own for own in progress.values() if own.copies}
    if names:
        for name, table, count in now.rows("copying", {"names": list(names)}):
            copied = names[name].copied
            copied[table] = max(count, copied.get(table, 0))
            names[name].read = sum(copied.values())


def _look_for_locks(progress: Mapping[str, Progress], now: Moment) -> None:
    names = {own.application: own for own in progress.values()}
    blockers: dict[str, str] = {}
    for name, pid, user, application, since in now.rows("blockers", {"names": list(names)}):
        blockers[name] = f"{user} ({application or 'no name'}, process {pid}, since {since})"
    for name, own in names.items():
        own.waits_now = name in blockers
        own.waits_for = blockers.get(name, own.waits_for)
