"""Access control lists as values, and the difference between one and what is wanted."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from chiro_db.model.privilege import ABBREVIATIONS, PRIVILEGES

Source = tuple[str | int, ...]  # a path into the spec, such as ("services", "commerce", "app")
Grantee = str | None  # None is PUBLIC
# Letters in the order of the bits of an AclMode (utils/acl.h), in which an aclitem has them.
_LETTERS = {word: letter for letter, word in ABBREVIATIONS.items()}
_ORDER = {word: "arwdDxtXUCTcsAm".index(letter) for word, letter in _LETTERS.items()}
_SAFE = re.compile(r"[A-Za-z0-9_]+")
_ITEM = re.compile(r'((?:[^="]|"(?:[^"]|"")*")*)=([a-zA-Z*]*)/(.*)', re.S)


class Entry(NamedTuple):
    """One privilege of one grantee, as one grantor gave it."""

    grantee: Grantee
    privilege: str
    grantor: str
    grantable: bool


class Right(NamedTuple):
    """What the spec gives: with or without the grant option, and where it says so."""

    grantable: bool
    source: Source


Wanted = Mapping[tuple[Grantee, str], Right]
Spared = Callable[[Grantee, str], bool]
ActsAs = Callable[[str, str], bool]  # whether the first role inherits the second one's privileges
NOTHING: Wanted = MappingProxyType({})


def nobody_else(role: str, other: str) -> bool:
    """Roles without memberships."""
    return role == other


def nobody(_role: str) -> bool:
    """No role at all."""
    return False


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


@lru_cache(maxsize=65536)
def parse_item(item: str) -> tuple[Entry, ...]:
    """The entries of one aclitem, such as `"Web App"=ar*/owner`; an empty grantee is PUBLIC."""
    match = _ITEM.fullmatch(item)
    if match is None:
        raise ValueError(f"not an aclitem: {item!r}")
    grantee = _unquoted(match[1]) or None
    grantor = _unquoted(match[3])
    return tuple([Entry(grantee, word, grantor, star) for word, star in _privileges(match[2])])


@lru_cache(maxsize=4096)
def _privileges(letters: str) -> tuple[tuple[str, bool], ...]:
    """What `ar*` stands for; there are few such words in a database."""
    found = re.findall(r"([a-zA-Z])(\*?)", letters)
    return tuple((ABBREVIATIONS[letter], star == "*") for letter, star in found)


def parse(items: Iterable[str]) -> frozenset[Entry]:
    """The entries of an aclitem[] in its text form."""
    return frozenset(entry for item in items for entry in parse_item(item))


@lru_cache(maxsize=65536)
def _letters(privileges: tuple[tuple[str, bool], ...]) -> str:
    """As the server writes them: in the order of their bits."""
    order = sorted(privileges, key=lambda held: _ORDER[held[0]])
    return "".join(_LETTERS[word] + ("*" if option else "") for word, option in order)


def items(owner: str, owned: Iterable[str], wanted: Wanted) -> frozenset[str]:
    """The ACL that gives just this, all of it granted by the owner, in its text form."""
    held: dict[Grantee, list[tuple[str, bool]]] = {owner: [(word, False) for word in owned]}
    for (grantee, privilege), right in wanted.items():
        if grantee != owner:
            held.setdefault(grantee, []).append((privilege, right.grantable))
    by = _item_name(owner)
    return frozenset(
        f"{_item_name(grantee)}={_letters(tuple(privileges))}/{by}"
        for grantee, privileges in held.items()
        if privileges
    )


def _item_name(role: Grantee) -> str:
    """A role in an aclitem (putid in acl.c)."""
    if role is None:
        return ""
    return role if _SAFE.fullmatch(role) else '"' + role.replace('"', '""') + '"'


def reowned(entries: Iterable[Entry], old: str, new: str) -> frozenset[Entry]:
    """What ALTER ... OWNER TO leaves: the old owner's entries become the new one's and merge."""
    merged: dict[tuple[Grantee, str, str], bool] = {}
    for grantee, privilege, grantor, grantable in entries:
        key = (
            new if grantee == old else grantee,
            privilege,
            new if grantor == old else grantor,
        )
        merged[key] = merged.get(key, False) or grantable
    return frozenset(Entry(g, p, by, option) for (g, p, by), option in merged.items())


class Revoke(NamedTuple):
    """REVOKE [GRANT OPTION FOR] privilege FROM grantee [CASCADE], as the owner."""

    grantee: Grantee
    privilege: str
    option_only: bool
    cascade: bool  # others may hold it from the grantee
    lent: bool = False  # GRANT ... WITH GRANT OPTION first, so that there is something to cascade


class Retraction(NamedTuple):
    """REVOKE [GRANT OPTION FOR] privilege FROM grantee CASCADE, as the grantor.

    Unless he holds the grant option from the owner himself, it is lent to him for that; what he
    `held` without it he keeps.
    """

    grantor: str
    grantee: Grantee
    privilege: str
    option_only: bool
    lent: bool
    held: bool


class Missing(NamedTuple):
    """GRANT privilege TO grantee [WITH GRANT OPTION], as the owner."""

    grantee: Grantee
    privilege: str
    right: Right


@dataclass(slots=True)
class Delta:
    """What to revoke and then to grant, and which extras the revokes are for."""

    merged: list[str] = field(default_factory=list)  # grantors whose grants become the owner's
    retracted: list[Retraction] = field(default_factory=list)  # what grantors have to take back
    revokes: list[Revoke] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    extras: list[Entry] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.revokes or self.missing or self.extras)


class _Acl:
    """Entries under revokes, with PostgreSQL's recursive revoke (aclupdate in acl.c)."""

    def __init__(self, entries: Iterable[Entry], owner: str, acts_as: ActsAs) -> None:
        self.owner = owner
        self.acts_as = acts_as
        self.options: dict[tuple[Grantee, str, str], bool] = {
            (e.grantee, e.privilege, e.grantor): e.grantable for e in entries
        }

    def revoke(self, grantee: Grantee, privilege: str, grantor: str, *, option_only: bool) -> None:
        key = (grantee, privilege, grantor)
        had_option = self.options.get(key)
        if had_option is None:
            return
        if option_only:
            self.options[key] = False
        else:
            del self.options[key]
        if had_option and grantee is not None and not self._may_grant(grantee, privilege):
            for g, p, by in [k for k in self.options if k[1] == privilege and k[2] == grantee]:
                self.revoke(g, p, by, option_only=False)

    def _may_grant(self, role: str, privilege: str) -> bool:
        """By itself or by a role that it inherits from; the server asks the same (aclmask)."""
        return any(
            role == holder or self.acts_as(role, holder)
            for holder in (
                self.owner,
                *(g for (g, p, _), option in self.options.items() if option and p == privilege),
            )
            if holder is not None
        )

    def retract(self, step: Retraction, *, below: bool = False) -> None:
        """`below`: on a column of the table for which it is said."""
        if step.lent and not below:
            self.lend(step.grantor, step.privilege)
        self.revoke(step.grantee, step.privilege, step.grantor, option_only=step.option_only)
        if step.lent:
            self.revoke(step.grantor, step.privilege, self.owner, option_only=step.held)

    def retraction(self, entry: Entry, *, option_only: bool) -> Retraction:
        option = self.options.get((entry.grantor, entry.privilege, self.owner))
        return Retraction(
            entry.grantor,
            entry.grantee,
            entry.privilege,
            option_only,
            lent=not option,
            held=option is not None,
        )

    def lend(self, grantee: str, privilege: str) -> None:
        self.options[(grantee, privilege, self.owner)] = True

    @property
    def entries(self) -> frozenset[Entry]:
        return frozenset(Entry(g, p, by, option) for (g, p, by), option in self.options.items())

    def roots(self, grantor: str, privilege: str) -> list[str]:
        """Who, holding the grant option from the owner himself, makes `grantor` able to grant."""
        chain, found = [grantor], {grantor}
        while chain:
            role = chain.pop()
            for (g, p, by), option in self.options.items():
                if option and g == role and p == privilege and by not in found:
                    found.add(by)
                    chain.append(by)
        return sorted(
            g
            for (g, p, by), option in self.options.items()
            if option and p == privilege and by == self.owner and g in found and g is not None
        )

    def holds(self, grantee: Grantee, privilege: str) -> bool | None:
        """None: not at all; else whether with the grant option."""
        found = [o for (g, p, _), o in self.options.items() if g == grantee and p == privilege]
        return any(found) if found else None


