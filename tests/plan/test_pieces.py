"""Lists of a few names, where the end of each statement would look at very many locks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chiro_db.catalog.connect import connected
from chiro_db.catalog.inspect import inspect, snapshot
from chiro_db.kinds.scope import Scope
from chiro_db.model.plan import Plan, Statement
from chiro_db.plan import pieces
from chiro_db.plan.build import build
from chiro_db.plan.whole import replaced
from tests.provisioning import Provisioning, summaries

SPEC = """
services: {shop: {schema: shop, owner: DATABASE_owner, app: DATABASE_app, reader: DATABASE_reader}}
"""
TABLES = 20
MADE = f"""DO $$BEGIN FOR i IN 1..{TABLES} LOOP
    EXECUTE format('CREATE TABLE shop."t %s" (id serial)', i);
    EXECUTE format('CREATE FUNCTION shop.f%s() RETURNS int LANGUAGE sql AS ''SELECT 1''', i);
END LOOP; END$$"""


def planned(provision: Provisioning, major: int, room: int = 1000) -> Plan:
    """As on a server of that version, with room for so many locks."""
    if provision.database.server.version < 170000:
        pytest.skip("before 17 the owner has no MAINTAIN, which a plan as for 18 gives it")
    job = provision.job(SPEC)
    with connected(job.to) as connection, snapshot(connection):
        state = inspect(connection, job.request)
    server = replace(state.server, version=major * 10000, lockable=room)
    return build(Scope(job.loaded.spec, replace(state, server=server), job.today), job.loaded.place)


def lists(plan: Plan) -> list[int]:
    """The statements' numbers of names, in the schema."""
    texts = [s.sql for change in plan.changes for s in change.statements]
    return [text.count(" shop.") for text in texts if " shop." in text]


@pytest.fixture
def filled(provision: Provisioning) -> Provisioning:
    owner = f"{provision.name}_owner"
    provision.query(f"CREATE ROLE {owner}; CREATE SCHEMA shop AUTHORIZATION {owner}")
    provision.query(f"SET ROLE {owner}; {MADE}")
    return provision


def test_few_locks_leave_the_lists_whole(filled: Provisioning) -> None:
    """To app and reader tables and sequences, to app the functions, which PUBLIC loses."""
    assert lists(planned(filled, 18)) == [TABLES] * 6


def test_many_locks_need_short_lists(filled: Provisioning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_PAYS", 1)
    assert lists(planned(filled, 17)) == [TABLES] * 6, "GRANT locks nothing"
    assert lists(planned(filled, 18, room=3 * TABLES - 1)) == [TABLES] * 6, "no room for one"
    parted = planned(filled, 18)
    assert lists(parted) == [7, 7, 6] * 6
    monkeypatch.setattr(pieces, "_PAYS", 1000)
    assert [c.address for c in parted.changes] == [c.address for c in planned(filled, 18).changes]


def test_short_lists_grant_the_same(filled: Provisioning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_PAYS", 1)
    filled.apply(SPEC)
    assert summaries(filled.plan(SPEC)) == []
    granted = (
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'shop'::regnamespace"
        f" AND relkind = 'r' AND has_table_privilege('{filled.name}_' || %s, oid, 'SELECT')"
    )
    assert filled.value(granted, "app") == filled.value(granted, "reader") == TABLES
    assert filled.value(
        "SELECT bool_and(proacl::text NOT LIKE '%%{=X/%%') FROM pg_proc"
        " WHERE pronamespace = 'shop'::regnamespace"
    )


def test_a_name_that_looks_like_a_list_stays() -> None:
    """Before the list stand only words; what another statement has in quotes is a name."""
    like = Statement('SET LOCAL ROLE "x ON TABLE shop.a y"')
    grant = Statement('GRANT SELECT ON TABLE shop.a TO "z ON TABLE shop.a y"')
    assert replaced(like, " ON TABLE shop.a ", " ON ALL ") == like
    assert replaced(grant, " ON TABLE shop.a ", " ON ALL ").sql == (
        'GRANT SELECT ON ALL TO "z ON TABLE shop.a y"'
    )
