"""Lines about named objects and columns of a schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from chiro_db.adopt.globs import listed, written
from chiro_db.adopt.holdings import WORDS, Held, Holdings, Part
from chiro_db.model.acl import Grantee
from chiro_db.model.privilege import PRIVILEGES, Securable, known
from chiro_db.model.spec_grant import READ, WRITE

Line = dict[str, Any]  # a grant without `to`
LEVELS = (("write", WRITE), ("read", READ))


def narrowed(holdings: Holdings, grantable: bool, version: int) -> Iterator[tuple[Grantee, Line]]:
    """Narrowed lines: of one level on several kinds of objects in one line."""
    levels: dict[tuple[Grantee, str], Line] = {}
    for securable, part in holdings.parts.items():
        for (grantee, privileges), objects in _alike(part, grantable).items():
            names = listed(objects, part.objects)
            level = _level(WORDS[securable], privileges)
            if level is None:
                given = _said(securable, privileges, version)
                yield grantee, {"privileges": given, WORDS[securable]: names}
            elif (grantee, level) in levels:
                levels[(grantee, level)][WORDS[securable]] = names
            else:
                levels[(grantee, level)] = {"level": level, WORDS[securable]: names}
    for (grantee, _), line in levels.items():
        yield grantee, line
    by_column: dict[tuple[Grantee, frozenset[str]], dict[str, list[str]]] = {}
    for items, tables in holdings.columns.items():
        for grantee, privileges in _by_grantee(items, grantable).items():
            found = by_column.setdefault((grantee, privileges), {})
            for table, columns in tables.items():
                found.setdefault(written(table), []).extend(written(c) for c in columns)
    for (grantee, privileges), listing in by_column.items():
        tables = {table: listing[table] for table in sorted(listing)}
        yield grantee, {"privileges": _said("column", privileges, version), "columns": tables}


def _alike(
    part: Part, grantable: bool
) -> dict[tuple[Grantee, frozenset[str]], list[tuple[str, str | None]]]:
    result: dict[tuple[Grantee, frozenset[str]], list[tuple[str, str | None]]] = {}
    for items, objects in part.single.items():
        for key in _by_grantee(items, grantable).items():
            result.setdefault(key, []).extend(objects)
    return result


def _by_grantee(items: Iterable[Held], grantable: bool) -> dict[Grantee, frozenset[str]]:
    result: dict[Grantee, frozenset[str]] = {}
    for item in items:
        if item.grantable == grantable:
            result[item.grantee] = result.get(item.grantee, frozenset()) | {item.privilege}
    return result


def _level(word: str, privileges: frozenset[str]) -> str | None:
    if word not in ("tables", "sequences"):
        return None
    return next((n for n, level in LEVELS if frozenset(level.of(word)) == privileges), None)


def _said(securable: Securable, privileges: frozenset[str], version: int) -> list[str]:
    is_all = len(privileges) > 1 and privileges == frozenset(known(securable, version))
    return ["ALL"] if is_all else ordered(securable, privileges)


def ordered(securable: Securable, privileges: Iterable[str]) -> list[str]:
    return sorted(privileges, key=PRIVILEGES[securable].index)
