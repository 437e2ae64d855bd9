"""The peers, side by side with chirodb: first apply, then a run without changes."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import floors
from bench.figures import Section
from bench.measure import Contender, Taken, rounds
from bench.peers import PEERS
from bench.peers.peer import Commands, Peer, UnavailableError, installed
from bench.provisioning import Bench
from bench.subjects import chirodb

SECTION = Section(
    "Peers",
    "Each in its own virtual environment, on the same server and with the same services as far as"
    " it can say them. `first` is one run on the database as it was before the first apply;"
    " `again` follows it and finds nothing to do. Where `first` takes too long, `after chirodb` is"
    " its look at a database where the declared access is in place; it may find differences. The"
    " floor is the bare python that reads the catalog grouped, in the same rounds.",
)


_SLOW = 10  # seconds of a first run, after which one more has to do


@dataclass(frozen=True)
class Installed:
    """A peer and its programs, or why there are none."""

    peer: Peer
    programs: Path | None
    said: str  # its version, or the reason


def find(names: Sequence[str]) -> list[Installed]:
    found = []
    for peer in PEERS:
        if peer.name not in names:
            continue
        try:
            programs = installed(peer)
            found.append(Installed(peer, programs, _version(programs, peer.version)))
        except UnavailableError as error:
            found.append(Installed(peer, None, str(error)))
    SECTION.notes += [
        f"{one.peer.name}, {one.said}; it cannot say: {one.peer.lacks}" for one in found
    ]
    return found


@dataclass(frozen=True)
class Limits:
    """How much of the time of a run the peers may take."""

    runs: int
    seconds: float  # of one run of a peer
    tables: int  # more of them, and there is no first apply


def measure(bench: Bench, peers: list[Installed], limits: Limits) -> None:
    size, reset = bench.workload.name, bench.server.reset
    if bench.workload.tables <= limits.tables:
        ours = chirodb("chirodb, first", "apply", *bench.on, "--yes", before=reset, runs=1)
        _first(bench, ours)
    else:
        _as_declared(bench)
    _again(bench, chirodb("chirodb, again", "plan", *bench.on, "--exit-code"), limits.runs)
    for one in peers:
        if one.programs is None:
            SECTION.add(size, {one.peer.name: Taken(reason=f"skipped: {one.said}")})
        elif bench.workload.tables > one.peer.most:
            SECTION.add(size, {one.peer.name: Taken(reason="not run, it would take too long")})
        else:
            folder = bench.folder / one.peer.name
            folder.mkdir()
            _peer(bench, one.peer, one.peer.configure(one.programs, folder, bench.workload), limits)


def _peer(bench: Bench, peer: Peer, commands: Commands, limits: Limits) -> None:
    variables = {**bench.server.variables, **commands.environment}
    reset, limit, wall = bench.server.reset, limits.seconds, None
    if bench.workload.tables <= limits.tables:
        name = f"{peer.name}, first"
        first = Contender(name, commands.apply, reset, variables, limit=limit, runs=1)
        wall = _first(bench, first)
    if wall is not None:
        again = Contender(f"{peer.name}, again", commands.look, None, variables, limit=limit)
        _again(bench, again, 1 if wall > _SLOW else limits.runs)
    elif commands.differs is not None:
        _as_declared(bench)
        name, codes = f"{peer.name}, after chirodb", (0, commands.differs)
        _again(bench, Contender(name, commands.look, None, variables, codes, limit), 1)


def _first(bench: Bench, contender: Contender) -> float | None:
    """Its seconds; None where it failed or did not end."""
    size = bench.workload.name
    made = rounds([contender], 1, warm=False)
    SECTION.add(size, made)
    if not made[contender.name].samples:
        return None
    ((missing,),) = bench.server.ask(_MISSING)
    if missing:
        SECTION.notes.append(f"{size}, {contender.name}: {missing} tables cannot be read after it")
    return made[contender.name].wall


def _again(bench: Bench, contender: Contender, runs: int) -> None:
    floor = floors.grouped(bench.server)
    bench.settle()
    taken = rounds([floor, contender], runs, warm=runs > 1)
    SECTION.add(bench.workload.name, taken, floor.name)


def _as_declared(bench: Bench) -> None:
    bench.server.reset()
    bench.server.run(bench.workload.cheapest)


_MISSING = """
    SELECT count(*) FROM pg_class
    WHERE relkind = 'r' AND relnamespace::regnamespace::text LIKE 'svc%'
      AND NOT (
          has_table_privilege(relnamespace::regnamespace || '_reader', oid, 'SELECT')
          AND has_table_privilege(relnamespace::regnamespace || '_app', oid, 'SELECT')
      )
"""


def _version(programs: Path, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    answer = subprocess.run(
        [str(programs / "python"), "-c", code], capture_output=True, text=True, check=False
    )
    return f"`{package}` {answer.stdout.strip()}"