def _extra(
    entry: Entry, owner: str | None, wanted: Wanted, tolerated: Wanted, spared: Spared
) -> bool | None:
    """None: no extra; True: only its grant option is; False: all of it."""
    grantee, privilege, _, grantable = entry
    if grantee == owner and owner is not None:
        return None
    rights = [r for rs in (wanted, tolerated) if (r := rs.get((grantee, privilege))) is not None]
    if any(right.grantable or not grantable for right in rights):
        return None
    return None if spared(grantee, privilege) else bool(rights)


def differs(
    entries: Collection[Entry],
    owner: str | None,
    owned: Sequence[str],
    wanted: Wanted,
    spared: Spared,
    *,
    tolerated: Wanted = NOTHING,
) -> bool:
    """The quick half of `settle`: whether it would have anything to do."""
    seen: set[tuple[Grantee, str]] = set()
    options: set[tuple[Grantee, str]] = set()
    for entry in entries:
        key = (entry[0], entry[1])
        seen.add(key)
        if entry[3]:
            options.add(key)
        right = wanted.get(key)
        if right is not None and (right.grantable or not entry[3]):
            continue
        if _extra(entry, owner, wanted, tolerated, spared) is not None:
            return True
    for key, right in wanted.items():
        if key[0] == owner and owner is not None:
            continue
        if key not in seen or (right.grantable and key not in options):
            return True
    return owner is not None and any((owner, p) not in seen for p in owned)


