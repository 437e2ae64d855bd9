"""A plan of one moment: connect, read, compare."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from chiro_db import __version__
from chiro_db.access.after import after
from chiro_db.access.difference import difference
from chiro_db.access.policy import broken
from chiro_db.access.world import world
from chiro_db.catalog import passwords
from chiro_db.catalog.connect import Where, connected_if_exists
from chiro_db.catalog.inspect import inspect, snapshot
from chiro_db.collector import uncollected
from chiro_db.errors import RefusedError
from chiro_db.kinds import setting
from chiro_db.kinds.scope import Request, Scope
from chiro_db.model.plan import Plan
from chiro_db.model.secret import Secret
from chiro_db.plan.build import build, fingerprint
from chiro_db.tracing import span

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection
    from chiro_db.model.state import State
    from chiro_db.spec.load import Loaded


@dataclass(frozen=True)
class Job:
    """What a command is about: a spec, a target, and what narrows it."""

    loaded: Loaded
    to: Where
    target: str = ""  # its name in the spec; empty where a URL was given
    protected: bool = False  # every hazard has to be named
    skip_blocked: bool = False
    only: frozenset[str] = frozenset()
    secrets: Mapping[str, Secret] = field(default_factory=dict)  # by role, read when asked for
    access: bool = False  # to say what the plan changes in who can do what
    whole_schemas: bool = False  # to grant on ALL TABLES IN SCHEMA, which locks none
    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    @property
    def attributes(self) -> dict[str, str]:
        """Of a span: OpenTelemetry's names, with `_` for dots."""
        return {
            "db_system_name": "postgresql",
            "db_namespace": self.to.database,
            "server_address": str(self.to),
            "chirodb_target": self.target,
        }

    @property
    def request(self) -> Request:
        return Request(self.loaded.spec, everyone=self.access, whole_schemas=self.whole_schemas)


def plan(job: Job, *, for_saving: bool = False) -> Plan:
    """What apply would do now; nothing on the server is changed."""
    with connected_if_exists(job.to) as connection:
        return planned(connection, job, moment=snapshot(connection), for_saving=for_saving)


@uncollected()
def observed(job: Job) -> State:
    """What is managed, and all roles of the server with it; nothing is compared."""
    request = Request(job.loaded.spec, everyone=True)
    with connected_if_exists(job.to) as connection, snapshot(connection):
        state = inspect(connection, request)
    if state.server.database != job.to.database:
        raise RefusedError(
            f"database `{job.to.database}` does not exist", hint="`chirodb apply` makes it"
        )
    return state


@uncollected()
def planned(
    connection: Connection,
    job: Job,
    *,
    moment: AbstractContextManager[None] | None = None,
    new_passwords: frozenset[str] | None = None,
    for_saving: bool = False,
    shown: Plan | None = None,
) -> Plan:
    """The plan on this connection; `new_passwords` where that was found out before.

    Of the state that `shown` was made of there is no other plan: it is not made twice.
    """
    with span("plan", **job.attributes) as attributes:
        with moment or nullcontext():
            state = inspect(connection, job.request)
        unknown: tuple[str, ...] = ()
        if new_passwords is None or state.server.reads_verifiers:
            new_passwords, unknown = passwords.differing(job.to, state, job.secrets)
        if shown is not None and _same(shown, job, state, new_passwords):
            attributes["chirodb_changes"] = len(shown.changes)
            return shown
        scope = Scope(job.loaded.spec, state, job.today, new_passwords, job.only)
        made = described(build(scope, job.loaded.place), job, state, scope, unknown, for_saving)
        attributes["chirodb_changes"] = len(made.changes)
        return _judged(made, job, scope, state)


def _same(shown: Plan, job: Job, state: State, new_passwords: frozenset[str]) -> bool:
    """Whether it was made of all this; the day is the job's."""
    made_of = (shown.digest, shown.services, shown.state, shown.new_passwords)
    return made_of == (job.loaded.digest, tuple(sorted(job.only)), state, new_passwords)


def _judged(made: Plan, job: Job, scope: Scope, state: State) -> Plan:
    """With what the policies say about it, and who gains and loses what, where that is asked."""
    asserted = any(policy.asserts for policy in scope.spec.policies.values())
    if not (job.access or asserted):
        return made
    before = world(state, scope.makers)
    then = after(before, made, state.server)
    if asserted:
        made = replace(made, breaches=broken(then, scope, job.loaded.place))
    return replace(made, access=difference(before, then)) if job.access else made


def described(
    made: Plan,
    job: Job,
    state: State,
    scope: Scope,
    unknown: tuple[str, ...],
    for_saving: bool,
) -> Plan:
    """The plan with what binds it to its target, its spec and its moment."""
    doubts = tuple(
        f"whether role `{name}` has the declared password cannot be told from here"
        for name in unknown
    )
    return replace(
        made,
        warnings=(
            *(f"{w.place}: {w.message}" for w in job.loaded.warnings),
            *made.warnings,
            *doubts,
        ),
        target=job.target,
        host=str(job.to),
        skip_blocked=job.skip_blocked,
        whole_schemas=job.whole_schemas,
        digest=job.loaded.digest,
        chirodb=__version__,
        standby=state.server.in_recovery,
        state=state,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        fingerprint=fingerprint(state, scope.named, setting.desired(scope)) if for_saving else "",
        new_passwords=scope.new_passwords,
    )
