"""One apply: everything in one transaction, checked before it is committed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from chiro_db.access.policy import uphold
from chiro_db.apply import history, saved
from chiro_db.apply.planning import Job, plan, planned
from chiro_db.apply.transaction import (
    NOTHING,
    RetryableError,
    alone,
    each,
    execute,
    explained,
    tried,
    warned,
)
from chiro_db.catalog.connect import MAINTENANCE, connected
from chiro_db.catalog.inspect import snapshot
from chiro_db.errors import ChirodbError, RefusedError, ServerError
from chiro_db.model.plan import Plan
from chiro_db.model.secret import read
from chiro_db.plan.parts import Part, parts
from chiro_db.plan.whole import overreached
from chiro_db.tracing import span

if TYPE_CHECKING:
    from chiro_db.apply.origin import Origin
    from chiro_db.catalog.connect import Connection

_IGNORED = ("01006", "01007")  # privilege not revoked, not granted


class PlanChangedError(RefusedError):
    """The database is another one than the plan was made for; nothing was changed."""

    def __init__(self, now: Plan) -> None:
        super().__init__(
            "the database changed since the plan was made", hint="make a new plan, and look at it"
        )
        self.now = now


def apply(job: Job, shown: Plan, *, lock_timeout: float, by_service: bool = False) -> Plan:
    """Carry the plan out and return what was done: nothing where another apply did it first.

    PlanChangedError where something else has to be done by now; ServerError, RefusedError.
    """
    with span("apply", **job.attributes) as attributes:
        done = _apply(job, shown, lock_timeout, by_service=by_service)
        attributes["chirodb_changes"] = len(done.runnable)
        return done


def _apply(job: Job, shown: Plan, lock_timeout: float, *, by_service: bool) -> Plan:
    # a saved plan is as it was asked for
    job = replace(job, only=frozenset(shown.services), whole_schemas=shown.whole_schemas)
    read_passwords(job, shown)
    if shown.creates_database:
        if shown.fingerprint:
            saved.check(shown, plan(job, for_saving=True))
        _create_database(job, shown)
    run = _Run(job, shown, lock_timeout, history.origin_of(job))
    if not by_service:
        return tried(run.at_once)
    return run.by_service()


def read_passwords(job: Job, shown: Plan) -> None:
    """SpecError where one that the plan sets cannot be read, before anything is changed."""
    read(job.secrets, [change.name for change, s in each(shown.runnable) if s.secret is not None])


def _create_database(job: Job, shown: Plan) -> None:
    """CREATE DATABASE cannot run in a transaction; that it exists already is no failure."""
    import psycopg

    with connected(job.to, MAINTENANCE) as connection:
        for change, statement in each(shown.runnable):
            if statement.database is None:
                continue
            try:
                connection.execute(statement.sql.encode())
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                continue  # another apply was first, or at the same moment
            except psycopg.Error as error:
                raise explained(error, change, statement) from None


class _Run:
    """What one apply needs to know in each of its transactions."""

    def __init__(self, job: Job, shown: Plan, lock_timeout: float, origin: Origin | None) -> None:
        self.job = job
        self.shown = shown
        self.lock_timeout = lock_timeout
        self.origin = origin

    def at_once(self) -> Plan:
        """All or nothing; read again before the commit, and found to be as declared."""
        with connected(self.job.to) as connection, alone(connection, self.lock_timeout):
            now = self._confirmed(connection)
            if not now.runnable:
                return now
            with warned(connection) as warnings:
                execute(connection, self.job, now.runnable)
            left = planned(connection, self.job, new_passwords=frozenset())
            if left.runnable:
                said = [warning.message for warning in warnings]
                raise RetryableError(_unfinished(left, said))
            _within(now, left)
            uphold(left.breaches)
            done = _with_database(self.shown, now)
            return self._recorded(connection, done, done)

    def by_service(self) -> Plan:
        """A transaction for each service; what was committed stays, and is not done again."""
        done = self.shown
        services: list[str] = []
        with connected(self.job.to) as connection:
            for number, part in enumerate(parts(self.shown)):
                try:
                    work = partial(self._part, connection, done, part, first=not number)
                    done = tried(work)
                except ChirodbError as error:
                    if not number:
                        raise  # nothing was committed yet
                    raise _stopped(error, part, services, self.shown) from None
                if not done.runnable:
                    return done
                services += [part.service] if part.service is not None else []
            moment = snapshot(connection)
            left = planned(connection, self.job, moment=moment, new_passwords=frozenset())
        if left.runnable:
            raise _unfinished(left, ())
        uphold(left.breaches)
        return done

    def _part(self, connection: Connection, done: Plan, part: Part, *, first: bool) -> Plan:
        with alone(connection, self.lock_timeout):
            if first:
                now = self._confirmed(connection)
                if not now.runnable:
                    return now
            if not part.changes:
                return done
            with warned(connection) as warnings:
                execute(connection, self.job, part.changes)
            for warning in warnings:
                if warning.sqlstate in _IGNORED:
                    raise ServerError(f"the server did not do it: {warning.message}")
            named = (part.service,) if part.service is not None else self.shown.services
            deed = replace(self.shown, changes=part.changes, services=named)
            return self._recorded(connection, done, deed)

    def _confirmed(self, connection: Connection) -> Plan:
        """The plan of this moment, which has to be the one that was shown, or empty."""
        shown = self.shown
        is_saved = bool(shown.fingerprint) and not shown.creates_database
        now = planned(
            connection,
            self.job,
            new_passwords=shown.new_passwords,
            for_saving=is_saved,
            shown=shown,
        )
        if is_saved:
            saved.check(shown, now)
        if _texts(now) != _texts(shown) and now.runnable:
            raise PlanChangedError(now)
        if now.runnable:
            uphold(now.breaches)
        return now

    def _recorded(self, connection: Connection, done: Plan, deed: Plan) -> Plan:
        """With a row of the history in the same transaction, or the warning that there is none."""
        try:
            unwritten = history.record(connection, self.job, self.origin, history.applied(deed))
        except history.LockedError as error:
            raise RetryableError(error) from None
        if unwritten is None or unwritten in done.warnings:
            return done
        return replace(done, warnings=(*done.warnings, unwritten))


def _within(done: Plan, left: Plan) -> None:
    """RetryableError where ALL ... IN SCHEMA reached what has come since, and no spec is about."""
    if left.state is None:
        return
    for change in overreached(done, left.state):
        raise RetryableError(
            ServerError(
                f"{change.summary}: an extension has come into the schema meanwhile",
                hint="nothing was changed; a new plan grants on names there",
            )
        )


def _with_database(shown: Plan, now: Plan) -> Plan:
    """What was done, and what was done before the transaction."""
    first = [c for c in shown.runnable if any(s.database is not None for s in c.statements)]
    return replace(now, changes=(*first, *now.changes))


def _texts(plan: Plan) -> list[str]:
    return [statement.sql for statement in plan.statements if statement.database is None]


def _unfinished(left: Plan, warnings: Sequence[str]) -> ChirodbError:
    """The server took the statements but not their effect; rolled back."""
    lines = [f"still to do after the statements: {c.summary}" for c in left.runnable[:3]]
    said = f"; the server warned: {warnings[0]}" if warnings else ""
    return ServerError(
        f"the result is not what was planned{said}",
        where="; ".join(lines),
        hint="nothing was changed; something else may be changing the database meanwhile",
    )


def _stopped(error: ChirodbError, part: Part, services: Sequence[str], shown: Plan) -> ChirodbError:
    """What stays of an apply by service that did not come to its end."""
    number = sum(1 for p in parts(shown) if p.service is not None)
    listed = ", ".join(services[:5]) + (" ..." if len(services) > 5 else "")
    stays = f"{len(services):,} of {number:,} services are done" + (
        f" ({listed})" if listed else ""
    )
    again = "`apply --by-service` again does the rest"
    if shown.fingerprint:
        again = "for the rest make a new plan"
    about = f"service `{part.service}`: " if part.service is not None else ""
    hint = (error.hint or "").removesuffix(NOTHING).removesuffix("; ")
    hints = [hint] if hint and NOTHING not in hint else []
    return ServerError(
        f"{about}{error.message}", where=error.where, hint="; ".join([*hints, stays, again])
    )
