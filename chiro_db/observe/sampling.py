"""One scrape: a fixed number of queries, however many services there are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chiro_db.errors import ChirodbError
from chiro_db.kinds import parameter
from chiro_db.observe import statements
from chiro_db.observe.families import Sample
from chiro_db.observe.services import services_of_roles
from chiro_db.resources import text

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection
    from chiro_db.model.spec import Spec

STATES = ("active", "idle", "idle in transaction", "idle in transaction (aborted)")
_COMMIT = re.compile(r"\s*(COMMIT|END)\b", re.I)
_ROLLBACK = re.compile(r"\s*(ROLLBACK|ABORT)\b(?!\s+(WORK\s+|TRANSACTION\s+)?TO\b)", re.I)
Rows = Sequence[tuple[Any, ...]]


class Scrape:
    """What is seen in one transaction; what cannot be seen is counted by kind."""

    def __init__(self, connection: Connection, spec: Spec) -> None:
        self.connection = connection
        self.spec = spec
        self.roles = services_of_roles(spec)
        self.unseen: Counter[str] = Counter()

    def samples(self) -> Iterator[Sample]:
        """All but those about the scrape itself."""
        yield from self._server()
        yield from self._connections()
        yield from self._statements()
        yield from self._sizes()
        yield from self._replication()
        for what, number in sorted(self.unseen.items()):
            yield Sample("chirodb_scrape_unseen", number, (what,))

    def _rows(self, name: str, **values: Any) -> Rows:
        given = {"roles": list(self.roles), "services": list(self.roles.values()), **values}
        query = text(f"sql_templates/observe/{name}.sql").encode()
        return self.connection.execute(query, given).fetchall()

    def _server(self) -> Iterator[Sample]:
        [row] = self._rows("server")
        _, limit, _, delay, commits, rollbacks, deadlocks, temp, hit, read, own, size = row
        yield Sample("chirodb_server_connection_limit", limit)
        if own >= 0:
            yield Sample("chirodb_database_connection_limit", own)
        if delay is not None:
            yield Sample("chirodb_replay_delay_seconds", delay)
        for name, value in (
            ("commits", commits),
            ("rollbacks", rollbacks),
            ("deadlocks", deadlocks),
            ("temp_bytes", temp),
            ("blocks_hit", hit),
            ("blocks_read", read),
            ("size_bytes", size),
        ):
            yield Sample(f"chirodb_database_{name}", value)

    def _connections(self) -> Iterator[Sample]:
        rows = self._rows("activity")
        yield Sample("chirodb_server_connections", sum(row[4] for row in rows))
        hidden = {row[0] for row in rows if row[2] and row[3] is None}
        self._count("activity", sum(row[4] for row in rows if row[3] is None))
        by_role: Counter[str] = Counter()
        by_state: Counter[tuple[str, str]] = Counter()
        oldest: dict[str, float] = {}
        idle: dict[str, float] = {}
        for service, role, here, state, number, transaction, waiting in rows:
            by_role[role] += number
            if here and service is not None and state is not None:
                by_state[service, state] += number
                oldest[service] = max(oldest.get(service, 0), transaction or 0)
                idle[service] = max(idle.get(service, 0), waiting or 0)
        for service, role, limit in self._rows("limits"):
            yield Sample("chirodb_role_connections", by_role[role], (service, role))
            if limit >= 0:
                yield Sample("chirodb_role_connection_limit", limit, (service, role))
        waits: dict[str, int] = dict(self._rows("waits"))
        for service in self.spec.services:
            yield Sample("chirodb_service_lock_waits", waits.get(service, 0), (service,))
            if service in hidden:
                continue
            others = {state for name, state in by_state if name == service}
            for state in dict.fromkeys((*STATES, *sorted(others))):
                number = by_state[service, state]
                yield Sample("chirodb_service_connections", number, (service, state))
            of = (service,)
            yield Sample("chirodb_service_oldest_transaction_seconds", oldest.get(service, 0), of)
            yield Sample("chirodb_service_idle_in_transaction_seconds", idle.get(service, 0), of)

    def _statements(self) -> Iterator[Sample]:
        try:
            with self.connection.transaction():
                reading = statements.read(self.connection, self.roles)
        except ChirodbError:  # no extension, or not loaded
            self._count("statements", len(self.spec.services))
            return
        groups: dict[str, list[statements.Counted]] = {name: [] for name in self.spec.services}
        for counted in reading.statements:
            if counted.service is not None:
                groups[counted.service].append(counted)
        hidden = [name for name, group in groups.items() if any(s.queryid is None for s in group)]
        self._count("statements", len(hidden))
        for service, group in groups.items():
            of = (service,)
            yield Sample("chirodb_service_statements", sum(s.calls for s in group), of)
            seconds = sum(s.total_ms for s in group) / 1000
            yield Sample("chirodb_service_statement_seconds", seconds, of)
            yield Sample("chirodb_service_rows", sum(s.rows for s in group), of)
            if service in hidden:  # one row stands for all of a role
                continue
            threshold = _threshold(self.spec, service)
            if threshold is not None:
                slow = sum(s.mean_ms >= threshold for s in group)
                yield Sample("chirodb_service_slow_statements", slow, of)
            for name, pattern in (("commits", _COMMIT), ("rollbacks", _ROLLBACK)):
                ended = sum(s.calls for s in group if pattern.match(s.query or ""))
                yield Sample(f"chirodb_service_{name}", ended, of)

    def _sizes(self) -> Iterator[Sample]:
        schemas = {service.schema_name: name for name, service in self.spec.services.items()}
        there = {row[0] for row in self._rows("schemas", schemas=list(schemas))}
        self._count("schemas", len(schemas) - len(there))
        rows = self._measured(list(schemas))
        sums: dict[str, Counter[str]] = {name: Counter() for name in there}
        for schema, kind, size, live, dead, estimated in rows:
            if schema not in sums:  # made just now
                continue
            sums[schema] += Counter(
                {kind: size or 0, " live": live or 0, " dead": dead or 0, " guess": estimated}
            )
        for schema, found in sorted(sums.items()):
            service = schemas[schema]
            for kind in ("table", "index", "materialized_view", "sequence"):
                yield Sample("chirodb_service_size_bytes", found[kind], (service, kind))
            of = (service,)
            yield Sample("chirodb_service_live_rows", found[" live"], of)
            yield Sample("chirodb_service_dead_rows", found[" dead"], of)
            yield Sample("chirodb_service_estimated_relations", found[" guess"], of)

    def _measured(self, schemas: list[str]) -> Rows:
        """Estimated throughout where somebody takes a lock while we look."""
        import psycopg

        try:
            with self.connection.transaction():
                return self._rows("sizes", schemas=schemas, estimate=False)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
            return self._rows("sizes", schemas=schemas, estimate=True)

    def _replication(self) -> Iterator[Sample]:
        for what, name, hidden, size, seconds, active in self._rows("replication"):
            if hidden:
                self._count("replication", 1)
                continue
            measure = "standby_lag" if what == "standby" else "slot_retained"
            if size is not None:
                yield Sample(f"chirodb_{measure}_bytes", size, (name,))
            if seconds is not None:
                yield Sample("chirodb_standby_lag_seconds", seconds, (name,))
            if active is not None:
                yield Sample("chirodb_slot_active", int(active), (name,))

    def _count(self, what: str, number: int) -> None:
        self.unseen[what] += number


def _threshold(spec: Spec, service: str) -> float | None:
    """Milliseconds from which on a statement of the service is slow; None: none is."""
    for section in (spec.services[service].slow_queries, spec.slow_queries):
        if section is not None and section.threshold is not None:
            found = parameter.milliseconds(str(section.threshold))
            return found if found is not None and found >= 0 else None
    return 1000
