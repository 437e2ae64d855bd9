"""What a kind reads from the server is what its Fact holds."""

from __future__ import annotations

from dataclasses import fields

import pytest

from chiro_db.kinds import KINDS
from chiro_db.kinds.kind import Kind
from chiro_db.kinds.scope import Request
from chiro_db.model.spec import Spec
from chiro_db.resources import text
from tests.servers import Database

SPEC = Spec.model_validate_json(
    """{"version": 1, "database": {"name": "d", "extensions": ["hstore"]},
        "roles": {"r": {"member_of": ["pg_monitor"]}},
        "services": {"s": {"schema": "s", "owner": "o", "settings": {"work_mem": "1MB"}, "grants": [
            {"to": "r", "privileges": "SELECT", "columns": {"t": "c"}}]}}}"""
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.NAME)
def test_columns_of_inspect_are_fields_of_the_fact(kind: Kind, database: Database) -> None:
    query = text(f"sql_templates/{kind.NAME}/inspect.sql")
    with database.connect() as connection:
        cursor = connection.execute(query.encode(), kind.parameters(Request(SPEC)))
        columns = [column.name for column in cursor.description or ()]
    assert columns == [field.name for field in fields(kind.Fact)]


def test_facts_are_frozen() -> None:
    assert all(kind.Fact.__dataclass_params__.frozen for kind in KINDS)
