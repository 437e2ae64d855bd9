"""Services of one size: first apply, plan and drift without changes, one drifted privilege."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench import floors, subjects
from bench.figures import Section, Target
from bench.measure import FailedError, Taken, rounds
from bench.server import DATABASE, Server
from bench.subjects import chirodb
from bench.traffic import Traffic, counted
from bench.workloads import Workload

APPLY = Section(
    "First apply",
    "Owners, schemas and tables are there; app, reader and migrator of each service, all"
    " privileges, default privileges and settings are not. Before each run the database is copied"
    " anew. The floor is psql with the fewest statements that give the same result, names listed,"
    " in one transaction.",
)
PLAN = Section(
    "Without changes",
    "The floor is a bare python that imports psycopg and reads the catalog grouped"
    " (`bench/grouped.sql`). psql runs chirodb's own catalog queries.",
)
DRIFT = Section(
    "One drifted privilege",
    "SELECT on one table, taken from one reader. The floor is a plan without changes in the same"
    " rounds.",
)
_MANY = 5000  # tables, above which less is compared and seldomer
POINTS: dict[str, list[tuple[int, float]]] = {}  # by figure: tables, seconds


@dataclass(frozen=True)
class Bench:
    """A server with one workload on it, and the folder of its files."""

    server: Server
    workload: Workload
    folder: Path
    runs: int

    @property
    def spec(self) -> Path:
        return self.folder / "spec.yaml"

    @property
    def on(self) -> list[str]:
        return subjects.on(self.server, self.spec)

    def write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.write_text(content)
        return path

    def settle(self) -> None:
        """What autovacuum would do by and by."""
        self.server.run("VACUUM ANALYZE")

    def in_step(self, who: str) -> None:
        """FailedError unless chirodb finds nothing left to do."""
        answer = subjects.said("plan", *self.on, "--exit-code")
        if answer.returncode != 0:
            raise FailedError(f"{who} left a difference: {answer.stdout[-600:]}{answer.stderr}")

    def traffic(self, *command: str) -> Traffic:
        """Of one run, which is not timed."""
        with counted(f"{self.server.conninfo} dbname={DATABASE}") as (url, traffic):
            subjects.said(*command, "--url", url)
        return traffic


def prepared(server: Server, workload: Workload, folder: Path, runs: int) -> Bench:
    made = Bench(server, workload, folder, runs)
    made.write("spec.yaml", workload.spec)
    server.build(workload.build)
    return made


def measure(bench: Bench) -> None:
    first_apply(bench)
    without_changes(bench)
    one_drifted(bench)


def first_apply(bench: Bench) -> None:
    server = bench.server
    planned = subjects.said("plan", *bench.on, "--format", "sql")
    by_hand = bench.write("cheapest.sql", bench.workload.cheapest)
    of_plan = bench.write("plan.sql", planned.stdout)
    few = None if bench.workload.tables <= _MANY else 2
    contenders = [
        floors.psql("psql, cheapest statements", server, by_hand, server.reset),
        floors.psql("psql, the plan's statements", server, of_plan, server.reset, few),
        chirodb("chirodb apply", "apply", *bench.on, "--yes", before=server.reset),
    ]
    targets = {"chirodb apply": Target(times=1.3)}
    for way, seldomer in (("--by-service", None), ("--whole-schemas", few)):
        if bench.workload.tables <= 10 * _MANY and subjects.has("apply", way):
            arguments = ("apply", *bench.on, "--yes", way)
            one = chirodb(f"chirodb apply {way}", *arguments, before=server.reset, runs=seldomer)
            contenders.append(one)
    server.reset()
    server.run(bench.workload.cheapest)
    bench.in_step("the script of cheapest statements")
    traffic = {}
    runs = 1  # of the largest, which takes minutes
    if bench.workload.tables <= 10 * _MANY:
        server.reset()
        traffic["chirodb apply"] = bench.traffic("apply", "--spec", str(bench.spec), "--yes")
        runs = bench.runs
    taken = rounds(contenders, runs)
    if not taken["chirodb apply"].samples:  # the other figures are still to be had
        server.reset()
        server.run(bench.workload.cheapest)
    bench.in_step("the last apply")
    _point("first apply", bench, taken["chirodb apply"])
    APPLY.add(bench.workload.name, taken, "psql, cheapest statements", targets, traffic)


def without_changes(bench: Bench) -> None:
    server = bench.server
    bench.settle()
    queries = bench.write("catalog.sql", floors.catalog_queries(server, bench.spec))
    contenders = [
        floors.grouped(server),
        floors.psql("psql, chirodb's catalog queries", server, queries),
        chirodb("chirodb plan", "plan", *bench.on, "--exit-code"),
        chirodb("chirodb drift", "drift", *bench.on),
    ]
    targets = {
        "chirodb plan": Target(times=3, megabytes=150),
        "chirodb drift": Target(times=3, megabytes=150),
    }
    if subjects.has("inspect"):
        arguments = ("inspect", "--url", f"{server.conninfo} dbname={DATABASE}")
        contenders.append(chirodb("chirodb inspect", *arguments, codes=(0, 2)))
        targets["chirodb inspect"] = Target(seconds=5)
    else:
        note = "`chirodb inspect`: skipped, this chirodb has no such command"
        PLAN.notes[:] = [note]
    few = None if bench.workload.tables <= _MANY else 1
    contenders.append(floors.pg_dump("pg_dump --schema-only", server, "-s", runs=few))
    taken = rounds(contenders, bench.runs)
    traffic = {
        "chirodb plan": bench.traffic("plan", "--spec", str(bench.spec)),
        "chirodb drift": bench.traffic("drift", "--spec", str(bench.spec)),
    }
    if "chirodb inspect" in taken:
        traffic["chirodb inspect"] = bench.traffic("inspect")
    for name in traffic:
        _point(name, bench, taken[name])
    PLAN.add(bench.workload.name, taken, "python, grouped read", targets, traffic)


def one_drifted(bench: Bench) -> None:
    server, workload = bench.server, bench.workload

    def take() -> None:
        server.run(workload.drift)

    def give() -> None:
        server.run(workload.mended)

    take()
    planned = subjects.said("plan", *bench.on, "--format", "sql").stdout
    frame = ("--", "\\", "SET ", "BEGIN", "COMMIT")
    lines = [line for line in planned.splitlines() if line and not line.startswith(frame)]
    floor = "chirodb plan, nothing drifted"
    contenders = [
        chirodb(floor, "plan", *bench.on, "--exit-code", before=give),
        chirodb("chirodb plan", "plan", *bench.on, "--exit-code", before=take, codes=(2,)),
        chirodb("chirodb apply", "apply", *bench.on, "--yes", before=take),
    ]
    taken = rounds(contenders, bench.runs)
    take()
    traffic = {"chirodb apply": bench.traffic("apply", "--spec", str(bench.spec), "--yes")}
    DRIFT.add(workload.name, taken, floor, {"chirodb apply": Target(times=2)}, traffic)
    number = f"{len(lines)} statement{'' if len(lines) == 1 else 's'}"
    DRIFT.notes.append(f"{workload.name}: the plan has {number}: `{' '.join(lines)[:120]}`")


def _point(name: str, bench: Bench, taken: Taken) -> None:
    if taken.samples:
        POINTS.setdefault(name, []).append((bench.workload.tables, taken.wall))
