"""One schema of mixed data: `backup run` beside the ways of pg_dump."""

from __future__ import annotations

import json
import shutil

from bench import floors, subjects
from bench.figures import Figure, Section, Target
from bench.measure import Contender, rounds
from bench.provisioning import Bench
from bench.server import DATABASE
from bench.subjects import chirodb
from bench.workloads import Workload
from chiro_db.embedded import binaries

SECTION = Section(
    "Backup of one schema",
    "Orders, JSON documents, log lines and incompressible blobs. The floor is the fastest way of"
    " pg_dump whose archive is not larger (by more than 5 %); reading the archive back is told"
    " apart.",
    products=True,
)
_SCHEMA = "bulk"
_ALIKE = 1.05


def workload(megabytes: int) -> Workload:
    """About as many megabytes in tables, uneven ones, and fifty small tables."""
    rows = megabytes * 1200  # per table, times the number below

    def fill(table: str, columns: str, values: str, number: float) -> str:
        return (
            f"CREATE TABLE {_SCHEMA}.{table} (id bigint PRIMARY KEY, {columns});\n"
            f"INSERT INTO {_SCHEMA}.{table} SELECT i, {values}"
            f" FROM generate_series(1, {int(rows * number)}) i"
        )

    status = "(ARRAY['open', 'paid', 'packed', 'sent', 'returned'])[1 + i % 5]"
    parts = [
        f"CREATE ROLE {_SCHEMA}_owner LOGIN; CREATE SCHEMA {_SCHEMA} AUTHORIZATION {_SCHEMA}_owner",
        f"SET role = {_SCHEMA}_owner",
        fill(
            "orders",
            "customer int, status text, total numeric(10, 2), placed timestamptz, note text",
            f"hashint8(i) % 90000, {status}, (i * 37 % 100000) / 100.0,"
            " timestamptz '2026-01-01' + i * interval '7 seconds',"
            " 'order ' || i || ' for customer ' || hashint8(i) % 90000 || ', deliver to the door'",
            1.5,
        ),
        fill(
            "documents",
            "body jsonb",
            f"jsonb_build_object('id', i, 'status', {status}, 'key', md5(i::text), 'tags',"
            " jsonb_build_array('a' || i % 7, 'b' || i % 31), 'lines', (SELECT"
            " jsonb_agg(jsonb_build_object('product', (i + k) % 5000, 'price', k * 1.99,"
            " 'sku', left(md5((i + k)::text), 12))) FROM generate_series(1, 6) k))",
            0.35,
        ),
        fill(
            "events",
            "at timestamptz, line text",
            "timestamptz '2026-01-01' + i * interval '1 second',"
            " 'GET /api/v1/orders/' || i % 70000 || ' 200 in ' || i % 997 || ' ms from 10.0.'"
            " || i % 250 || '.' || i % 199 || ' request ' || md5(i::text)",
            1.5,
        ),
        fill(
            "blobs",
            "content bytea",
            "(SELECT string_agg(sha512((i * 16 + k)::text::bytea), '')"
            " FROM generate_series(1, 16) k)",
            0.15,
        ),
        *(
            fill(f"small{n:02}", "name text", f"'row ' || i || ' of {n}'", 0.0002)
            for n in range(50)
        ),
        "RESET role",
    ]
    return Workload(
        name=f"{megabytes} MB",
        spec=f"version: 1\ndatabase: {{name: {DATABASE}}}\nservices:\n  {_SCHEMA}:\n"
        f"    schema: {_SCHEMA}\n    owner: {_SCHEMA}_owner\n",
        build="\n--\n".join(parts),
        tables=54,
        services=(_SCHEMA,),
    )


def measure(bench: Bench) -> None:
    subjects.said("apply", *bench.on, "--yes")
    bench.settle()
    contenders = [*_floors(bench), *_subject(bench)]
    taken = rounds(contenders, bench.runs, warm=False)
    size = bench.workload.name
    for name, one in taken.items():
        subject, floor = name.startswith("chirodb"), None
        if subject and one.samples:
            others = [o for n, o in taken.items() if n != name and o.samples]
            small = [other for other in others if other.made <= one.made * _ALIKE]
            floor = min(small, key=lambda other: other.wall, default=None)
        target = Target(times=1.15) if subject else None
        SECTION.figures.append(Figure(size, name, one, floor, target, subject=subject))
    ((stored,),) = bench.server.ask(
        "SELECT sum(pg_table_size(c.oid)) / 1e6 FROM pg_class c"
        " WHERE relkind = 'r' AND relnamespace = 'bulk'::regnamespace"
    )
    SECTION.notes.append(f"the tables take {stored:.0f} MB on the server")


def _floors(bench: Bench) -> list[Contender]:
    server, folder = bench.server, bench.folder
    only = ("-n", _SCHEMA)
    file, directory = folder / "archive", folder / "directory"
    made = [
        floors.pg_dump(
            "pg_dump -Fc", server, "-Fc", *only, "-f", str(file), makes=file, runs=1
        ),  # never the fastest
        floors.pg_dump("pg_dump -Fc -Z0", server, "-Fc", "-Z0", *only, "-f", str(file), makes=file),
        floors.pg_dump(
            "pg_dump -Fd -j2 -Z gzip:1",
            server,
            *("-Fd", "-j2", "-Z", "gzip:1", *only, "-f", str(directory)),
            makes=directory,
        ),
    ]
    if shutil.which("zstd") is None or shutil.which("bash") is None:
        SECTION.notes.append("pg_dump -Fc -Z0 | zstd -3: skipped, there is no zstd or bash on PATH")
        return made
    pipe = '"$1" -Fc -Z0 -n "$2" | zstd -3 -q -f -o "$3"'
    program = str(binaries.client("pg_dump"))
    shell = [str(shutil.which("bash")), "-o", "pipefail", "-c", pipe, "bash"]
    return [
        *made,
        Contender(
            "pg_dump -Fc -Z0 \\| zstd -3",
            [*shell, program, _SCHEMA, str(file)],
            environment=server.variables,
            makes=file,
        ),
    ]


def _subject(bench: Bench) -> list[Contender]:
    if not subjects.has("backup"):
        SECTION.notes.append("chirodb backup run: skipped, this chirodb has no such command")
        return []
    store = bench.folder / "store"
    arguments = ["backup", "run", *bench.on, "--store", str(store), "--format", "json"]
    made = []
    for name, more in (("chirodb backup run", []), ("chirodb backup run --jobs 2", ["-j", "2"])):
        made.append(chirodb(name, *arguments, *more, makes=store, apart=_read_back))
    return made


def _read_back(output: str) -> float:
    return sum(float(one["read_back_seconds"]) for one in json.loads(output)["backups"])
