"""What a schema needs from outside of it to be restored, as a script that makes what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from chiro_db.backup import bodies
from chiro_db.backup.bodies import Mention
from chiro_db.sql import Name, Text, statement

if TYPE_CHECKING:
    from chiro_db.backup.moment import Moment

STAND_IN = "chirodb: stands in for what no backup of another schema holds"
# What SQL of ours makes; everything else comes from pg_dump, object by object.
_RELATIONS = "pg_class"
_SERVERS = ("pg_foreign_data_wrapper", "pg_foreign_server")
_PARTS = frozenset(
    {"pg_class", "pg_constraint", "pg_extension", "pg_language", "pg_namespace", *_SERVERS}
)


class Need(NamedTuple):
    """One object outside of the schema; a row of needs.sql."""

    catalog: str
    class_id: int
    id: int
    extension: str | None
    type: str
    schema: str | None
    identity: str
    names: list[str] | None
    arguments: list[str] | None


class Relation(NamedTuple):
    """A relation of another schema; a row of relations.sql."""

    kind: str
    schema: str
    name: str
    owner: str
    columns: list[str]
    keys: list[str]
    partitioned_by: str | None

    @property
    def sql(self) -> str:
        """Its columns and keys, by the server's own words; never its rows."""
        name = Name(self.schema, self.name)
        kind = "SEQUENCE" if self.kind == "S" else "TABLE"
        owner = f"; ALTER {kind} {name} OWNER TO {Name(self.owner)}"
        owner += f"; COMMENT ON {kind} {name} IS {Text(STAND_IN)}"
        if self.kind == "S":
            return f"CREATE SEQUENCE {name}{owner}"
        by = f" PARTITION BY {self.partitioned_by}" if self.partitioned_by else ""
        return f"CREATE TABLE {name} ({', '.join([*self.columns, *self.keys])}){by}{owner}"


@dataclass(frozen=True, slots=True)
class Prerequisites:
    """What the schema needs, and what a dump of it cannot hold."""

    roles: tuple[str, ...]
    extensions: tuple[tuple[str, str], ...]  # with the schema of each
    schemas: tuple[tuple[str, str], ...]  # other schemas, with their owners
    needs: tuple[Need, ...]
    relations: tuple[Relation, ...]
    servers: tuple[tuple[str, int, str], ...]  # catalog, OID, statement
    foreign_keys: tuple[tuple[int, str, str, str, str], ...]  # to tables of other schemas
    left_out: tuple[tuple[str, str], ...]
    mentions: tuple[Mention, ...] = ()  # what bodies of functions name, unless it is a need

    @property
    def dumped(self) -> tuple[Need, ...]:
        """The objects whose definitions pg_dump writes."""
        return tuple(n for n in self.needs if not n.extension and n.catalog not in _PARTS)


def read(moment: Moment, schema: str, governed: Sequence[str] = ()) -> Prerequisites:
    """From pg_depend and pg_shdepend, in the snapshot; what governed roles lack is the spec's."""
    own = moment.rows("own", {"schema": schema})
    needs = tuple(Need(*row) for row in moment.rows("needs", _given(own)))
    outside = [(n.class_id, n.id) for n in needs if not n.extension]
    roles = tuple(row[0] for row in moment.rows("roles", _given([*own, *outside])))
    relations = [need.id for need in needs if need.catalog == _RELATIONS and not need.extension]
    extensions = sorted({need.extension for need in needs if need.extension})
    places = moment.rows("extensions", {"names": extensions})
    others = {n.schema for n in needs if n.schema and not n.extension} - {schema}
    servers = [n.id for n in needs if n.catalog in _SERVERS and not n.extension]
    return Prerequisites(
        roles,
        tuple((row[0], row[1]) for row in places),
        tuple((row[0], row[1]) for row in moment.rows("schemas", {"names": sorted(others)})),
        needs,
        tuple(Relation(*row) for row in moment.rows("relations", {"relations": relations})),
        tuple((row[0], row[1], row[2]) for row in moment.rows("servers", {"objects": servers})),
        tuple(
            (r[0], r[1], r[2], r[3], r[4]) for r in moment.rows("foreign_keys", {"schema": schema})
        ),
        tuple(
            (row[0], row[1])
            for row in moment.rows(
                "left_out",
                {
                    "schema": schema,
                    "roles": sorted({*roles} - {*governed}),
                    "servers": servers,
                },
            )
        ),
        tuple(m for m in bodies.read(moment, schema) if not _made(m, needs)),
    )


def _made(mention: Mention, needs: Sequence[Need]) -> bool:
    """Whether the prerequisites make it, or the extension that it is of."""
    return any(
        (need.class_id, need.id) == (mention.catalog, mention.id)
        or (need.extension is not None and need.extension == mention.extension)
        for need in needs
    )


def _given(objects: Sequence[tuple[Any, ...]]) -> dict[str, list[int]]:
    return {"classes": [o[0] for o in objects], "objects": [o[1] for o in objects]}


def script(found: Prerequisites, schema: str, definitions: Sequence[tuple[Need, str]]) -> str:
    """`prerequisites.sql`: any number of times, and before the archive."""
    lines = [
        "-- What the archive needs that is not in it; what is there already is left alone.",
        f"-- psql -1 -v ON_ERROR_STOP=1 -f prerequisites.sql, before pg_restore of {Name(schema)}",
    ]
    lines += (f"{made};" for made in _statements(found, schema, definitions))
    return "\n".join(lines) + "\n"


def _statements(
    found: Prerequisites, schema: str, definitions: Sequence[tuple[Need, str]]
) -> Iterator[str]:
    for role in found.roles:
        yield _unless("role", f"CREATE ROLE {Name(role)} NOLOGIN", name=Text(role))
    places = dict(found.schemas)
    for name, owner in found.schemas:
        yield _unless(
            "schema", f"CREATE SCHEMA {Name(name)} AUTHORIZATION {Name(owner)}", name=Text(name)
        )
    for extension, place in found.extensions:
        if place not in places and place not in ("pg_catalog", "public"):
            yield _unless("schema", f"CREATE SCHEMA {Name(place)}", name=Text(place))
        yield f"CREATE EXTENSION IF NOT EXISTS {Name(extension)} SCHEMA {Name(place)} CASCADE"
    by_id = {(need.catalog, need.id): need for need in found.needs}
    for catalog, oid, text in found.servers:
        yield _unless_object(by_id[(catalog, oid)], text)
    for need, text in definitions:
        yield _unless_object(need, text)
    for relation in found.relations:
        written = Text(str(Name(relation.schema, relation.name)))
        yield _unless("relation", relation.sql, name=written)


def _unless_object(need: Need, sql: str) -> str:
    return _unless(
        "object",
        sql,
        type=Text(need.type),
        names=_array(need.names or []),
        arguments=_array(need.arguments or []),
    )


def _array(texts: Sequence[str]) -> Text:
    """An array as a literal; its type is said by the template."""
    quoted = ('"' + t.replace("\\", "\\\\").replace('"', '\\"') + '"' for t in texts)
    return Text("{" + ",".join(quoted) + "}")


def _unless(what: str, sql: str, **values: Text) -> str:
    """A DO block, so that psql runs it as it stands."""
    body = statement(f"backup/unless_{what}", sql=Text(sql), **values)
    return f"DO {Text(body)}"
