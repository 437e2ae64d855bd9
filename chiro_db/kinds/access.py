"""Who shall hold what, schema by schema: services, levels and grants turned into rights."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import translate
from typing import TYPE_CHECKING

from chiro_db.kinds.signature import Signature, is_glob
from chiro_db.model.acl import Grantee, Right, Source, Wanted
from chiro_db.model.predefined import missing
from chiro_db.model.privilege import ON, Securable, known
from chiro_db.model.spec_grant import NARROWING

if TYPE_CHECKING:
    from chiro_db.model.spec import Service, Spec
    from chiro_db.model.spec_grant import Grant

Rights = dict[tuple[Grantee, str], Right]
Report = Callable[[str, Source, str], None]


@dataclass(slots=True)
class Narrow:
    """A grant on named objects of one type: what it gives, and which names it gave."""

    rights: Rights
    literals: dict[str, Source] = field(default_factory=dict)
    patterns: list[tuple[str, re.Pattern[str], Source]] = field(default_factory=list)
    columns: tuple[str, ...] = ()  # of a grant on columns: names or globs


@dataclass(slots=True)
class SchemaAccess:
    """The rights on one service's schema and on what is in it."""

    service: str
    schema: str
    above: Rights = field(default_factory=dict)  # on the schema itself
    whole: dict[Securable, Rights] = field(default_factory=dict)  # on what exists
    future: dict[Securable, Rights] = field(default_factory=dict)  # by default privileges
    made_by: dict[str, dict[Securable, Rights]] = field(default_factory=dict)  # by one maker's
    either: dict[Securable, Rights] = field(default_factory=dict)  # tolerated: `cover: future`
    narrowed: dict[Securable, list[Narrow]] = field(default_factory=dict)

    def future_of(self, maker: str, securable: Securable) -> Wanted:
        """What the maker's default privileges give."""
        everyone = self.future.get(securable, {})
        own = self.made_by.get(maker, {}).get(securable)
        return everyone if own is None else merged((everyone, own))

    def covers_types(self, maker: str) -> bool:
        """Whether types that the maker makes later are covered."""
        return bool(self.future_of(maker, "type"))

    def grantees(self) -> Iterator[Grantee]:
        """Everyone who may use something here, with repeats."""
        own = (rights for of_maker in self.made_by.values() for rights in of_maker.values())
        for rights in (self.above, *self.whole.values(), *self.future.values(), *own):
            yield from (grantee for grantee, _ in rights)
        for narrows in self.narrowed.values():
            for narrow in narrows:
                yield from (grantee for grantee, _ in narrow.rights)


def add(rights: Rights, grantee: Grantee, privileges: Iterable[str], right: Right) -> None:
    """Add privileges to what the grantee has; the grant option wins."""
    for privilege in privileges:
        have = rights.get((grantee, privilege))
        if have is None or (right.grantable and not have.grantable):
            rights[(grantee, privilege)] = right