def settle(
    entries: Collection[Entry],
    owner: str,
    owned: Sequence[str],
    wanted: Wanted,
    spared: Spared,
    *,
    tolerated: Wanted = NOTHING,
    additive: bool = False,
    complete: bool = True,
    acts_as: ActsAs = nobody_else,
    retracts: Callable[[str], bool] = nobody,
) -> Delta:
    """The shortest way from the entries to what is wanted.

    `owner` shall hold all of `owned`; nothing of his is an extra. What is `tolerated` may be
    there or not; `spared` says which extras are nobody's business. An extra that someone else
    granted cannot be revoked by the owner (docs/decisions/0004): the grant option is taken from
    where the chain leaves the owner. `complete=False`: the owner's own rights are not asked for
    (schema-level defaults, columns). `retracts`: whose grants can be taken as the role itself.
    """
    delta = Delta()

    def extra(entry: Entry) -> bool | None:
        return _extra(entry, owner, wanted, tolerated, spared)

    delta.extras = sorted(
        (e for e in entries if extra(e) is not None), key=lambda e: (e.grantee or "", *e[1:])
    )
    acl = _Acl(entries, owner, acts_as)
    while not additive:
        delta.revokes = _revokes(acl, extra)
        left = [e for e in acl.entries if e.grantor != owner and extra(e) is not None]
        if not left:
            break
        # Grants in a circle, or by someone who keeps the grant option as another's member.
        if not any(retracts(entry.grantor) for entry in left):
            delta.merged.append(min(entry.grantor for entry in left))
        start: Iterable[Entry] = entries
        for grantor in delta.merged:
            start = reowned(start, grantor, owner)
        acl = _Acl(start, owner, acts_as)
        delta.retracted = [s for s in delta.retracted if s.grantor not in delta.merged]
        for step in delta.retracted:
            acl.retract(step)
        for entry in sorted(left, key=lambda e: (e.grantor, e.grantee or "", *e[1:])):
            if retracts(entry.grantor):
                step = acl.retraction(entry, option_only=extra(entry) is True)
                acl.retract(step)
                delta.retracted.append(step)
    needed = dict(wanted)
    for entry in entries:  # what a cascade took from those who are spared, or may have it
        key = (entry.grantee, entry.privilege)
        if key in wanted or entry.grantee == owner:
            continue
        if spared(*key):
            before = needed.get(key)
            option = entry.grantable or (before is not None and before.grantable)
            needed[key] = Right(option, ())
        elif key in tolerated:
            needed[key] = Right(entry.grantable and tolerated[key].grantable, ())
    if complete:
        for privilege in owned:
            needed[(owner, privilege)] = Right(False, ())
    for (grantee, privilege), right in needed.items():
        if grantee == owner and not complete:
            continue
        held = acl.holds(grantee, privilege)
        if held is None or (right.grantable and not held and grantee != owner):
            delta.missing.append(Missing(grantee, privilege, right))
    return delta


def _revokes(acl: _Acl, extra: Callable[[Entry], bool | None]) -> list[Revoke]:
    """The owner's revokes that take all extras; `acl` is left as they leave it."""
    result: list[Revoke] = []
    extras = sorted(
        (e for e in acl.entries if extra(e) is not None),
        key=lambda e: (e.grantor != acl.owner, e.grantee or "", *e[1:]),
    )
    for entry in extras:
        if (entry.grantee, entry.privilege, entry.grantor) not in acl.options:
            continue  # gone already with the grant option of its grantor
        if entry.grantor == acl.owner:
            option_only = extra(entry) is True
            steps = [Revoke(entry.grantee, entry.privilege, option_only, entry.grantable)]
        elif roots := acl.roots(entry.grantor, entry.privilege):
            steps = [Revoke(root, entry.privilege, True, True) for root in roots]
        else:  # its grantor has the grant option by the whole table, or had it once
            held = (entry.grantor, entry.privilege, acl.owner) in acl.options
            acl.lend(entry.grantor, entry.privilege)
            steps = [Revoke(entry.grantor, entry.privilege, held, True, lent=True)]
        for step in steps:
            if step not in result:
                result.append(step)
                acl.revoke(step[0], step[1], acl.owner, option_only=step.option_only)
    return result


def without(
    entries: Collection[Entry],
    owner: str,
    revokes: Iterable[Revoke],
    acts_as: ActsAs = nobody_else,
    *,
    by: str | None = None,
) -> frozenset[Entry]:
    """What the revokes of the owner, or of another grantor, leave; cascades included."""
    acl = _Acl(entries, owner, acts_as)
    for grantee, privilege, option_only, _, lent in revokes:
        if lent and grantee is not None:
            acl.lend(grantee, privilege)
        acl.revoke(grantee, privilege, by or owner, option_only=option_only)
    return acl.entries


def below(
    entries: Collection[Entry], owner: str, above: Delta, acts_as: ActsAs = nobody_else
) -> frozenset[Entry]:
    """What is left of a column's entries where the privileges of its table change so."""
    for by in above.merged:
        entries = reowned(entries, by, owner)
    acl = _Acl(entries, owner, acts_as)
    for step in above.retracted:
        if step.privilege in PRIVILEGES["column"]:
            acl.retract(step, below=True)
    revokes = [r for r in above.revokes if r.privilege in PRIVILEGES["column"]]
    return without(acl.entries, owner, revokes, acts_as)
