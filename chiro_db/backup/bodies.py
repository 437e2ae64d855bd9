"""What functions name only in their bodies, which PostgreSQL itself does not know.

Bodies that are strings (SQL and PL/pgSQL) have no row in pg_depend for what they use; those of
BEGIN ATOMIC have. The words of a body are no proof, so nothing is made for them: they are named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from chiro_db.backup.sending import query
from chiro_db.sql import Name

if TYPE_CHECKING:
    from chiro_db.backup.manifest import Manifest
    from chiro_db.backup.moment import Moment
    from chiro_db.catalog.connect import Connection

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.S)
_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_WORD = re.compile(rf"(?<![\w$.])(?:({_NAME})\s*\.\s*)?({_NAME})\s*(\(?)")


class Mention(NamedTuple):
    """Something of another schema that a function names."""

    function: str
    schema: str
    name: str
    catalog: int
    id: int
    extension: str | None

    def __str__(self) -> str:
        of = f" of the extension {self.extension}" if self.extension else ""
        return f"{Name(self.schema, self.name)}{of} by {self.function}"


def read(moment: Moment, schema: str) -> list[Mention]:
    """Of the functions of the schema, in the snapshot."""
    words: set[tuple[str, str | None, str, bool]] = set()
    for function, body in moment.rows("bodies", {"schema": schema}):
        words |= {(function, *word) for word in _words(body)}
    if not words:
        return []
    ordered = sorted(words, key=str)
    given: dict[str, Any] = {"schema": schema}
    for column, values in zip(
        ("functions", "qualifiers", "names", "called"), zip(*ordered, strict=True), strict=True
    ):
        given[column] = list(values)
    return [Mention(*row) for row in moment.rows("mentions", given)]


def _words(body: str) -> Iterator[tuple[str | None, str, bool]]:
    """Names as the server reads them, with their qualifier, and whether they are called."""
    for qualifier, name, call in _WORD.findall(_COMMENT.sub(" ", body)):
        if qualifier or call:
            yield (_read(qualifier) if qualifier else None, _read(name), bool(call))


def _read(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def lacking(connection: Connection, made: Manifest) -> list[str]:
    """What the functions of a backup name that is not in the database."""
    mentions: Sequence[Sequence[str]] = made.requires.get("bodies", ())
    found = []
    for function, schema, name, extension in mentions:
        given = {"schema": schema, "name": name, "extension": extension}
        row = connection.execute(query("mentioned"), given).fetchone()
        if row is not None and not row[0]:
            of = f" of the extension {extension}" if extension else ""
            found.append(f"{Name(schema, name)}{of}, which the function {function} names")
    return found
