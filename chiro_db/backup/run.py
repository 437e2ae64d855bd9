"""`backup run`: services of one moment, side by side, each published whole or not at all."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from chiro_db.backup import client, manifest, place, prerequisites
from chiro_db.backup.dump import dump
from chiro_db.backup.manifest import Manifest
from chiro_db.backup.moment import Moment, moment
from chiro_db.backup.pg_dump import Order, Processes, Progress, Source
from chiro_db.backup.settings import Settings
from chiro_db.backup.store import Store
from chiro_db.backup.watching import Watch, watched
from chiro_db.catalog.connect import Where
from chiro_db.errors import ChirodbError
from chiro_db.tracing import span


@dataclass(frozen=True)
class Asked:
    """What a run is about: services with their stores, the first of each its own."""

    to: Where
    digest: str
    services: Sequence[tuple[Settings, Sequence[Store]]]
    target: str = ""  # its name in the spec
    connections: int = 4
    jobs: int = 0
    lock_wait: float = 60.0
    bindir: Path | None = None
    replaced: bool = False  # the services are to be restored over


@dataclass
class Outcome:
    """What became of one service."""

    service: str
    manifest: Manifest | None = None
    seconds: float = 0.0
    stores: list[str] = field(default_factory=list)  # that have it
    problems: list[ChirodbError] = field(default_factory=list)


def run(asked: Asked, watch: Watch = lambda _: None) -> list[Outcome]:
    """An outcome for each service; what concerns all of them is raised."""
    services = tuple(chosen.service for chosen, _ in asked.services)
    about = {"db_system_name": "postgresql", "db_namespace": asked.to.database}
    with span("backup", chirodb_services=services, **about) as attributes:
        outcomes = _run(asked, watch)
        attributes["chirodb_failures"] = sum(bool(one.problems) for one in outcomes)
        return outcomes


def _run(asked: Asked, watch: Watch) -> list[Outcome]:
    for store in {store.where: store for _, stores in asked.services for store in stores}.values():
        with suppress(ChirodbError):  # one that is gone is told of when a backup goes there
            store.sweep()
    started = datetime.now(UTC)
    outcomes = {chosen.service: Outcome(chosen.service) for chosen, _ in asked.services}
    with ExitStack() as stack:
        staged = _dumped(asked, stack, started, outcomes, watch)
        for chosen, stores in asked.services:
            found = staged.get(chosen.service)
            if found is not None:
                _publish(outcomes[chosen.service], *found, stores)
    return list(outcomes.values())


def _dumped(
    asked: Asked,
    stack: ExitStack,
    started: datetime,
    outcomes: Mapping[str, Outcome],
    watch: Watch,
) -> dict[str, tuple[Path, Store]]:
    """The folders of those that are complete, and the store that each is in."""
    folders: dict[str, tuple[Path, Store]] = {}
    processes = Processes()
    progress: dict[str, Progress] = {}
    futures: dict[Future[None], str] = {}
    with moment(asked.to) as now:
        programs = client.find(now.major, tls=now.tls, bindir=asked.bindir)
        source = Source(
            *(asked.to, programs, now.snapshot, now.lsn, now.server, now.system),
            asked.digest,
            asked.target,
            asked.replaced,
        )
        each = max(1, asked.jobs + 1 if asked.jobs else 1)
        side_by_side = max(1, (asked.connections - 1) // each)
        with ThreadPoolExecutor(side_by_side) as pool:
            try:
                for chosen, stores in asked.services:
                    outcome = outcomes[chosen.service]
                    try:
                        order, needed = _order(asked, chosen, now, started)
                        folder, store = _staged(stack, chosen.service, order.id, stores, outcome)
                    except ChirodbError as error:
                        outcome.problems.append(error)
                        continue
                    folders[chosen.service] = folder, store
                    own = progress[chosen.service] = Progress(
                        order.application, _size(now, chosen.schema), copies=bool(order.jobs)
                    )
                    work = (outcome, order, source, needed, folder, processes, own)
                    futures[pool.submit(_one, *work)] = chosen.service
                watched(futures, progress, now, watch)
            except BaseException:  # Ctrl-C too
                processes.stop()
                raise
    return {service: found for service, found in folders.items() if outcomes[service].manifest}


def _staged(
    stack: ExitStack, service: str, backup: str, stores: Sequence[Store], outcome: Outcome
) -> tuple[Path, Store]:
    """In the first store that takes it: one that is gone does not cost the copies."""
    for store in stores[:-1]:
        try:
            return stack.enter_context(store.stage(service, backup)), store
        except ChirodbError as error:
            outcome.problems.append(error)
    return stack.enter_context(stores[-1].stage(service, backup)), stores[-1]


def _order(
    asked: Asked, chosen: Settings, now: Moment, started: datetime
) -> tuple[Order, prerequisites.Prerequisites]:
    if not now.rows("own", {"schema": chosen.schema}):
        raise ChirodbError(
            f"there is no schema `{chosen.schema}` in the database",
            hint="`chirodb apply` makes it",
        )
    if not asked.replaced and place.is_unfinished(now.connection, chosen.schema):
        raise ChirodbError(
            f"the schema `{chosen.schema}` is half made: a restore is at work, or was killed",
            hint="wait for it, or restore with --replace",
        )
    if asked.jobs and chosen.recipients:
        raise ChirodbError(
            "with --jobs pg_dump itself writes the files, which would lie on the disk unencrypted",
            hint="leave --jobs out where the spec says `encrypt`: services go side by side anyway",
        )
    order = Order(
        manifest.new_id(started, secrets.token_hex(3)),
        chosen.service,
        chosen.schema,
        chosen.role,
        chosen.recipients,
        asked.jobs,
        asked.lock_wait,
    )
    return order, prerequisites.read(now, chosen.schema, chosen.governed)


def _size(now: Moment, schema: str) -> int:
    return int(now.rows("size", {"schema": schema})[0][0])


def _one(
    outcome: Outcome,
    order: Order,
    source: Source,
    needed: prerequisites.Prerequisites,
    folder: Path,
    processes: Processes,
    own: Progress,
) -> None:
    began = time.monotonic()
    try:
        outcome.manifest = dump(order, source, needed, folder, processes, own)
    except ChirodbError as error:
        outcome.problems.append(error)
    except OSError as error:  # a full disk
        outcome.problems.append(_cannot_write(folder, error))
    own.doing = "done"
    outcome.seconds = time.monotonic() - began


def _cannot_write(folder: Path, error: OSError) -> ChirodbError:
    return ChirodbError(
        f"the store `{folder.parent.parent}`: {error.strerror or error}",
        hint="make room, `chirodb backup prune` say, or name another store",
    )


def _publish(outcome: Outcome, folder: Path, staged: Store, stores: Sequence[Store]) -> None:
    """The store with the folder last: there it goes by a rename."""
    if outcome.manifest is None:
        return
    tried = stores[stores.index(staged) :]  # those before have said why not
    for store in (*tried[1:], tried[0]):
        try:
            store.publish(folder, outcome.manifest)
        except ChirodbError as error:
            outcome.problems.append(error)
        else:
            outcome.stores.append(store.where)
