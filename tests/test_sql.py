"""Quoting, and every template with sentinel values; no template takes a bare string."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2 import meta, nodes
from psycopg import sql as psycopg_sql

from chiro_db import sql
from chiro_db.resources import folder
from tests.servers import Server

ROOT = Path(folder("sql_templates"))
TEMPLATES = sorted(
    str(file.relative_to(ROOT)).removesuffix(".sql.j2") for file in ROOT.rglob("*.sql.j2")
)
NAMES = [
    'a"b',
    "",
    "Ünï 😀",
    "select",
    "a.b",
    "back\\slash",
    "$x",
    "plain_1",
    "1x",
    "PUBLIC",
    "user",
]


class Sentinel(sql.Value):
    """A value that can be told from everything else in a statement."""

    def __html__(self) -> str:
        return "⟦sentinel⟧"

    def __getattr__(self, name: str) -> Sentinel:
        """Of `extension.name` and the like every part is one too."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self


def _parsed(template: str) -> nodes.Template:
    return jinja2.Environment().parse((ROOT / f"{template}.sql.j2").read_text())  # noqa: S701


def _values(template: str, value: Any) -> dict[str, Any]:
    """A value for each variable, in a list for those that the template goes through."""
    parsed = _parsed(template)
    loops = {n.iter.name for n in parsed.find_all(nodes.For) if isinstance(n.iter, nodes.Name)}
    variables = meta.find_undeclared_variables(parsed)
    return {name: [value, value] if name in loops else value for name in variables}


def _printed(template: str) -> bool:
    outputs = _parsed(template).find_all(nodes.Output)
    return any(not isinstance(node, nodes.TemplateData) for o in outputs for node in o.nodes)


def test_there_are_templates() -> None:
    assert len(TEMPLATES) > 15


@pytest.mark.parametrize("template", TEMPLATES)
def test_renders_with_sentinels(template: str) -> None:
    text = sql.statement(template, **_values(template, Sentinel()))
    assert "⟦sentinel⟧" in text or not _printed(template)
    assert "\n\n" not in text
    assert not text.endswith(";")
    assert "'{{" not in (ROOT / f"{template}.sql.j2").read_text(), "a template never quotes"
    assert '"{{' not in (ROOT / f"{template}.sql.j2").read_text(), "a template never quotes"


@pytest.mark.parametrize("template", [t for t in TEMPLATES if _printed(t)])
def test_refuses_a_bare_string(template: str) -> None:
    with pytest.raises(TypeError, match="not a SQL value"):
        sql.statement(template, **_values(template, "a'; DROP TABLE students; --"))


@pytest.mark.parametrize("template", [t for t in TEMPLATES if _values(t, 0)])
def test_refuses_to_leave_a_variable_out(template: str) -> None:
    with pytest.raises((jinja2.UndefinedError, TypeError)):
        sql.statement(template)


@pytest.mark.parametrize("name", [n for n in NAMES if n])
def test_names_are_quoted_as_by_the_server(name: str, server: Server) -> None:
    with server.connect() as connection:
        row = connection.execute("SELECT quote_ident(%s)", [name]).fetchone()
        assert row is not None
        assert str(sql.Name(name)) == row[0]


@pytest.mark.parametrize("text", [*NAMES, "it's", "\\'", "E'", "%s", "a\nb"])
def test_texts_come_back_as_they_were(text: str, server: Server) -> None:
    with server.connect() as connection:
        for conforming in ("on", "off"):
            connection.execute(
                psycopg_sql.SQL("SET standard_conforming_strings = {}").format(conforming)
            )
            connection.execute("SET escape_string_warning = off")
            row = connection.execute(f"SELECT {sql.Text(text)}".encode()).fetchone()
            assert row == (text,)


@pytest.mark.parametrize("word", ["select", "A;B", "", "A  B", 'A"', "A'"])
def test_keywords_are_capitals(word: str) -> None:
    with pytest.raises(TypeError):
        sql.Keyword(word)


def test_an_empty_list_is_no_statement() -> None:
    with pytest.raises(ValueError, match="empty"):
        sql.Listed([])


def test_a_list_takes_no_bare_string() -> None:
    with pytest.raises(TypeError):
        sql.Listed(["x"])  # type: ignore[list-item]


def test_public_is_a_keyword_and_a_role_of_that_name_is_not() -> None:
    assert str(sql.grantee(None)) == "PUBLIC"
    assert str(sql.grantee("PUBLIC")) == '"PUBLIC"'
