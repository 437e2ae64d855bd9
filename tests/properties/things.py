"""The kinds of objects that a starting state is made of."""

from __future__ import annotations

from dataclasses import dataclass

from tests.properties.names import quoted

_PRIVILEGES = {
    "TABLE": "SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER ALL".split(),
    "SEQUENCE": "SELECT USAGE UPDATE ALL".split(),
    "ROUTINE": ["EXECUTE", "ALL"],
    "TYPE": ["USAGE", "ALL"],
    "SCHEMA": ["USAGE", "CREATE", "ALL"],
    "DATABASE": ["CONNECT", "TEMPORARY", "CREATE", "ALL"],
}
COLUMNS = ("id", "Other col", 'q"c', "%c")
_ALL = ", ".join(f"{quoted(c)} int" for c in COLUMNS[1:])
_TWOS = "1 AS id, " + ", ".join(f"2 AS {quoted(c)}" for c in COLUMNS[1:])
_RETURNS = "RETURNS int LANGUAGE sql AS 'SELECT 1'"
# kind: (what the spec calls it, what GRANT calls it, what makes it, its arguments)
_KINDS: dict[str, tuple[str, str, str, str]] = {
    "table": ("tables", "TABLE", f"CREATE TABLE {{}} (id int, {_ALL})", ""),
    "serial": ("tables", "TABLE", f"CREATE TABLE {{}} (id serial, {_ALL})", ""),
    "identity": (
        "tables",
        "TABLE",
        f"CREATE TABLE {{}} (id int GENERATED ALWAYS AS IDENTITY, {_ALL})",
        "",
    ),
    "partitioned": (
        "tables",
        "TABLE",
        f"CREATE TABLE {{}} (id int, {_ALL}) PARTITION BY RANGE (id)",
        "",
    ),
    "foreign": (
        "tables",
        "TABLE",
        f"CREATE FOREIGN TABLE {{}} (id int, {_ALL}) SERVER nowhere",
        "",
    ),
    "view": ("tables", "TABLE", f"CREATE VIEW {{}} AS SELECT {_TWOS}", ""),
    "matview": ("tables", "TABLE", f"CREATE MATERIALIZED VIEW {{}} AS SELECT {_TWOS}", ""),
    "sequence": ("sequences", "SEQUENCE", "CREATE SEQUENCE {}", ""),
    "function": (
        "functions",
        "ROUTINE",
        f"CREATE FUNCTION {{}}(int, text) {_RETURNS}",
        "integer, text",
    ),
    "overload": (
        "functions",
        "ROUTINE",
        f"CREATE FUNCTION {{0}}(text[]) {_RETURNS};"
        f"CREATE FUNCTION {{0}}(timestamptz, VARIADIC numeric[]) {_RETURNS}",
        "timestamptz, numeric[]",
    ),
    "procedure": ("functions", "ROUTINE", "CREATE PROCEDURE {}(bool) LANGUAGE sql AS ''", "bool"),
    "aggregate": (
        "functions",
        "ROUTINE",
        "CREATE AGGREGATE {}(int) (SFUNC = int4pl, STYPE = int)",
        "int",
    ),
    "domain": ("types", "TYPE", "CREATE DOMAIN {} AS int", ""),
    "enum": ("types", "TYPE", "CREATE TYPE {} AS ENUM ('a')", ""),
    "composite": ("types", "TYPE", "CREATE TYPE {} AS (a int)", ""),
    "range": ("types", "TYPE", "CREATE TYPE {} AS RANGE (SUBTYPE = float8)", ""),
}
KINDS = tuple(_KINDS)
WRAPPER = "CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing"


@dataclass(frozen=True)
class Thing:
    """An object of a starting state; `of` is what a name alone is not enough for."""

    kind: str
    schema: str
    name: str

    @property
    def word(self) -> str:
        return _KINDS[self.kind][0]

    @property
    def securable(self) -> str:
        return _KINDS[self.kind][1]

    @property
    def made(self) -> str:
        return _KINDS[self.kind][2].format(quoted(self.schema, self.name))

    @property
    def arguments(self) -> str | None:
        return _KINDS[self.kind][3] if self.securable == "ROUTINE" else None

    @property
    def shown(self) -> str:
        """As GRANT and ALTER name it."""
        arguments = f"({self.arguments})" if self.arguments is not None else ""
        return f"{self.securable} {quoted(self.schema, self.name)}{arguments}"

    @property
    def has_columns(self) -> bool:
        return self.word == "tables"


def privileges(securable: str) -> list[str]:
    return _PRIVILEGES[securable]
