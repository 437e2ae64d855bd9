"""What a REVOKE leaves of an ACL: PostgreSQL's recursive revoke, and who may have it said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from chiro_db.model.acl import Entry, Grantee

ActsAs = Callable[[str, str], bool]  # whether the first role inherits the second one's privileges


def nobody_else(role: str, other: str) -> bool:
    """Roles without memberships."""
    return role == other


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


class Acl:
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


def without(
    entries: Collection[Entry],
    owner: str,
    revokes: Iterable[Revoke],
    acts_as: ActsAs = nobody_else,
    *,
    by: str | None = None,
) -> frozenset[Entry]:
    """What the revokes of the owner, or of another grantor, leave; cascades included."""
    acl = Acl(entries, owner, acts_as)
    for grantee, privilege, option_only, _, lent in revokes:
        if lent and grantee is not None:
            acl.lend(grantee, privilege)
        acl.revoke(grantee, privilege, by or owner, option_only=option_only)
    return acl.entries
