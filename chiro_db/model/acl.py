"""Access control lists as values, and as PostgreSQL writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from chiro_db.model.privilege import ABBREVIATIONS

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
NOTHING: Wanted = MappingProxyType({})


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
