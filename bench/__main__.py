"""`python -m bench`: everything, on servers of its own, into bench/RESULTS.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import backups, machine, offline, provisioning, report, rivalry, server, wide, workloads
from bench.figures import Section, Target
from bench.peers import PEERS
from bench.provisioning import Bench
from bench.workloads import Workload

PARTS = ("offline", "plan", "peers", "wide", "backup")
_MOST_FOR_PEERS = 50_000  # tables
SIZES = "8x5,8x50,100x50,1000x50,1000x100"
SECTIONS = (
    offline.SECTION,
    provisioning.PLAN,
    provisioning.DRIFT,
    provisioning.APPLY,
    rivalry.SECTION,
    wide.SECTION,
    backups.SECTION,
)


class Run:
    """The options, and the page as far as it has come."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.started = time.monotonic()
        self.load = machine.load()

    def say(self, what: str) -> None:
        sys.stderr.write(f"{time.monotonic() - self.started:5.0f} s  {what}\n")

    @contextmanager
    def part(self, what: str) -> Iterator[None]:
        """Says what comes; the page is written after each part, so that an end loses little."""
        self.say(what)
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the other parts are still worth their time
            self.say(f"{what} failed: {error}")
            SECTIONS[0].notes.append(f"{what} failed: {error}")
        self.write("the run was ended before it was done")

    @contextmanager
    def on(self, workload: Workload) -> Iterator[Bench]:
        with (
            self.part(workload.name),
            server.cluster() as made,
            tempfile.TemporaryDirectory() as folder,
        ):
            yield provisioning.prepared(made, workload, Path(folder), self.options.runs)

    def write(self, unfinished: str = "") -> None:
        minutes = (time.monotonic() - self.started) / 60
        head = report.head(machine.lines(), self.options.runs, minutes, self.load, unfinished)
        exponents = Section("Growth", notes=list(report.growth(provisioning.POINTS)))
        self.options.out.write_text(report.page(head, (*SECTIONS, exponents)))


def main() -> None:
    options = _options()
    run = Run(options)
    only = options.only.split(",")
    if "offline" in only:
        with run.part("without a server"), tempfile.TemporaryDirectory() as folder:
            offline.measure(Path(folder), options.runs)
    peers = rivalry.find(options.peers.split(",")) if "peers" in only else []
    limits = rivalry.Limits(options.peer_runs, options.peer_limit, options.peer_tables)
    for size in options.sizes.split(","):
        number, tables = map(int, size.split("x"))
        rivals = "peers" in only and number * tables <= _MOST_FOR_PEERS
        if "plan" in only or rivals:
            with run.on(workloads.services(number, tables)) as bench:
                if "plan" in only:
                    run.say("  first apply")
                    provisioning.first_apply(bench)
                    run.say("  without changes")
                    provisioning.without_changes(bench)
                    run.say("  one drifted privilege")
                    provisioning.one_drifted(bench)
                if rivals:
                    run.say("  peers")
                    rivalry.measure(bench, peers, limits)
    if "wide" in only:
        with run.on(workloads.wide_tables()) as bench:
            wide.measure(bench, peers, Target(seconds=3))
        with run.on(workloads.narrowed()) as bench:
            wide.measure(bench)
        with run.on(workloads.memberships()) as bench:
            wide.measure(bench)
    if "backup" in only:
        with run.on(backups.workload(options.backup_mb)) as bench:
            backups.measure(bench)
    run.write()
    run.say(f"done: {options.out}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--sizes", default=SIZES, help=f"services x tables of each, of {SIZES}")
    parser.add_argument("--runs", type=int, default=5)
    names = ",".join(peer.name for peer in PEERS)
    parser.add_argument("--peers", default=names, help=f"of {names}")
    parser.add_argument("--peer-runs", type=int, default=3)
    parser.add_argument("--peer-limit", type=float, default=60, help="seconds of one run of a peer")
    parser.add_argument(
        "--peer-tables", type=int, default=5000, help="peers up to this many tables"
    )
    parser.add_argument("--backup-mb", type=int, default=1000, help="of the schema to back up")
    parser.add_argument("--only", default=",".join(PARTS), help="some of " + ", ".join(PARTS))
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("RESULTS.md"))
    return parser.parse_args()


main()
