"""`python -m bench`: everything, on servers of its own, into bench/RESULTS.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import backups, machine, offline, provisioning, report, rivalry, server, wide, workloads
from bench.figures import Section, Target
from bench.peers import PEERS
from bench.provisioning import Bench
from bench.workloads import Workload

PARTS = ("offline", "plan", "wide", "backup", "peers")
SIZES = "8x5,8x50,100x50,1000x50,1000x100"
SECTIONS = (
    offline.SECTION,
    provisioning.PLAN,
    provisioning.DRIFT,
    provisioning.APPLY,
    wide.SECTION,
    rivalry.SECTION,
    backups.SECTION,
)
_MOST_FOR_PEERS = 50_000  # tables


@dataclass(frozen=True)
class Job:
    """A workload, on a fresh server, and what is measured on it."""

    part: str
    workload: Callable[[], Workload]
    measure: Callable[[Bench], None]


def main() -> None:
    options = _options()
    started, load = time.monotonic(), machine.load()
    incomplete: list[str] = []

    def minutes() -> float:
        return (time.monotonic() - started) / 60

    def write(unfinished: list[str]) -> None:
        head = report.head(machine.lines(), options.runs, minutes(), load, unfinished)
        growth = Section("Growth", notes=list(report.growth(provisioning.POINTS)))
        options.out.write_text(report.page(head, (*SECTIONS, growth)))

    if "offline" in options.only:
        _say(minutes(), "without a server")
        with tempfile.TemporaryDirectory() as folder:
            offline.measure(Path(folder), options.runs)
    for job in _jobs(options):
        workload = job.workload()
        name = f"{job.part}, {workload.name}"
        if minutes() > options.minutes:
            incomplete.append(f"{name} was not run: {options.minutes:g} minutes were over")
            continue
        _say(minutes(), name)
        try:
            _run(job, workload, options.runs)
        except Exception as error:  # noqa: BLE001 - the other parts are still worth their time
            incomplete.append(f"{name} failed: {' '.join(str(error).split())[:300]}")
            _say(minutes(), incomplete[-1])
        write([*incomplete, "the run was ended before it was done"])
    write(incomplete)
    _say(minutes(), f"done: {options.out}")


def _run(job: Job, workload: Workload, runs: int) -> None:
    with server.cluster() as made, tempfile.TemporaryDirectory() as folder:
        job.measure(provisioning.prepared(made, workload, Path(folder), runs))


def _jobs(options: argparse.Namespace) -> Iterator[Job]:
    """What matters most comes first, in case the time does not do."""
    sizes = [tuple(map(int, size.split("x"))) for size in options.sizes]
    peers = rivalry.find(options.peers) if "peers" in options.only else []
    if "plan" in options.only:
        for number, tables in sizes:
            yield Job("plan", _services(number, tables), provisioning.measure)
    if "wide" in options.only:

        def many(bench: Bench) -> None:
            wide.measure(bench, peers, Target(seconds=3))

        yield Job("wide", workloads.wide_tables, many)
        yield Job("wide", workloads.narrowed, wide.measure)
        yield Job("wide", workloads.memberships, wide.measure)
    if "backup" in options.only:
        yield Job("backup", lambda: backups.workload(options.backup_mb), backups.measure)
    if "peers" in options.only:
        limits = rivalry.Limits(options.peer_runs, options.peer_limit, options.peer_tables)

        def rivals(bench: Bench) -> None:
            rivalry.measure(bench, peers, limits)

        for number, tables in sizes:
            if number * tables <= _MOST_FOR_PEERS:
                yield Job("peers", _services(number, tables), rivals)


def _services(number: int, tables: int) -> Callable[[], Workload]:
    return lambda: workloads.services(number, tables)


def _say(minutes: float, what: str) -> None:
    sys.stderr.write(f"{minutes:5.1f} min  {what}\n")


def _options() -> argparse.Namespace:
    def words(text: str) -> list[str]:
        return text.split(",")

    peers = ",".join(peer.name for peer in PEERS)
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("--sizes", type=words, default=words(SIZES), help="services x tables of each, as 8x5")
    add("--only", type=words, default=list(PARTS), help="some of " + ", ".join(PARTS))
    add("--runs", type=int, default=5, help="of each floor and of chirodb; the median is told")
    add("--minutes", type=float, default=21, help="after which no other part is begun")
    add("--peers", type=words, default=words(peers), help=f"some of {peers}")
    add("--peer-runs", type=int, default=3)
    add("--peer-limit", type=float, default=60, help="seconds of one run")
    add("--peer-tables", type=int, default=5000, help="above, no first apply of peers")
    add("--backup-mb", type=int, default=1000, help="of the schema to back up")
    add("--out", type=Path, default=Path(__file__).with_name("RESULTS.md"))
    return parser.parse_args()


main()
