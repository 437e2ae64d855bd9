"""Who holds the connections, who is idle in a transaction, who blocks whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chiro_db.observe import tags
from chiro_db.observe.finding import Result, Thresholds, found, ok, unchecked
from chiro_db.resources import text
from chiro_db.sql import Name

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection

_HIDDEN = "<insufficient privilege>"
_LISTED = 5
OTHERS = "connection"


@dataclass(frozen=True, slots=True)
class Session:
    """A row of sessions.sql."""

    pid: int
    service: str | None
    role: str
    application: str
    state: str
    transaction: float | None
    idle: float | None
    blocked_by: tuple[int, ...]
    query: str

    def __str__(self) -> str:
        who = f"pid {self.pid}, {Name(self.role)}"
        named = f" ({self.application})" if self.application else ""
        traced = tags.split(self.query)[1]
        marks = "".join(f", {k}={traced[k]}" for k in ("route", "traceparent") if k in traced)
        return f"{who}{named}: {self.state or 'state hidden'}{marks}"


def sessions(connection: Connection, roles: Mapping[str, str]) -> list[Session]:
    """All in the database but our own."""
    rows = connection.execute(
        text("sql_templates/observe/sessions.sql").encode(),
        {"roles": list(roles), "services": list(roles.values())},
    )
    return [
        Session(*row[:7], tuple(row[7]), row[8] or "")  # type: ignore[call-arg]  # nine of them
        for row in rows
    ]


def taken(connection: Connection, database: str, limits: Thresholds) -> Iterator[Result]:
    """The server's and the database's limits, and who holds what."""
    rows = connection.execute(
        text("sql_templates/observe/limits_of_server.sql").encode()
    ).fetchall()
    if not rows:
        yield ok(OTHERS, "limits", "no other connection is open")
        return
    here: int
    total, here, limit, own = rows[0][5], rows[0][6] or 0, rows[0][7], rows[0][8]
    held = [
        f"{number} of {Name(role)} in {where}, {application or 'without application_name'}"
        f"{f', {state}' if state else ''}"
        for role, where, application, state, number, *_ in rows[:_LISTED]
    ]
    mend = "end what is idle (above), give each service a pool and `connection_limit:`"
    full = False
    if total >= limits.full * limit:
        full = True
        what = f"{total} of {limit} connections of the server are taken"
        yield found(OTHERS, "limits", what, *held, mend=f"{mend}, or raise max_connections")
    if own >= 0 and here >= limits.full * own:
        full = True
        what = f"{here} of {own} connections of {Name(database)} are taken"
        raised = f"ALTER DATABASE {Name(database)} CONNECTION LIMIT {max(2 * own, 1)}"
        yield found(OTHERS, "limits", what, *held, mend=f"{mend}, or {raised}")
    if not full:
        yield ok(OTHERS, "limits", f"{total} of {limit} connections of the server are taken")


def of_service(service: str, known: list[Session], limits: Thresholds) -> Iterator[Result]:
    """Idle in a transaction, leaks, blocked and blocking."""
    mine = [session for session in known if session.service == service]
    if any(session.query == _HIDDEN for session in mine):
        why = "the connected role may not see what others do: GRANT pg_monitor"
        for step in ("idle in transaction", "leaks", "locks"):
            yield unchecked(service, step, why)
        return
    yield from list(_idle(service, mine, limits)) or [ok(service, "idle in transaction", "none")]
    yield from list(_leaks(service, mine, limits)) or [ok(service, "leaks", "none")]
    yield from list(_locks(service, known, limits)) or [ok(service, "locks", "nobody waits")]


def _idle(service: str, mine: list[Session], limits: Thresholds) -> Iterator[Result]:
    idle = [
        session
        for session in mine
        if session.state.startswith("idle in transaction")
        and (session.idle or 0) >= limits.idle_in_transaction
    ]
    if idle:
        longest = max(idle, key=lambda session: session.idle or 0)
        yield found(
            service,
            "idle in transaction",
            f"{len(idle)} session{'' if len(idle) == 1 else 's'} idle in a transaction for up to"
            f" {longest.idle:.0f} s: locks are held, and VACUUM cannot clean up",
            *(f"{session} for {session.idle:.0f} s" for session in idle[:_LISTED]),
            mend=f"SELECT pg_terminate_backend({longest.pid}); then commit in the application, or"
            " `settings: {idle_in_transaction_session_timeout: 1min}` in the spec",
        )


def _leaks(service: str, mine: list[Session], limits: Thresholds) -> Iterator[Result]:
    groups: dict[tuple[str, str], list[Session]] = {}
    for session in mine:
        groups.setdefault((session.role, session.application), []).append(session)
    for (role, application), group in groups.items():
        stale = [s for s in group if s.state == "idle" and (s.idle or 0) >= limits.leaked_after]
        if len(stale) >= limits.leaked and len(stale) * 2 > len(group):
            name = application or "without application_name"
            oldest = max(s.idle or 0 for s in stale)
            yield found(
                service,
                "leaks",
                f"{len(stale)} of {len(group)} connections of {Name(role)} ({name}) have been idle"
                f" for more than {limits.leaked_after:.0f} s: it does not close or reuse them",
                f"the longest for {oldest:.0f} s, pids"
                f" {', '.join(str(s.pid) for s in stale[:_LISTED])}",
                mend="limit the application's pool and its idle time, or"
                " `settings: {idle_session_timeout: 10min}` in the spec",
            )


def _locks(service: str, known: list[Session], limits: Thresholds) -> Iterator[Result]:
    by_pid = {session.pid: session for session in known}
    for root, waiting in _roots(known, by_pid).items():
        chain = [s for s in waiting if (s.idle or 0) >= limits.blocked]
        first = by_pid.get(root)
        concerned = {s.service for s in chain} | {first.service if first else None}
        if not chain or service not in concerned:
            continue
        who = str(first) if first is not None else f"pid {root}, of another database or hidden"
        yield found(
            service,
            "locks",
            f"pid {root} blocks {len(chain)} other session{'' if len(chain) == 1 else 's'}",
            f"who blocks: {who}",
            *(f"blocked: {session} for {session.idle:.0f} s" for session in chain[:_LISTED]),
            mend=f"SELECT pg_cancel_backend({root}), or pg_terminate_backend({root}) where it is"
            " idle in a transaction",
        )


def _roots(known: list[Session], by_pid: Mapping[int, Session]) -> dict[int, list[Session]]:
    """Those who wait for nobody themselves, and all who wait for them in the end."""
    result: dict[int, list[Session]] = {}
    for session in known:
        ahead, seen = list(session.blocked_by), set[int]()
        while ahead:
            pid = ahead.pop()
            if pid in seen:
                continue
            seen.add(pid)
            further = by_pid[pid].blocked_by if pid in by_pid else ()
            ahead += further
            if not further:
                result.setdefault(pid, []).append(session)
    return result
