"""What is wrong with the ACLs of what is in a service's schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from chiro_db.kinds import grantor, membership, retraction
from chiro_db.kinds.access import SchemaAccess, merged
from chiro_db.kinds.narrowing import Narrowing, Object
from chiro_db.kinds.scope import Scope
from chiro_db.model import acl, acl_delta
from chiro_db.model.acl import Right, Wanted
from chiro_db.model.acl_delta import Delta
from chiro_db.model.privilege import Securable, known

if TYPE_CHECKING:
    from chiro_db.kinds.object import Fact

WORDS: Mapping[Securable, str] = {
    "table": "table",
    "sequence": "sequence",
    "routine": "function",
    "type": "type",
}


# A table's columns and their sequences change hands with it: no change of owner where none need be.
_WITH_PARTS = ("table", "sequence")


class Difference(NamedTuple):
    """Objects of one schema, type and owner whose ACL differs in the same way."""

    schema: str
    type: Securable
    owner: str  # as it will be
    old_owner: str  # as it is
    objects: tuple[Object, ...]
    delta: Delta
    contested: bool  # others may grant it


def owner_of(scope: Scope, schema: str, owner: str) -> str:
    """Who shall own what `owner` owns now: the schema's owner, unless he is one of its makers."""
    return owner if owner in scope.makers[schema] else scope.owners[schema]


def differences(scope: Scope) -> list[Difference]:
    """What is wrong with the ACLs once every object has its right owner."""
    return scope.once(_differences)


def _differences(scope: Scope) -> list[Difference]:
    result: list[Difference] = []
    covers: dict[tuple[str, Securable], _Cover] = {}
    for schema, access in scope.access.items():
        if scope.has_service(access.service):
            for securable in WORDS:
                covers[(schema, securable)] = _Cover(scope, access, securable)
    for fact in scope.facts("object"):
        cover = covers.get((fact.schema, fact.type))
        if cover is not None:
            result += cover.differences(fact)
    for (_, securable), cover in covers.items():
        if cover.narrowing is not None:
            cover.narrowing.report_unmatched(scope, WORDS[securable])
    return result


class _Cover:
    """What the spec gives on one type of objects of one schema."""

    def __init__(self, scope: Scope, access: SchemaAccess, securable: Securable) -> None:
        self.scope = scope
        self.whole: Wanted = access.whole.get(securable, {})
        self.either: Wanted = access.either.get(securable, {})
        self.owned = known(securable, scope.server.version)
        self.narrows = access.narrowed.get(securable, [])
        self.narrowing = Narrowing(self.narrows, securable, access.schema) if self.narrows else None
        self._items: dict[tuple[str, int | None], frozenset[str]] = {}

    def differences(self, fact: Fact) -> Iterator[Difference]:
        if self.narrowing is None:
            if not self._in_step(fact, ()):
                yield from self._difference(fact, (), fact.objects)
            return
        for indexes, objects in self.narrowing.parts(fact.objects):
            if not self._in_step(fact, indexes):
                yield from self._difference(fact, indexes, objects)

    def _in_step(self, fact: Fact, indexes: tuple[int, ...]) -> bool:
        """The quick answer for nearly all: the ACL is, word for word, what shall be there."""
        items = self._items_of(fact.owner, None)
        if indexes:
            items = items.union(*(self._items_of(fact.owner, i) for i in indexes))
        return (
            items == frozenset(fact.acl)
            and owner_of(self.scope, fact.schema, fact.owner) == fact.owner
        )

    def _items_of(self, owner: str, index: int | None) -> frozenset[str]:
        """Of what covers everything, or of one narrowed grant."""
        found = self._items.get((owner, index))
        if found is None:
            if index is None:
                found = acl.items(owner, self.owned, self.whole)
            else:
                found = acl.items(owner, (), self.narrows[index].rights)
            self._items[(owner, index)] = found
        return found

    def _difference(
        self, fact: Fact, indexes: tuple[int, ...], objects: list[Object]
    ) -> Iterator[Difference]:
        scope = self.scope
        parts = [self.narrows[i].rights for i in indexes]
        wanted = merged([self.whole, *parts]) if parts else self.whole
        either = self.either
        entries = acl.parse(fact.acl)
        owner = owner_of(scope, fact.schema, fact.owner)
        if owner != fact.owner:
            entries = acl.reowned(entries, fact.owner, owner)
        # PostgreSQL's own USAGE for PUBLIC on a type stays until a grant names or covers it.
        if fact.type == "type" and not wanted:
            either = {(None, "USAGE"): Right(False, ()), **either}
        if not acl_delta.differs(
            entries, owner, self.owned, wanted, scope.spares, tolerated=either
        ):
            return
        delta = acl_delta.settle(
            entries,
            owner,
            self.owned,
            wanted,
            scope.spares,
            tolerated=either,
            additive=scope.additive,
            acts_as=membership.acts_as(scope),
            retracts=retraction.possible(scope) if fact.type in _WITH_PARTS else acl_delta.nobody,
        )
        chosen = tuple(sorted(objects))
        contested = grantor.contested(entries, owner, delta)
        yield Difference(fact.schema, fact.type, owner, fact.owner, chosen, delta, contested)
