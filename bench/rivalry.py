"""The peers, side by side with chirodb: first apply, then a run without changes."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import floors
from bench.figures import Section
from bench.measure import Contender, Taken, rounds
from bench.peers import PEERS
from bench.peers.peer import Peer, UnavailableError, installed
from bench.provisioning import Bench
from bench.subjects import chirodb

SECTION = Section(
    "Peers",
    "Each in its own virtual environment, on the same server and with the same services as far as"
    " it can say them. `first` is one run on the database as it was before the first apply;"
    " `again` follows it and finds nothing to do. The floor is the bare python that reads the"
    " catalog grouped, in the same rounds.",
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


def measure(bench: Bench, peers: list[Installed], runs: int, limit: float) -> None:
    size = bench.workload.name
    floor = floors.grouped(bench.server)
    ours = [
        chirodb("chirodb, first", "apply", *bench.on, "--yes", before=bench.server.reset, runs=1),
        chirodb("chirodb, again", "plan", *bench.on, "--exit-code"),
    ]
    _both(size, bench, floor, ours, runs)
    for one in peers:
        name = one.peer.name
        if one.programs is None:
            SECTION.add(size, {name: Taken(reason=f"skipped: {one.said}")})
            continue
        folder = bench.folder / name
        folder.mkdir()
        commands = one.peer.configure(one.programs, folder, bench.workload)
        variables: Mapping[str, str] = {**bench.server.variables, **commands.environment}
        reset = bench.server.reset
        theirs = [
            Contender(f"{name}, first", commands.apply, reset, variables, limit=limit, runs=1),
            Contender(f"{name}, again", commands.look, None, variables, limit=limit),
        ]
        _both(size, bench, floor, theirs, runs)


_MISSING = """
    SELECT count(*) FROM pg_class
    WHERE relkind = 'r' AND relnamespace::regnamespace::text LIKE 'svc%'
      AND NOT (
          has_table_privilege(relnamespace::regnamespace || '_reader', oid, 'SELECT')
          AND has_table_privilege(relnamespace::regnamespace || '_app', oid, 'SELECT')
      )
"""


def _both(size: str, bench: Bench, floor: Contender, both: list[Contender], runs: int) -> None:
    first, again = both
    made = rounds([first], 1, warm=False)
    SECTION.add(size, made)
    if not made[first.name].samples:
        return
    ((missing,),) = bench.server.ask(_MISSING)
    if missing:
        SECTION.notes.append(f"{size}, {first.name}: {missing} tables are not readable after it")
    bench.settle()
    slow = made[first.name].wall > _SLOW
    taken = rounds([floor, again], 1 if slow else runs, warm=not slow)
    SECTION.add(size, taken, floor.name)


def _version(programs: Path, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    answer = subprocess.run(
        [str(programs / "python"), "-c", code], capture_output=True, text=True, check=False
    )
    return f"`{package}` {answer.stdout.strip()}"
