"""Drift, audit and backups as samples, for `metrics`: what more than one part of chirodb knows."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from chiro_db.errors import ChirodbError

if TYPE_CHECKING:
    from chiro_db.apply.planning import Job
    from chiro_db.catalog.connect import Connection
    from chiro_db.observe.families import Sample


class Governed:
    """Not looked at again with every scrape."""

    def __init__(self, about: Job, every: float) -> None:
        self._about = about
        self._every = every
        self._until = 0.0
        self._known: list[Sample] = []

    def samples(self, connection: Connection) -> list[Sample]:
        if time.monotonic() >= self._until:
            self._known = [
                *self._seen("drift", self._compared, connection),
                *self._seen("audit", self._audited, connection),
                *self._kept(),
            ]
            gc.unfreeze()  # plans keep what they made from the collector; here it adds up
            self._until = time.monotonic() + self._every
        return self._known

    def _compared(self, connection: Connection) -> Iterator[Sample]:
        from chiro_db.apply.planning import planned
        from chiro_db.observe import governance
        from chiro_db.observe.session import briefly
        from chiro_db.report.difference import differences

        made = planned(connection, self._about, moment=briefly(connection))
        counts = Counter(change.service for change in differences(made))
        yield from governance.drift(counts, self._about.loaded.spec)

    def _audited(self, connection: Connection) -> Iterator[Sample]:
        from chiro_db.audit.run import audited
        from chiro_db.observe import governance
        from chiro_db.observe.session import briefly

        with briefly(connection):
            found = audited(connection, self._about)
        yield from governance.findings(found.findings, self._about.loaded.spec)

    def _seen(
        self, what: str, look: Callable[[Connection], Iterator[Sample]], connection: Connection
    ) -> list[Sample]:
        """What fails is counted, and absent."""
        import psycopg

        from chiro_db.observe.families import Sample

        try:
            return list(look(connection))
        except (ChirodbError, psycopg.Error):
            if connection.closed:
                raise
            return [Sample("chirodb_scrape_unseen", 1, (what,))]

    def _kept(self) -> Iterator[Sample]:
        """Of services whose backups the spec speaks of."""
        from chiro_db.cli.last_backups import last_backups
        from chiro_db.observe.backups import samples

        loaded = self._about.loaded
        own = loaded.spec.targets.get(self._about.target)
        shared = loaded.spec.backup is not None or (own is not None and own.backup is not None)
        services = [n for n, s in loaded.spec.services.items() if shared or s.backup is not None]
        if services:
            yield from samples(last_backups(loaded, self._about.target, services))
