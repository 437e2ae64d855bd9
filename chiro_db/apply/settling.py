"""A transaction of somebody else's work that ends in line with the spec."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chiro_db.apply.planning import Job, planned
from chiro_db.apply.transaction import RetryableError, alone, execute
from chiro_db.errors import ServerError

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection


@contextmanager
def settling(connection: Connection, job: Job, *, lock_timeout: float) -> Iterator[None]:
    """What is blocked stays as it is; ServerError where anything else is left to do."""
    try:
        with alone(connection, lock_timeout):
            yield
            execute(connection, job, planned(connection, job).runnable)
            left = planned(connection, job, new_passwords=frozenset())
            if left.runnable:
                raise ServerError(
                    f"the result is not what the spec says: {left.runnable[0].summary}",
                    hint="nothing was changed",
                )
    except RetryableError as error:
        raise error.reason from None
