"""What is measured: specs, and the SQL of the state that each starts from."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.server import DATABASE

_HEAD = f"version: 1\ndatabase: {{name: {DATABASE}}}\n"
_COLUMNS = "id bigint, name varchar(9)"  # no TOAST table
_SEPARATE = "\n--\n"  # what comes after it is another transaction


@dataclass(frozen=True)
class Workload:
    """A database of services, the spec that it shall follow, and SQL for both."""

    name: str
    spec: str
    build: str  # what is there before the first apply: owners, schemas, tables
    tables: int
    services: tuple[str, ...] = ()
    tables_each: int = 0
    cheapest: str = ""  # by hand: the fewest statements that make the spec true
    drift: str = ""  # takes one privilege away
    mended: str = ""  # gives it back
    readers: Mapping[str, Sequence[str]] = field(default_factory=dict)  # SELECT by role, on tables


def services(number: int, tables: int) -> Workload:
    """`number` services with owner, app, reader and migrator, and as many tables each."""
    names = tuple(f"svc{i:04}" for i in range(1, number + 1))
    drifted = f"{names[number // 2]}.t{tables // 2 + 1:03}"
    reader = f"{names[number // 2]}_reader"
    return Workload(
        name=f"{number} x {tables}",
        spec=_HEAD + "services:\n" + "".join(_service(name) for name in names),
        build=_SEPARATE.join(_build(list(names), tables)),
        tables=number * tables,
        services=names,
        tables_each=tables,
        cheapest=_cheapest(names, tables),
        drift=f"REVOKE SELECT ON TABLE {drifted} FROM {reader}",
        mended=f"GRANT SELECT ON TABLE {drifted} TO {reader}",
    )


def _service(name: str, more: str = "") -> str:
    return (
        f"  {name}:\n    schema: {name}\n    owner: {name}_owner\n    app: {name}_app\n"
        f"    reader: {name}_reader\n    migrator: {name}_migrator\n{more}"
    )


def _build(names: list[str], tables: int) -> Iterator[str]:
    """Owners with their schemas, and tables in transactions of a hundred schemas each."""
    array = "ARRAY['{}']".format("','".join(names))
    yield f"""DO $$ DECLARE name text; BEGIN
        FOREACH name IN ARRAY {array} LOOP
            EXECUTE format('CREATE ROLE %I LOGIN', name || '_owner');
            EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %I', name, name || '_owner');
        END LOOP;
    END $$"""
    for at in range(0, len(names), 100):
        part = "ARRAY['{}']".format("','".join(names[at : at + 100]))
        yield f"""DO $$ DECLARE name text; BEGIN
            FOREACH name IN ARRAY {part} LOOP
                EXECUTE format('SET LOCAL ROLE %I', name || '_owner');
                FOR i IN 1..{tables} LOOP
                    EXECUTE format(
                        'CREATE TABLE %I.%I ({_COLUMNS})', name, 't' || to_char(i, 'FM000')
                    );
                END LOOP;
                RESET ROLE;
            END LOOP;
        END $$"""


def _cheapest(names: tuple[str, ...], tables: int) -> str:
    """Names listed, all that has the same rights in one statement, like beside like."""
    lines = []
    for name in names:
        lines += [f"CREATE ROLE {name}_{role} LOGIN" for role in ("app", "migrator")]
        lines.append(f"CREATE ROLE {name}_reader")
    for name in names:
        lines.append(f"GRANT {name}_owner TO {name}_migrator WITH INHERIT TRUE, SET TRUE")
    for name in names:
        lines.append(f"GRANT USAGE ON SCHEMA {name} TO {name}_app, {name}_reader")
    for name in names:
        listed = ", ".join(f"{name}.t{i:03}" for i in range(1, tables + 1))
        lines += [
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE {listed} TO {name}_app",
            f"GRANT SELECT ON TABLE {listed} TO {name}_reader",
        ]
    for name in names:
        default = f"ALTER DEFAULT PRIVILEGES FOR ROLE {name}_owner"
        inside = f"{default} IN SCHEMA {name} GRANT"
        lines += [
            f"{default} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
            f"{inside} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {name}_app",
            f"{inside} SELECT ON TABLES TO {name}_reader",
            f"{inside} SELECT, USAGE, UPDATE ON SEQUENCES TO {name}_app",
            f"{inside} SELECT ON SEQUENCES TO {name}_reader",
            f"{inside} EXECUTE ON FUNCTIONS TO {name}_app",
        ]
    for name in names:
        inside = f"IN DATABASE {DATABASE} SET"
        for role in ("owner", "app", "migrator"):
            lines.append(f"ALTER ROLE {name}_{role} {inside} search_path = {name}")
        lines.append(f"ALTER ROLE {name}_migrator {inside} role = {name}_owner")
    logins = ", ".join(f"{name}_{role}" for name in names for role in ("owner", "app", "migrator"))
    lines += [
        f"GRANT CONNECT ON DATABASE {DATABASE} TO {logins}",
        f"REVOKE CONNECT, TEMPORARY ON DATABASE {DATABASE} FROM PUBLIC",
    ]
    return ";\n".join(lines) + ";\n"


def wide_tables(schemas: int = 300, tables: int = 100, roles: int = 200) -> Workload:
    """Each table is granted to ten roles of its own by name: nothing can be grouped."""
    chance = random.Random(18)  # noqa: S311 - the same in each run
    names = tuple(f"svc{i:04}" for i in range(1, schemas + 1))
    text = [_HEAD, "roles:\n"]
    text += [f"  analyst{r:03}: {{}}\n" for r in range(1, roles + 1)]
    text.append("services:\n")
    readers: dict[str, list[str]] = {}
    for name in names:
        text.append(f"  {name}:\n    schema: {name}\n    owner: {name}_owner\n    grants:\n")
        for role in sorted(chance.sample(range(1, roles + 1), 20)):
            chosen = sorted(chance.sample(range(1, tables + 1), tables // 2))
            listed = ", ".join(f"t{i:03}" for i in chosen)
            readers.setdefault(f"analyst{role:03}", []).extend(f"{name}.t{i:03}" for i in chosen)
            text.append(
                f"      - {{to: analyst{role:03}, privileges: [SELECT], tables: [{listed}]}}\n"
            )
    total = schemas * tables
    return Workload(
        name=f"{total:,} tables, {schemas} schemas, {roles} roles, {total * 10:,} grants",
        spec="".join(text),
        build=_SEPARATE.join(_build(list(names), tables)),
        tables=total,
        services=names,
        tables_each=tables,
        readers=readers,
    )


def narrowed(number: int = 100, tables: int = 50, grants: int = 20) -> Workload:
    """Grants on some tables, by names, globs and columns, on top of the services' own."""
    plain = services(number, tables)
    text = [_HEAD, "services:\n"]
    for at, name in enumerate(plain.services):
        lines = ["    grants:\n"]
        for k in range(grants):
            to = plain.services[(at + k + 1) % number] + "_reader"
            what = (
                f"level: read, tables: [t{k + 1:03}, t{k + 2:03}]",
                f'level: read, tables: ["t0{k % 5}*"]',
                f"privileges: [SELECT], columns: {{t{k + 1:03}: [id]}}",
                f"privileges: [INSERT, SELECT], tables: [t{k + 1:03}]",
            )[k % 4]
            lines.append(f"      - {{to: {to}, {what}}}\n")
        text.append(_service(name, "".join(lines)))
    return Workload(
        name=f"{number * grants:,} narrowed grants in {plain.name}",
        spec="".join(text),
        build=plain.build,
        tables=plain.tables,
        services=plain.services,
        tables_each=tables,
    )


def memberships(groups: int = 1000, members: int = 4000, each: int = 5) -> Workload:
    """Many roles in many groups, and one service."""
    text = [_HEAD, "roles:\n"]
    text += [f"  group{g:04}: {{}}\n" for g in range(groups)]
    for m in range(members):
        of = ", ".join(f"group{(m + k * 199) % groups:04}" for k in range(each))
        text.append(f"  member{m:04}: {{login: true, member_of: [{of}]}}\n")
    one = services(1, 5)
    return Workload(
        name=f"{groups + members:,} roles, {members * each:,} memberships",
        spec="".join(text) + "services:\n" + _service(one.services[0]),
        build=one.build,
        tables=one.tables,
        services=one.services,
        tables_each=5,
    )


def long_spec(number: int = 1000) -> str:
    """14 lines for each service, with nothing but what the grammar has for it."""
    text = [_HEAD, "services:\n"]
    for i in range(1, number + 1):
        text.append(
            _service(
                f"svc{i:04}",
                f"    settings:\n      statement_timeout: 30s\n    grants:\n"
                f"      - to: svc{i % number + 1:04}_reader\n        level: read\n"
                f"        tables:\n          - t001\n          - t002\n",
            )
        )
    return "".join(text)
