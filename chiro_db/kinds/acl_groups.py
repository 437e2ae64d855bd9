"""The difference of an ACL, put together into what one statement can say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from chiro_db.model.acl import Entry, Grantee, Source
from chiro_db.model.acl_delta import Delta
from chiro_db.model.privilege import PRIVILEGES, Securable


@dataclass(frozen=True, slots=True)
class Given:
    """Privileges that some grantees get alike."""

    grantees: tuple[Grantee, ...]
    privileges: tuple[str, ...]
    grantable: bool
    source: Source


@dataclass(frozen=True, slots=True)
class Taken:
    """Privileges, or grant options, that a grantee loses, and the extras that this mends."""

    grantee: Grantee
    privileges: tuple[str, ...]
    option_only: bool
    cascade: bool
    causes: tuple[Entry, ...]
    lent: bool = False  # granted with the grant option first, so that the cascade has a start


def ordered(securable: Securable, privileges: Collection[str]) -> tuple[str, ...]:
    order = PRIVILEGES[securable]
    return tuple(sorted(privileges, key=order.index))


def taken(delta: Delta, securable: Securable) -> list[Taken]:
    """The revokes, one for each grantee and way."""
    groups: dict[tuple[Grantee, bool, bool, bool], set[str]] = {}
    for grantee, privilege, option_only, cascade, lent in delta.revokes:
        groups.setdefault((grantee, option_only, cascade, lent), set()).add(privilege)
    result = []
    for (grantee, option_only, cascade, lent), privileges in sorted(
        groups.items(), key=lambda item: (item[0][0] or "", *item[0][1:])
    ):
        causes = tuple(
            extra
            for extra in delta.extras
            if extra.privilege in privileges
            and (extra.grantee == grantee or extra.grantor == grantee)
        )
        words = ordered(securable, privileges)
        result.append(Taken(grantee, words, option_only, cascade, causes, lent))
    return result


def given(delta: Delta, securable: Securable) -> list[Given]:
    """The grants, one for each set of privileges and line of the spec."""
    by_grantee: dict[tuple[Grantee, bool, Source], set[str]] = {}
    for missing in delta.missing:
        key = (missing.grantee, missing.right.grantable, missing.right.source)
        by_grantee.setdefault(key, set()).add(missing.privilege)
    together: dict[tuple[frozenset[str], bool, Source], list[Grantee]] = {}
    for (grantee, grantable, source), privileges in by_grantee.items():
        together.setdefault((frozenset(privileges), grantable, source), []).append(grantee)
    result = [
        Given(
            tuple(sorted(grantees, key=lambda g: g or "")),
            ordered(securable, privileges),
            grantable,
            source,
        )
        for (privileges, grantable, source), grantees in together.items()
    ]
    return sorted(result, key=lambda g: ([x or "" for x in g.grantees], g.privileges))


def reported(delta: Delta, securable: Securable) -> list[Taken]:
    """Under `enforce: additive` the extras themselves, though nothing is done about them."""
    groups: dict[Grantee, list[Entry]] = {}
    for extra in delta.extras:
        groups.setdefault(extra.grantee, []).append(extra)
    return [
        Taken(
            grantee,
            ordered(securable, {e.privilege for e in extras}),
            False,
            any(e.grantable for e in extras),
            tuple(extras),
        )
        for grantee, extras in groups.items()
    ]
