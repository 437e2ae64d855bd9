"""The script for psql: what runs, and what only is said."""

from __future__ import annotations

import pytest

from chiro_db.report.script import comment, connect, plan_sql
from tests.report.plans import FULL, HOSTILE, IN_STEP, PASSWORD, STRANGE, plan

CONNECT = [
    ("a plain name stands as it is", "chiro_erp", "\\connect chiro_erp"),
    ("a space", "my db", "\\connect -reuse-previous=on \"dbname='my db'\""),
    ("a conninfo", "host=x", "\\connect -reuse-previous=on \"dbname='host=x'\""),
    ("quotes", "a'b\"c\\", '\\connect -reuse-previous=on "dbname=\'a\\\'b""c\\\\\'"'),
    ("a line feed", "a\n\\!x", "\\echo connect to the database 'a\\\\n\\\\!x' by hand\n\\quit"),
]


@pytest.mark.parametrize(
    ("name", "expected"), [row[1:] for row in CONNECT], ids=[r[0] for r in CONNECT]
)
def test_connect(name: str, expected: str) -> None:
    assert connect(name) == expected


def test_what_cannot_be_in_a_transaction_comes_before_it() -> None:
    rows = plan_sql(FULL).splitlines()
    assert rows.index("CREATE DATABASE chiro_erp TEMPLATE template0;") < rows.index("BEGIN;")
    assert rows.index("\\connect chiro_erp") < rows.index("BEGIN;")
    assert rows[rows.index("COMMIT;") + 1 :] == [""] + [
        r for r in rows if "blocked:" in r or "has to run" in r
    ]


def test_a_role_is_made_without_its_password() -> None:
    rows = plan_sql(FULL).splitlines()
    assert "CREATE ROLE bi_reader LOGIN CONNECTION LIMIT 10;" in rows
    assert "-- CREATE ROLE bi_reader LOGIN CONNECTION LIMIT 10 PASSWORD '***';" in rows


def test_a_password_alone_is_a_comment() -> None:
    rows = [row for row in plan_sql(plan(PASSWORD)).splitlines() if "auditor" in row]
    assert rows
    assert all(row.startswith("-- ") for row in rows)


def test_nothing_to_do_runs_nothing() -> None:
    assert all(row.startswith("-- ") for row in plan_sql(IN_STEP).splitlines())


def test_no_name_ends_a_comment() -> None:
    assert len("".join(comment(HOSTILE)).splitlines()) == 1
    runs = [row for row in plan_sql(STRANGE).splitlines() if not row.startswith("-- ")]
    assert "".join(runs).count("GRANT") == 1
