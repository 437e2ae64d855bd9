"""Reasons, cells and shares of effective access in words; every format says the same."""

from __future__ import annotations

from chiro_db.access.effective import Reason
from chiro_db.access.matrix import Cell, Level, Row, Share
from chiro_db.model.acl import Grantee
from chiro_db.model.privilege import PRIVILEGES
from chiro_db.report.words import counted, visible
from chiro_db.sql import quote_name

NO_USAGE = "no USAGE on the schema"
_NOUNS = {"routine": "function", "database": "database", "schema": "schema", "column": "column"}


def name(role: Grantee) -> str:
    return "PUBLIC" if role is None else visible(quote_name(role))


def reason(found: Reason) -> str:
    """`granted by x`, `member of the owner x`, `member of reporting, granted by x`, ..."""
    if found.how == "public":
        return f"PUBLIC, granted by {name(found.grantor)}"
    if found.how == "superuser":
        return "superuser"
    if found.how == "predefined":
        return f"member of {through(found)}"
    if found.how == "owner":
        return f"member of {through(found)}, the owner" if found.through else "owner"
    option = " with grant option" if found.grantable else ""
    by = f"granted by {name(found.grantor)}{option}"
    return f"member of {through(found)}, {by}" if found.through else by


def through(found: Reason) -> str:
    """The groups between the role and what it has, nearest first."""
    return " in ".join(name(role) for role in found.through)


def reasons(share: Share) -> str:
    return "; ".join(dict.fromkeys(reason(found) for found in share.reasons))


def privileges(share: Share) -> str:
    """A list, or ALL for everything that there is on such an object."""
    every = {p for p in PRIVILEGES[share.type] if p != "MAINTAIN"}
    if len(every) > 1 and every <= set(share.privileges):
        return "ALL"
    return ", ".join(share.privileges)


def subject(share: Share) -> str:
    """`14 tables of s`, `table s.t`, `schema s`, `3 columns of s.t`, `future tables of x`."""
    noun = _NOUNS.get(share.type, share.type)
    if share.future:
        makers = ", ".join(sorted({name(group.owner) for group in share.groups}))
        return f"future {noun}s of {makers}"
    if share.number == 1 or share.type in ("database", "schema"):
        return f"{noun} {visible(next(iter(share.objects())))}"
    relations = {(group.schema, group.relation) for group in share.groups}
    if len(relations) > 1:
        return counted(share.number, noun)
    parts = [part for part in next(iter(relations)) if part]
    return f"{counted(share.number, noun)} of {visible('.'.join(map(quote_name, parts)))}"


def part(found: Cell) -> str:
    """Of how many tables the level is, and of how many a higher one: `2/14 + write 1/14`."""
    parts = [f"{found.tables}/{found.of}"] if found.partial else []
    if found.writes:
        parts.append(f"+ {Level.WRITE.word} {found.writes}/{found.of}")
    return " ".join(parts)


def cell(found: Cell) -> str:
    """`read 2/14`; `!` where nothing is reached for want of USAGE on the schema."""
    if not found.level:
        return f"({found.becomes_level.word})" if found.becomes else ""
    text = found.level.word
    if share := part(found):
        text += f" {share}"
    if not found.usable:
        text += "!"
    return f"{text} ({found.becomes_level.word})" if found.becomes else text


def explained(found: Cell) -> list[tuple[str, str]]:
    """Every line about one cell: what it may do, and why."""
    if found.level is Level.SUPERUSER:
        return [("everything", "superuser")]
    lines = [(f"{privileges(share)} on {subject(share)}", reasons(share)) for share in found.shares]
    if found.level and not found.usable:
        lines.insert(0, (NO_USAGE, "nothing in it is reached"))
    if found.becomes:
        chain = ", then ".join(name(role) for role in found.becomes[1:])
        lines.append((f"{found.becomes_level.word}, by SET ROLE", f"as {chain}"))
    return lines


def remarks(row: Row) -> list[str]:
    """What is special about a role."""
    found = []
    if not row.declared:
        found.append("not in the spec")
    if row.role is not None and row.login and not row.connects:
        found.append("no CONNECT")
    return found
