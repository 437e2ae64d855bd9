"""Function signatures as a spec writes them, against the catalog's `oidvectortypes`."""

from __future__ import annotations

import pytest

from chiro_db.kinds.signature import Signature, parted
from tests.servers import Database


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("f", "f", None),
        ("f()", "f", ()),
        ("f ( )", "f", ()),
        ("f(int)", "f", ("int",)),
        ("f( int , text )", "f", ("int", "text")),
        ("f(a int, b text)", "f", ("int", "text")),
        ('f("A b" int, IN c double precision)', "f", ("int", "double precision")),
        ("f(INOUT a s.own, OUT b int, VARIADIC c int[])", "f", ("s.own", "int[]")),
        ("f(out int)", "f", ()),
        ("f(double precision, double int)", "f", ("double precision", "int")),
        ("f(int ARRAY, a int ARRAY[3])", "f", ("int ARRAY", "int ARRAY[3]")),
        (
            "f(timestamp with time zone, bit varying)",
            "f",
            ("timestamp with time zone", "bit varying"),
        ),
        ("f(*)", "f", ()),
        ("f(numeric(10, 2), int)", "f", ("numeric(10, 2)", "int")),
        ('f("a, b", int)', "f", ('"a, b"', "int")),
        ('f("a)b")', "f", ('"a)b"',)),
        ("f_*(int)", "f_*", ("int",)),
        ('"f(x)"(int)', "f(x)", ("int",)),
        ('"f""(x)"', 'f"(x)', None),
        ('a"b', 'a"b', None),
        ("My Function", "My Function", None),
    ],
)
def test_reading(text: str, name: str, arguments: tuple[str, ...] | None) -> None:
    signature = Signature.parse(text, "s")
    assert (signature.name, signature.arguments) == (name, arguments)
    assert parted(text)[0] == name


@pytest.mark.parametrize(
    ("written", "catalog", "same"),
    [
        ("f", "integer, text", True),
        ("f()", "", True),
        ("f()", "integer", False),
        ("f(int)", "", False),
        ("f(INT4)", "integer", True),
        ("f(int[])", "integer[]", True),
        ("f(int ARRAY)", "integer[]", True),
        ("f(int[][3])", "integer[]", True),
        ("f(int)", "integer[]", False),
        ("f(own)", "s.own", True),
        ("f(own)", "other.own", False),
        ("f(other.own)", "other.own", True),
        ("f(OWN)", "s.own", True),
        ('f("OWN")', 's."OWN"', True),
        ("f(OWN)", 's."OWN"', False),
        ("f(own[])", "s.own[]", True),
        ('f("O,W")', 's."O,W"', True),
        ('f(s."O.W"[])', 's."O.W"[]', True),
        ("f(varchar(5))", "character varying", True),
        ("f(character varying)", "character varying", True),
        ("f(timestamp)", "timestamp without time zone", True),
        ("f(timestamp(3) with time zone)", "timestamp with time zone", True),
        ("f(timestamptz)", "timestamp without time zone", False),
        ("f(decimal(10,2), bool)", "numeric, boolean", True),
        ("f(float)", "double precision", True),
        ("f(pg_catalog.int4)", "integer", True),
        ('f("char")', '"char"', True),
        ("f(char)", '"char"', False),
        ("f(char)", "character", True),
        ("f(text, int)", "integer, text", False),
    ],
)
def test_accepting(written: str, catalog: str, same: bool) -> None:
    assert Signature.parse(written, "s").accepts(catalog) is same


SPELLINGS = (
    "int|int2|int4|int8|smallint|bigint|bool|float|float(10)|float(50)|float4|"
    "float8|real|double precision|decimal|"
    "numeric(3,1)|dec|varchar|varchar(3)|char varying|char|char(3)|character|bpchar|nchar|"
    "national character|national character varying(4)|nchar varying|bit|bit(3)|bit varying|varbit|"
    "timestamp|timestamp(3)|timestamptz|timestamp with time zone|timestamp(2) without time zone|"
    'time|timetz|time(3) with time zone|interval|interval day to second|interval(3)|"char"|'
    "text[]|int[3][]|"
    "oid|regclass|json|jsonb|uuid|xml|bytea|inet|record|anyelement|anyarray|cstring|void|"
    "int4range|int4multirange|point|money|name|pg_catalog.text|pg_catalog.varchar[]|trigger|"
    'own|own[]|OWN|s.own|Own|"Own"|"o,wn"|s."o,wn"[]'
).split("|")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_what_the_server_makes_of_it(spelling: str, database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            "CREATE SCHEMA s; SET search_path TO s; CREATE TYPE own AS (x int);"
            ' CREATE TYPE "Own" AS (x int); CREATE TYPE "o,wn" AS (x int)'
        )
        row = connection.execute("SELECT %s::regtype::oid", [spelling]).fetchone()
        connection.execute("SET search_path TO ''")
        assert row is not None
        shown = connection.execute("SELECT oidvectortypes(%s::text::oidvector)", [str(row[0])])
        answer = shown.fetchone()
    assert answer is not None
    assert Signature.parse(f"f({spelling})", "s").accepts(answer[0]), answer[0]