class _Compiler:
    """Turns the lines of one service into its SchemaAccess."""

    def __init__(
        self, spec: Spec, version: int, active: Callable[[date | None], bool], report: Report
    ) -> None:
        self.spec = spec
        self.version = version
        self.active = active
        self.report = report

    def service(self, name: str, service: Service) -> SchemaAccess:
        access = SchemaAccess(name, service.schema_name)
        base: Source = ("services", name)
        if service.app is not None:
            self._level(access, service.app, "write", Right(False, (*base, "app")))
        if service.reader is not None:
            self._level(access, service.reader, "read", Right(False, (*base, "reader")))
        for i, creator in enumerate(service.creators):
            add(access.above, creator, ("USAGE", "CREATE"), Right(False, (*base, "creators", i)))
        for i, grant in enumerate(service.grants):
            if self.active(grant.until):
                self._grant(access, grant, (*base, "grants", i))
        return access

    def _level(self, access: SchemaAccess, grantee: Grantee, level: str, right: Right) -> None:
        given = self.spec.level(level)
        for word, securable in ON.items():
            self._whole(access, grantee, securable, given.of(word), right, None)

    def _whole(
        self,
        access: SchemaAccess,
        grantee: Grantee,
        securable: Securable,
        privileges: Sequence[str],
        right: Right,
        cover: str | None,
        made_by: Sequence[str] | None = None,
    ) -> None:
        if not privileges:
            return
        if securable == "schema":
            add(access.above, grantee, privileges, right)
            return
        if cover != "future":
            add(access.whole.setdefault(securable, {}), grantee, privileges, right)
        else:
            add(access.either.setdefault(securable, {}), grantee, privileges, right)
        if made_by is not None:
            for maker in made_by:
                own = access.made_by.setdefault(maker, {}).setdefault(securable, {})
                add(own, grantee, privileges, right)
        elif cover != "existing":
            add(access.future.setdefault(securable, {}), grantee, privileges, right)

    def _grant(self, access: SchemaAccess, grant: Grant, source: Source) -> None:
        for to in grant.to:
            grantee = None if to == "public" else to
            right = Right(grant.grantable, source)
            later = (grant.cover, grant.made_by)
            if unknown := missing(to, self.version // 10000):
                self.report("error", source, unknown)
            if grant.narrowed:
                if grant.usage:
                    add(access.above, grantee, ("USAGE",), Right(False, source))
                continue
            if grant.level is not None:
                level = self.spec.level(grant.level)
                for word, securable in ON.items():
                    privileges = self._of(securable, level.of(word), source)
                    self._whole(access, grantee, securable, privileges, right, *later)
            else:
                for word in grant.on:
                    securable = ON[word]
                    privileges = self._of(securable, grant.privileges or (), source)
                    self._whole(access, grantee, securable, privileges, right, *later)
        if grant.narrowed:
            self._narrow(access, grant, source)

    def _of(
        self, securable: Securable, privileges: Sequence[str], source: Source
    ) -> tuple[str, ...]:
        """Those of the privileges that such an object has; ALL is all that this server knows."""
        available = known(securable, self.version)
        if "ALL" in privileges:
            return available
        if securable == "table" and "MAINTAIN" in privileges and "MAINTAIN" not in available:
            major = self.version // 10000
            self.report("error", source, f"PostgreSQL {major} has no MAINTAIN; it came with 17")
        return tuple(p for p in privileges if p in available)

    def _rights(self, grant: Grant, securable: Securable, word: str, source: Source) -> Rights:
        given = (
            self.spec.level(grant.level).of(word)
            if grant.level is not None
            else grant.privileges or ()
        )
        rights: Rights = {}
        for to in grant.to:
            grantee = None if to == "public" else to
            privileges = self._of(securable, given, source)
            add(rights, grantee, privileges, Right(grant.grantable, source))
        return rights

    def _narrow(self, access: SchemaAccess, grant: Grant, source: Source) -> None:
        for word, securable in ON.items():
            names = getattr(grant, word) if word in NARROWING else None
            if names is None:
                continue
            narrow = Narrow(self._rights(grant, securable, word, source))
            for i, name in enumerate(names):
                self._name(narrow, securable, access.schema, name, (*source, word, i))
            access.narrowed.setdefault(securable, []).append(narrow)
        for table, columns in (grant.columns or {}).items():
            narrow = Narrow(self._rights(grant, "column", "tables", source), columns=columns)
            self._name(narrow, "column", access.schema, table, (*source, "columns", table))
            access.narrowed.setdefault("column", []).append(narrow)

    def _name(
        self, narrow: Narrow, securable: Securable, schema: str, name: str, source: Source
    ) -> None:
        if securable == "routine":
            signature = Signature.parse(name, schema)
            if signature.is_glob:
                pattern = re.compile(translate(signature.name))
                narrow.patterns.append((name, pattern, source))
            else:
                narrow.literals[name] = source
        elif is_glob(name):
            narrow.patterns.append((name, re.compile(translate(name)), source))
        else:
            narrow.literals[name] = source


def compiled(
    spec: Spec, version: int, active: Callable[[date | None], bool], report: Report
) -> Mapping[str, SchemaAccess]:
    """By schema: who shall hold what there."""
    compiler = _Compiler(spec, version, active, report)
    return {
        service.schema_name: compiler.service(name, service)
        for name, service in spec.services.items()
    }


def merged(parts: Iterable[Wanted]) -> Wanted:
    """All rights together; a grant option from any of them counts."""
    result: Rights = {}
    for part in parts:
        for (grantee, privilege), right in part.items():
            add(result, grantee, (privilege,), right)
    return result
