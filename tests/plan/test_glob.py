"""Patterns mean on the server what they mean in Python."""

from __future__ import annotations

import fnmatch
import random

from chiro_db.plan.glob import regular_expression
from tests.servers import Database

_CHARACTERS = "ab-z[]!^\\*?._é😀\n A1&|~:"
_GLOBS = (
    *("[]a]", "[!]a]", "[a-", "[z-a]", "[!z-a]", "[!]", "[]", "[a-c-e]", "[^a]", "***:a", "[--a]"),
    *("[a-]", "[!-a]", "a\\", "[[:alpha:]]", "[a]]", "[\\d]", "", "*", "?"),
)


def test_a_glob_matches_on_the_server_what_fnmatch_matches(database: Database) -> None:
    chance = random.Random(5)  # noqa: S311 - the same words each time

    def words(number: int, size: int) -> list[str]:
        letters = (chance.choices(_CHARACTERS, k=chance.randint(1, size)) for _ in range(number))
        return ["".join(word) for word in letters]

    names = [*words(100, 4), *_CHARACTERS, "\\d", "[a", "a]", "z-a"]
    query = """
        SELECT array_agg(name ~ %s ORDER BY number)
        FROM unnest(%s::text[]) WITH ORDINALITY AS n (name, number)
    """
    with database.connect() as connection:
        for glob in (*_GLOBS, *words(1000, 7)):
            row = connection.execute(query, (regular_expression(glob), names)).fetchone()
            found = [name for name, hit in zip(names, row[0] if row else (), strict=True) if hit]
            assert found == [name for name in names if fnmatch.fnmatchcase(name, glob)], glob
