"""Few things of many: grants on tables one by one, narrowed grants, memberships."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench import floors
from bench.figures import Section, Target
from bench.measure import Contender, rounds
from bench.provisioning import Bench
from bench.rivalry import Installed
from bench.subjects import chirodb

SECTION = Section(
    "Wide",
    "Applied once, by chirodb; then plans without changes. The floor is the same bare python that"
    " reads the catalog grouped.",
)


def _peer(bench: Bench, peers: Sequence[Installed]) -> Iterator[Contender]:
    """The one that can grant on tables by name without a task for each."""
    for one in peers:
        if one.peer.name == "pgsesame" and one.programs is not None and bench.workload.readers:
            look = one.peer.configure(one.programs, bench.folder, bench.workload).look
            yield Contender(
                "pgsesame plan", look, None, bench.server.variables, (0, 2), limit=120, runs=1
            )


def measure(bench: Bench, peers: Sequence[Installed] = (), target: Target | None = None) -> None:
    server, size = bench.server, bench.workload.name
    apply = chirodb("chirodb apply, the first", "apply", *bench.on, "--yes", runs=1)
    SECTION.add(size, rounds([apply], 1, warm=False))
    bench.in_step("the first apply")
    bench.settle()
    floor = floors.grouped(server)
    queries = bench.write("catalog.sql", floors.catalog_queries(server, bench.spec))
    contenders = [
        floor,
        floors.psql("psql, chirodb's catalog queries", server, queries),
        chirodb("chirodb validate", "validate", "--spec", bench.spec),
        chirodb("chirodb plan", "plan", *bench.on, "--exit-code"),
    ]
    contenders += _peer(bench, peers)
    taken = rounds(contenders, bench.runs)
    traffic = {"chirodb plan": bench.traffic("plan", "--spec", str(bench.spec))}
    targets = {"chirodb plan": target} if target else {}
    SECTION.add(size, taken, floor.name, targets, traffic)
