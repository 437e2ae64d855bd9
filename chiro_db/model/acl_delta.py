"""The difference between an ACL and what is wanted, as the shortest way from one to the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chiro_db.model.acl import NOTHING, Entry, Grantee, Right, Wanted, reowned
from chiro_db.model.privilege import PRIVILEGES
from chiro_db.model.revoking import Acl, ActsAs, Retraction, Revoke, nobody_else, without

Spared = Callable[[Grantee, str], bool]


def nobody(_role: str) -> bool:
    """No role at all."""
    return False


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
    acl = Acl(entries, owner, acts_as)
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
        acl = Acl(start, owner, acts_as)
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


def _revokes(acl: Acl, extra: Callable[[Entry], bool | None]) -> list[Revoke]:
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


def below(
    entries: Collection[Entry], owner: str, above: Delta, acts_as: ActsAs = nobody_else
) -> frozenset[Entry]:
    """What is left of a column's entries where the privileges of its table change so."""
    for by in above.merged:
        entries = reowned(entries, by, owner)
    acl = Acl(entries, owner, acts_as)
    for step in above.retracted:
        if step.privilege in PRIVILEGES["column"]:
            acl.retract(step, below=True)
    revokes = [r for r in above.revokes if r.privilege in PRIVILEGES["column"]]
    return without(acl.entries, owner, revokes, acts_as)
