"""Each schema as a service, with the roles recognised that are its app, reader and migrator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chiro_db.adopt import holdings
from chiro_db.adopt.holdings import Holdings
from chiro_db.adopt.lines import Lines
from chiro_db.adopt.live import Live
from chiro_db.adopt.narrowed import Line
from chiro_db.adopt.survey import Schema
from chiro_db.kinds.column import Fact as Columns
from chiro_db.kinds.object import Fact as Objects
from chiro_db.model import acl
from chiro_db.model.acl import Grantee
from chiro_db.model.predefined import DATABASE_OWNER
from chiro_db.model.privilege import Securable

_APP: list[Line] = [{"level": "write"}]
_READER: list[Line] = [{"level": "read"}]
_LEFT_ALONE = {holdings.Held(None, "USAGE", False)}  # on the schema public
_KINDS: tuple[Securable, ...] = ("table", "sequence", "routine", "type")


@dataclass(slots=True)
class Service:
    """What will stand under `services:`."""

    name: str
    schema: str
    owner: str
    purpose: str | None
    creators: dict[str, int]  # with the number of objects that they own
    lines: dict[Grantee, list[Line]]
    app: str | None = None
    reader: str | None = None
    migrator: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    threshold: str | None = None
    logs_values: bool = False  # of parameters, with the slow statements

    @property
    def logins(self) -> tuple[str, ...]:
        roles = (self.owner, self.app, self.migrator)
        return tuple(r for r in roles if r not in (None, DATABASE_OWNER))


def services(live: Live) -> list[Service]:
    chosen = [schema for schema in live.survey.chosen if live.is_service(schema)]
    names = _names(schema.name for schema in chosen)
    objects: dict[str, list[Objects]] = {}
    for fact in live.state.facts["object"]:
        objects.setdefault(fact.schema, []).append(fact)
    columns: dict[str, list[Columns]] = {}
    for fact in live.state.facts["column"]:
        if fact.type == "table":  # the grammar knows no columns of sequences
            columns.setdefault(fact.schema, []).append(fact)
    facts = {fact.name: fact for fact in live.state.facts["schema"]}
    found = []
    for schema in chosen:
        above = holdings.held(acl.parse(facts[schema.name].acl), schema.owner, live.counts)
        mine = objects.get(schema.name, [])
        creators = _creators(live, schema, mine, above)
        makers = [role for role in (schema.owner, *creators) if role != DATABASE_OWNER]
        parts = {
            kind: holdings.part(
                kind,
                [fact for fact in mine if fact.type == kind],
                holdings.future(
                    makers, schema.name, kind, live.defaults, live.version, live.counts
                ),
                live.counts,
            )
            for kind in _KINDS
        }
        making = {holdings.Held(r, p, False) for r in creators for p in ("USAGE", "CREATE")}
        implied = frozenset(making | (_LEFT_ALONE if schema.name == "public" else set()))
        held = Holdings(
            above | making, parts, holdings.columns(columns.get(schema.name, ()), live.counts)
        )
        lines = Lines(held, live.version, implied).by_grantee
        comment = facts[schema.name].comment
        found.append(
            Service(names[schema.name], schema.name, schema.owner, comment, creators, lines)
        )
    _recognise(live, found)
    return found


def _creators(
    live: Live, schema: Schema, facts: Iterable[Objects], above: frozenset[holdings.Held]
) -> dict[str, int]:
    """Whoever owns something in another's schema, or has made default privileges for it."""
    found = Counter[str]()
    for fact in facts:
        if fact.owner != schema.owner and fact.owner in live.roles and not fact.linked:
            found[fact.owner] += len(fact.names)
    for role in live.makers.get(schema.name, ()):
        if role != schema.owner and role in live.roles:
            makes = {h.privilege for h in above if h.grantee == role}
            if live.is_superuser(role) or makes >= {"USAGE", "CREATE"}:
                found[role] += 0
    return {role: found[role] for role in sorted(found)}


def _names(schemas: Iterable[str]) -> Mapping[str, str]:
    """A service's name is its schema's, without the word that says nothing."""
    names = list(schemas)
    short = {name: name.removesuffix("_schema") or name for name in names}
    twice = Counter(short.values())
    return {name: name if twice[short[name]] > 1 else short[name] for name in names}


def _recognise(live: Live, found: list[Service]) -> None:
    """A role is the app, reader or migrator of one service if it is exactly that."""
    apps, readers = Counter[str](), Counter[str]()
    for service in found:
        apps.update(r for r, lines in service.lines.items() if r is not None and lines == _APP)
        readers.update(
            r for r, lines in service.lines.items() if r is not None and lines == _READER
        )
    for service in found:
        mine = [r for r in service.lines if r is not None and r in live.roles]
        mine = [r for r in mine if r != service.owner and r not in service.creators]
        logins = [r for r in mine if live.roles[r].login]
        app = [r for r in logins if service.lines[r] == _APP and apps[r] == 1]
        reader = [
            r
            for r in mine
            if service.lines[r] == _READER and readers[r] == 1 and not live.roles[r].login
        ]
        service.app = min(app, key=lambda r: ("app" not in r, r), default=None)
        service.reader = min(reader, key=lambda r: ("read" not in r, r), default=None)
        for role in (service.app, service.reader):
            service.lines.pop(role, None) if role is not None else None
    taken: set[str] = set()
    for service in found:
        service.migrator = _migrator(live, service, taken)
        if service.migrator is not None:
            taken.add(service.migrator)


def _migrator(live: Live, service: Service, taken: set[str]) -> str | None:
    """A member of the owner whose sessions in this database start as the owner.

    Of several schemas of the owner, those in the member's search_path; else the first one.
    """
    paths = live.paths
    starting = live.starting.get(service.owner, set())
    rows = live.by_group.get(service.owner, ())
    fitting = sorted(
        row.member
        for row in rows
        if row.member in starting
        and live.roles[row.member].login
        and row.inherit
        and row.set
        and not row.admin
        and row.member not in (service.app, service.reader)
        and row.member not in service.lines
        and (
            service.schema in paths[row.member] if row.member in paths else row.member not in taken
        )
    )
    return fitting[0] if len(fitting) == 1 else None
