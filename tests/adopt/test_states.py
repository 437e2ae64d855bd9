"""The table of `states.yml`: what is there is said, or it is listed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from psycopg import sql

from tests.adopt.trip import inspected
from tests.servers import Database

_STATES = yaml.safe_load((Path(__file__).parent / "states.yml").read_text(encoding="utf-8"))
_SCHEMA = """
CREATE ROLE o LOGIN; CREATE ROLE r; CREATE ROLE a LOGIN; CREATE SCHEMA s AUTHORIZATION o;
"""
_TABLES = f"""
{_SCHEMA}; SET ROLE o; CREATE TABLE s.t1 (i serial); CREATE TABLE s.t2 (i int); RESET ROLE;
"""


@pytest.mark.parametrize("state", [pytest.param(state, id=state["name"]) for state in _STATES])
def test_it_is_said_or_listed(state: dict[str, Any], database: Database) -> None:
    with database.connect() as connection:
        name = sql.Identifier(database.name).as_string(connection)
        given = state["given"].replace("$database", name)
        for word, script in (("$schema", _SCHEMA), ("$tables", _TABLES)):
            given = given.replace(word, script)
        connection.execute(given.encode())
    found = inspected(database.conninfo)
    text = "".join(found.files.values())
    assert list(found.unsaid) == state.get("unsaid", []), text
    for line in state.get("said", []):
        assert (line[1:] not in text) if line.startswith("!") else (line in text), text
