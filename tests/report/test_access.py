"""Who can do what, in every format: nothing is lost, and no name is taken for markup or code."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chiro_db.access.listing import chosen, listing
from chiro_db.access.matrix import Level
from chiro_db.access.pattern import Pattern
from chiro_db.report.access_data import COLUMNS, access_csv, access_json
from chiro_db.report.access_page import access_html
from chiro_db.report.access_text import listing_text, matrix_text
from tests.report.accesses import HOSTILE, SCHEMAS, drawn, group, many, small

DOCS = Path(__file__).parents[2] / "docs"
SERVER = {"host": "localhost:5432", "version": "18.6"}


LEVELS = {
    None: {"finance": "read"},
    "commerce_user": {"commerce": "owner"},
    "commerce_app": {"commerce": "write"},
    "commerce_reader": {"commerce": "read"},
    "finance_user": {"finance": "owner"},
    "finance_app": {"finance": "read"},  # which writes three of the four tables that it reads
    "finance_reader": {"finance": "read"},
    "analyst": {"commerce": "read"},
    "reporting": {"commerce": "read"},
    "auditor": {"commerce": "read", "finance": "read"},
    "clerk": {"finance": "write"},
    "lazy": {"finance": "none"},
    "postgres": {"commerce": "superuser", "finance": "superuser"},
}


def test_the_level_is_what_a_role_may_do_with_the_most_tables() -> None:
    found = {
        row.role: {service: cell.level.word for service, cell in row.cells.items()}
        for row in drawn().rows
    }
    assert found == LEVELS
    assert list(found) == list(LEVELS), "PUBLIC, the services in their order, strangers, superusers"


def test_reading_all_is_not_hidden_by_one_column_that_public_may_set() -> None:
    owner = "commerce_user"
    column = group("column", "commerce_schema", owner, [f"=a/{owner}"], "id", relation="items")
    world = small()
    matrix = drawn(replace(world, rows=(*world.rows, column)))
    cells = {row.role: row.cells["commerce"] for row in matrix.rows if "commerce" in row.cells}
    read = cells["auditor"]
    assert (read.level, read.tables, read.of, read.writes) == (Level.READ, 4, 4, 1)
    assert (cells[None].level, cells[None].tables) == (Level.WRITE, 1)
    assert cells["commerce_app"].level is Level.WRITE
    assert "read + write 1/4" in matrix_text(matrix, color=False, width=140)
    letters = matrix_text(matrix, color=False, width=34)
    assert re.search(r"^auditor \* +r\+ ", letters, re.MULTILINE)
    assert "+ writes some tables, too" in letters.replace("\n", " ")
    found = {row["role"]: row for row in access_json(matrix, server=SERVER)["roles"]}
    assert found["auditor"]["access"][0]["also_written"] == 1


def test_a_part_a_missing_usage_and_set_role_are_marked() -> None:
    rows = {row.role: row for row in drawn().rows}
    clerk = rows["clerk"].cells["finance"]
    assert (clerk.level, clerk.tables, clerk.of, clerk.usable) == (Level.WRITE, 1, 4, False)
    lazy = rows["lazy"].cells["finance"]
    assert (lazy.becomes, lazy.becomes_level) == (("lazy", "finance_user"), Level.OWNER)
    assert not rows["clerk"].declared
    assert not rows["clerk"].connects


def test_a_pattern_names_a_schema_or_what_is_in_it() -> None:
    world = small()

    def named(text: str) -> list[str]:
        return [
            g.shown(item) for g in chosen(world, None, [Pattern.parse(text)]) for item in g.objects
        ]

    assert named("finance_schema") == ["finance_schema"]
    assert named("finance_schema.ledger") == ["finance_schema.ledger"]
    assert named('"finance_schema".place(integer)') == ["finance_schema.place(integer)"]
    assert named("*.s?les") == ["commerce_schema.sales"]
    assert named("commerce_schema.orders") == [
        "commerce_schema.orders",
        "commerce_schema.orders(id)",
        "commerce_schema.orders(name)",
    ]
    assert named("nothing.*") == []
    for wrong in ("", ".t", "s."):
        with pytest.raises(ValueError, match=r"is not a schema or schema\.name"):
            Pattern.parse(wrong)


def test_the_page_loads_nothing_and_takes_no_name_for_markup() -> None:
    world, matrix = many(HOSTILE)
    page = access_html(matrix, server=SERVER, target="{{style}}")
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", page)
    assert "Content-Security-Policy" in page
    assert page.count("<script") == 2, "no name opens an element"
    assert "<img" not in page
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    assert data["services"][0] == '<img src=x onerror="alert(1)">'
    assert data["services"][-1] == "line\\nbreak \\x1b[31m\\u202e"
    assert len(data["roles"]) == len(matrix.rows)
    assert data["about"].startswith("{{style}}, ")
    assert world.database in html.unescape(page.split("<title>")[1])


def test_the_page_of_many_services_stays_small() -> None:
    _, matrix = many(f"service_{i:03d}" for i in range(100))
    assert len(access_html(matrix, server=SERVER)) < 300_000


def test_json_is_as_documented() -> None:
    world = small()
    found = access_json(drawn(world), listing(world, world.groups), server=SERVER)
    page = (DOCS / "json.md").read_text(encoding="utf-8").split("## access")[1]
    missing = sorted(key for key in _keys(json.loads(json.dumps(found))) if f"`{key}" not in page)
    assert missing == []


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {*value, *(key for item in value.values() for key in _keys(item))} - {"host"}
    return {key for item in value for key in _keys(item)} if isinstance(value, list) else set()


def test_csv_has_a_row_for_each_privilege_and_reason_and_no_formula() -> None:
    world, _ = many(HOSTILE)
    services = {f"{key}_schema": key for key in HOSTILE}
    text = "".join(access_csv(listing(world, world.groups), services, {}))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == list(COLUMNS)
    assert all(len(row) == len(COLUMNS) for row in rows)
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t")]
    assert any(row[0] == "'=cmd|' /C calc'!A0_app" for row in rows)
    world = small()
    text = "".join(access_csv(listing(world, world.groups), {v: k for k, v in SCHEMAS.items()}, {}))
    assert (
        "analyst,no,commerce,commerce_schema,table,commerce_schema.sales,SELECT,grant,"
        "reporting,commerce_user,yes,yes" in text
    )
    assert "clerk,no,finance,finance_schema,table,finance_schema.ledger,UPDATE,grant,," in text


@pytest.mark.parametrize("width", [80, 140])
def test_names_are_made_visible_on_a_terminal(width: int) -> None:
    world, matrix = many(HOSTILE)
    for text in (
        matrix_text(matrix, color=False, width=width),
        listing_text(listing(world, world.groups), color=False, width=width),
    ):
        assert all(c.isprintable() or c == "\n" for c in text)
        assert max(map(len, text.splitlines())) <= width


def test_colours_say_nothing_of_their_own() -> None:
    plain = matrix_text(drawn(), color=False, width=80)
    colored = matrix_text(drawn(), color=True, width=80)
    assert [row.rstrip() for row in re.sub(r"\x1b\[[\d;]*m", "", colored).splitlines()] == (
        plain.splitlines()
    )
