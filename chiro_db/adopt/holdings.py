"""What everybody holds in one schema: on all of a kind, on single objects, on what comes later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from chiro_db.kinds.column import Fact as Columns
from chiro_db.kinds.default_privilege import Fact as Default
from chiro_db.kinds.narrowing import Object
from chiro_db.kinds.object import Fact as Objects
from chiro_db.model import acl
from chiro_db.model.acl import Entry, Grantee
from chiro_db.model.privilege import ON, Securable, known

Counts = Callable[[Grantee], bool]  # whether what the grantee holds is written down
WORDS: Mapping[Securable, str] = {securable: word for word, securable in ON.items()}
_PUBLIC_USES_TYPES = frozenset({(None, "USAGE", False)})


class Held(NamedTuple):
    """One privilege of one grantee, whoever granted it."""

    grantee: Grantee
    privilege: str
    grantable: bool


class Future(NamedTuple):
    """By default privileges: of all who make objects in a schema, and beyond that of each."""

    everyones: frozenset[Held]
    made_by: Mapping[str, frozenset[Held]]


@dataclass(slots=True)
class Part:
    """One kind of object in one schema."""

    whole: frozenset[Held] = frozenset()  # on each that there is
    future: frozenset[Held] = frozenset()  # by every maker's default privileges
    made_by: Mapping[str, frozenset[Held]] = field(default_factory=dict)  # by one's alone
    objects: list[Object] = field(default_factory=list)
    single: dict[frozenset[Held], list[Object]] = field(default_factory=dict)  # beyond `whole`


@dataclass(slots=True)
class Holdings:
    """All that is held in one schema."""

    above: frozenset[Held]  # on the schema itself
    parts: dict[Securable, Part]
    columns: dict[frozenset[Held], dict[str, list[str]]]  # columns by table


def held(entries: Iterable[Entry], owner: str, counts: Counts) -> frozenset[Held]:
    """Without the owner's own; the grant option of any grantor counts."""
    options: dict[tuple[Grantee, str], bool] = {}
    for entry in entries:
        if entry.grantee != owner and counts(entry.grantee):
            key = (entry.grantee, entry.privilege)
            options[key] = options.get(key, False) or entry.grantable
    return frozenset(Held(*key, option) for key, option in options.items())


def part(securable: Securable, facts: Iterable[Objects], later: Future, counts: Counts) -> Part:
    """One kind of object; what its owner holds on an object of his own goes without saying."""
    groups = [(f.owner, held(acl.parse(f.acl), f.owner, counts), f.objects) for f in facts]
    having = Counter(item for _, items, _ in groups for item in items)
    owning = Counter(owner for owner, _, _ in groups)
    whole = frozenset(
        item for item, n in having.items() if n + owning.get(item.grantee or "", 0) == len(groups)
    )
    future, made_by = later
    if securable == "type":
        whole = frozenset() if whole | future <= _PUBLIC_USES_TYPES else whole
    result = Part(whole, future, made_by)
    for _, items, objects in groups:
        rest = items - whole
        if securable == "type" and not whole | future and rest <= _PUBLIC_USES_TYPES:
            rest = frozenset()
        result.objects += objects
        if rest:
            result.single.setdefault(rest, []).extend(objects)
    if securable != "sequence" and len(result.objects) == 1 and whole - future:
        rest = (whole - future) | next(iter(result.single), frozenset())
        result.whole, result.single = whole & future, {rest: list(result.objects)}
    return result


def columns(
    facts: Iterable[Columns], counts: Counts
) -> dict[frozenset[Held], dict[str, list[str]]]:
    """By what is held alike the tables with their columns."""
    result: dict[frozenset[Held], dict[str, list[str]]] = {}
    for fact in facts:
        if items := held(acl.parse(fact.acl), fact.owner, counts):
            result.setdefault(items, {}).setdefault(fact.relation, []).extend(fact.names)
    return result


def future(
    makers: Iterable[str],
    schema: str,
    securable: Securable,
    defaults: Mapping[tuple[str, str | None, Securable], Default],
    version: int,
    counts: Counts,
) -> Future:
    """What objects of this kind will have whoever makes them, and what only some makers give.

    What one of them holds itself on the others' objects must be said, too.
    """
    made = {
        maker: _of_maker(maker, schema, securable, defaults, version, counts) for maker in makers
    }
    if securable == "type":
        # PostgreSQL's own USAGE for PUBLIC counts only where something else is granted
        alone = _PUBLIC_USES_TYPES
        made = {maker: frozenset() if found <= alone else found for maker, found in made.items()}
    common = frozenset(
        item
        for item in frozenset[Held]().union(*made.values())
        if all(item in found or item.grantee == maker for maker, found in made.items())
    )
    return Future(common, {maker: found - common for maker, found in made.items()})


def _of_maker(
    maker: str,
    schema: str,
    securable: Securable,
    defaults: Mapping[tuple[str, str | None, Securable], Default],
    version: int,
    counts: Counts,
) -> frozenset[Held]:
    everywhere = defaults.get((maker, None, securable))
    if everywhere is not None:
        entries = acl.parse(everywhere.acl)
    elif securable in ("routine", "type"):
        entries = frozenset(Entry(None, p, maker, False) for p in known(securable, version))
    else:
        entries = frozenset()
    here = defaults.get((maker, schema, securable))
    return held([*entries, *(acl.parse(here.acl) if here is not None else ())], maker, counts)
