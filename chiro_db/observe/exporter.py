"""One connection, kept from scrape to scrape, and made anew where it was lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from chiro_db.catalog.connect import Where, connected
from chiro_db.errors import ChirodbError, ConnectError
from chiro_db.observe.families import Sample
from chiro_db.observe.sampling import Scrape
from chiro_db.observe.session import answering, looking

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection
    from chiro_db.model.spec import Spec

_PATIENCE = 120.0  # seconds for a whole scrape
More = Callable[["Connection"], Iterable[Sample]]


class Exporter:
    """Takes samples of one database; `more` adds what others know."""

    def __init__(self, to: Where, spec: Spec, more: More) -> None:
        self._to = to
        self._spec = spec
        self._more = more
        self._stack = ExitStack()
        self._connection: Connection | None = None
        self.failure: ChirodbError | None = None  # of the last scrape

    def take(self) -> list[Sample]:
        """Without a server there is only `chirodb_up`, which is 0 then."""
        import psycopg

        started = time.monotonic()
        try:
            found = self._asked()
            self.failure = None
        except (psycopg.Error, ChirodbError) as error:
            self.close()
            self.failure = error if isinstance(error, ChirodbError) else _lost(error)
            found = []
        found.append(Sample("chirodb_up", 0 if self.failure else 1))
        found.append(Sample("chirodb_scrape_duration_seconds", time.monotonic() - started))
        return found

    def _asked(self) -> list[Sample]:
        if self._connection is not None and self._connection.closed:
            self.close()
        if self._connection is None:
            self._connection = self._stack.enter_context(connected(self._to))
        with answering(self._connection, _PATIENCE):
            with looking(self._connection):
                found = list(Scrape(self._connection, self._spec).samples())
            return [*found, *self._more(self._connection)]

    def close(self) -> None:
        """The next scrape connects again."""
        self._connection = None
        self._stack.close()


def _lost(error: Exception) -> ConnectError:
    return ConnectError(f"the server could not be asked: {' '.join(str(error).split())}")
