"""ACLs as values: parsing, a change of owner, and revokes as a real server does them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import TupleRow

from chiro_db.model import acl, acl_delta, revoking
from chiro_db.model.acl import Entry, Right, Wanted
from chiro_db.model.privilege import known
from tests.servers import Database

Connection = psycopg.Connection[TupleRow]
ROLES = ("ann", "bob", "cyd", "dan")
NOBODY = frozenset[Entry]()


@pytest.mark.parametrize(
    ("item", "entries"),
    [
        ("=r/o", [(None, "SELECT", "o", False)]),
        ("a=r*/o", [("a", "SELECT", "o", True)]),
        ("a=rw*/o", [("a", "SELECT", "o", False), ("a", "UPDATE", "o", True)]),
        ("a=/o", []),
        ('"a=r/b"=X/o', [("a=r/b", "EXECUTE", "o", False)]),
        ('"a""=x"=U/"o""=y/z"', [('a"=x', "USAGE", 'o"=y/z', False)]),
        ('""""=r/""""', [('"', "SELECT", '"', False)]),
        ('"PUBLIC"=r/o', [("PUBLIC", "SELECT", "o", False)]),
        ("ünï=m/o", [("ünï", "MAINTAIN", "o", False)]),
        ("12345=C/o", [("12345", "CREATE", "o", False)]),
        ('"a b,{c}\\d"=c/o', [("a b,{c}\\d", "CONNECT", "o", False)]),
        ('"a\nb"=T/o', [("a\nb", "TEMPORARY", "o", False)]),
        ('"' + '""' * 31 + '"=r/o', [('"' * 31, "SELECT", "o", False)]),
    ],
)
def test_an_item_has_entries(item: str, entries: list[tuple[str | None, str, str, bool]]) -> None:
    assert acl.parse_item(item) == tuple(Entry(*entry) for entry in entries)


def test_what_is_no_item_is_an_error() -> None:
    with pytest.raises(ValueError, match="aclitem"):
        acl.parse_item("group a:r/o")


def test_the_order_of_items_does_not_count() -> None:
    assert acl.parse(["a=r/o", "b=w/o"]) == acl.parse(["b=w/o", "a=r/o"])


def test_items_are_written_as_the_server_writes_them(database: Database) -> None:
    names = ["plain", "Capital", "with space", 'quo"te', "eq=u/al", "ünï", "2nd"]
    roles = [
        f"{database.name} {name}" if " " in name else f"{database.name}{name}" for name in names
    ]
    wanted = {
        (grantee, privilege): Right(grantee == roles[0], ())
        for grantee in (None, *roles)
        for privilege in ("TRUNCATE", "SELECT", "INSERT")
        if grantee is not None or privilege == "SELECT"
    }
    with database.connect() as connection:
        connection.execute("CREATE TABLE t ()")
        for role in roles:
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        for (grantee, privilege), right in wanted.items():
            connection.execute(
                sql.SQL("GRANT {} ON t TO {} {}").format(
                    sql.SQL(privilege),
                    sql.Identifier(grantee) if grantee else sql.SQL("PUBLIC"),
                    sql.SQL("WITH GRANT OPTION" if right.grantable else ""),
                )
            )
        owner, items, version = connection.execute(
            "SELECT relowner::regrole::text, relacl::text[],"
            " current_setting('server_version_num')::int FROM pg_class WHERE relname = 't'"
        ).fetchone() or ("", [], 0)
    owned = known("table", version)
    made = acl.items(owner, owned, wanted)
    # up to 17 a name with letters beyond ASCII has no quotes: such an ACL is compared the long way
    assert {i for i in made if i.isascii()} == {i for i in items if i.isascii()}
    assert acl.parse(made) == acl.parse(items)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["old=rw/old", "x=r/old"], ["new=rw/new", "x=r/new"]),
        (["old=r/old", "new=w*/old"], ["new=rw*/new"]),
        (["x=r/old", "x=r*/new"], ["x=r*/new"]),
        (["x=r/y", "old=r/y"], ["x=r/y", "new=r/y"]),
        (["=r/old"], ["=r/new"]),
        ([], []),
    ],
)
def test_a_change_of_owner_merges(before: list[str], after: list[str]) -> None:
    assert acl.reowned(acl.parse(before), "old", "new") == acl.parse(after)


def _settled(have: list[str], wanted: Wanted, *, additive: bool = False) -> acl_delta.Delta:
    return acl_delta.settle(
        acl.parse(have), "o", ("SELECT",), wanted, lambda *_: False, additive=additive
    )


READS: Wanted = {("a", "SELECT"): Right(False, ())}
GRANTS: Wanted = {("a", "SELECT"): Right(True, ())}


@pytest.mark.parametrize(
    ("have", "wanted", "revokes", "missing"),
    [
        (["o=r/o", "a=r/o"], READS, [], []),
        (["o=r/o"], READS, [], [("a", "SELECT")]),
        (["a=r/o"], READS, [], [("o", "SELECT")]),
        (["o=r/o", "a=r*/o"], READS, [("a", "SELECT", True, True, False)], []),
        (["o=r/o", "a=r/o"], GRANTS, [], [("a", "SELECT")]),
        (["o=r/o", "a=r/o", "=r/o"], READS, [(None, "SELECT", False, False, False)], []),
        (
            ["o=r/o", "a=r*/o", "b=r/a"],
            GRANTS,
            [("a", "SELECT", True, True, False)],
            [("a", "SELECT")],
        ),
        (["o=r/o", "b=r/a"], {}, [("a", "SELECT", False, True, True)], []),
    ],
)
def test_settling(
    have: list[str],
    wanted: Wanted,
    revokes: list[tuple[str | None, str, bool, bool, bool]],
    missing: list[tuple[str, str]],
) -> None:
    delta = _settled(have, wanted)
    assert delta.revokes == revokes
    assert [(m.grantee, m.privilege) for m in delta.missing] == missing
    assert bool(delta) is acl_delta.differs(
        acl.parse(have), "o", ("SELECT",), wanted, lambda *_: False
    )


def test_additive_takes_nothing_and_lists_the_extras() -> None:
    delta = _settled(["o=r/o", "b=r/o"], READS, additive=True)
    assert delta.revokes == []
    assert [m.grantee for m in delta.missing] == ["a"]
    assert delta.extras == [Entry("b", "SELECT", "o", False)]


def test_what_is_tolerated_may_be_there_but_not_its_grant_option() -> None:
    def of(have: list[str]) -> list[revoking.Revoke]:
        delta = acl_delta.settle(acl.parse(have), "o", (), {}, lambda *_: False, tolerated=READS)
        return delta.revokes

    assert of(["a=r/o"]) == of([]) == []
    assert of(["a=r*/o"]) == [revoking.Revoke("a", "SELECT", True, True)]


@pytest.fixture
def table(database: Database) -> Iterator[Connection]:
    """A table `t` that `own` owns, and roles that may look into its schema."""
    with database.connect() as connection:
        roles = ", ".join(ROLES)
        connection.execute("".join(f"CREATE ROLE {role};" for role in ("own", *ROLES)).encode())
        connection.execute(f"CREATE SCHEMA s; GRANT ALL ON SCHEMA s TO own, {roles}".encode())
        yield connection


def _entries(connection: Connection) -> frozenset[Entry]:
    row = connection.execute(
        "SELECT coalesce(relacl, acldefault('r', relowner))::text[] FROM pg_class"
        " WHERE oid = 's.t'::regclass"
    ).fetchone()
    assert row is not None
    return acl.parse(row[0])


def _shuffled(connection: Connection, dice: random.Random) -> None:
    """A new table with grants by anyone who may grant, circles included."""
    connection.execute("SET ROLE own; DROP TABLE IF EXISTS s.t; CREATE TABLE s.t ()")
    for _ in range(dice.randint(4, 24)):
        grantor, grantee = dice.choice(("own", *ROLES)), dice.choice((*ROLES, "PUBLIC"))
        option = " WITH GRANT OPTION" if grantee != "PUBLIC" and dice.random() < 0.9 else ""
        text = f"GRANT {dice.choice(('SELECT', 'INSERT'))} ON s.t TO {grantee}{option}"
        connection.execute(f"SET ROLE {grantor}".encode())
        try:
            connection.execute(text.encode())
        except psycopg.errors.InsufficientPrivilege:
            continue
        except psycopg.errors.InvalidGrantOperation:
            continue  # back to one's own grantor
    connection.execute("RESET ROLE")


def _revoke(connection: Connection, revoke: revoking.Revoke) -> None:
    grantee = sql.SQL("PUBLIC") if revoke.grantee is None else sql.Identifier(revoke.grantee)
    privilege = sql.SQL(revoke.privilege)
    if revoke.lent:
        text = sql.SQL("GRANT {} ON s.t TO {} WITH GRANT OPTION")
        connection.execute(text.format(privilege, grantee))
    text = sql.SQL("REVOKE {} {} ON s.t FROM {} CASCADE")
    only = sql.SQL("GRANT OPTION FOR" if revoke.option_only else "")
    connection.execute(text.format(only, privilege, grantee))


def test_the_cascade_of_a_revoke_is_the_servers(table: Connection) -> None:
    dice = random.Random(7)  # noqa: S311 - the same every time
    for _ in range(60):
        _shuffled(table, dice)
        revoke = revoking.Revoke(dice.choice(ROLES), "SELECT", dice.random() < 0.5, True)
        expected = revoking.without(_entries(table), "own", [revoke])
        _revoke(table, revoke)
        assert _entries(table) == expected, revoke


def test_settling_ends_where_it_should_on_a_server(table: Connection) -> None:
    dice = random.Random(8)  # noqa: S311
    merged = 0
    for _ in range(60):
        _shuffled(table, dice)
        wanted: dict[tuple[str | None, str], Right] = {
            (role, privilege): Right(role is not None and dice.random() < 0.5, ())
            for role in (*ROLES, None)
            for privilege in ("SELECT", "INSERT")
            if dice.random() < 0.4
        }
        have = _entries(table)
        owned = sorted({e.privilege for e in have if e.grantee == "own"})
        delta = acl_delta.settle(have, "own", owned, wanted, lambda *_: False)
        merged += bool(delta.merged)
        for grantor in delta.merged:
            table.execute(f"ALTER TABLE s.t OWNER TO {grantor}".encode())
            table.execute("ALTER TABLE s.t OWNER TO own")
        for revoke in delta.revokes:
            _revoke(table, revoke)
        for grantee, privilege, right in delta.missing:
            to = grantee or "PUBLIC"
            option = " WITH GRANT OPTION" if right.grantable else ""
            table.execute(f"GRANT {privilege} ON s.t TO {to}{option}".encode())
        left = _entries(table)
        assert not acl_delta.differs(left, "own", owned, wanted, lambda *_: False), (
            have,
            wanted,
            delta,
        )
    assert merged, "no grants in a circle came up: choose another seed"
