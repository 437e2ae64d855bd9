"""`--whole-schemas`: ALL ... IN SCHEMA where it reaches what the names would, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from chiro_db.apply import run, transaction
from chiro_db.apply.planning import Job
from chiro_db.apply.planning import plan as make
from chiro_db.errors import ServerError
from chiro_db.model.plan import Change, Plan
from chiro_db.plan.saved import dumps, loads
from tests.oracle.ask import differences
from tests.provisioning import Provisioning, administrator, statements, summaries

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection

SPEC = """
roles: {DATABASE_x: {}}
services:
    shop:
        schema: shop
        owner: DATABASE_owner
        app: DATABASE_app
        grants: [{to: DATABASE_x, level: read, tables: ["t*"]}]
"""
OBJECTS = """
CREATE ROLE {name}_owner;
CREATE SCHEMA shop AUTHORIZATION {name}_owner;
SET ROLE {name}_owner;
CREATE TABLE shop.t (id serial);
CREATE VIEW shop.tv AS SELECT 1;
CREATE MATERIALIZED VIEW shop.tm AS SELECT 1 AS one;
CREATE TABLE shop.tp (i int) PARTITION BY LIST (i);
CREATE TABLE shop.tp1 PARTITION OF shop.tp FOR VALUES IN (1);
CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE shop.p() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE shop.a(int) (SFUNC = int4pl, STYPE = int);
"""
TABLES = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop"


@pytest.fixture
def shop(provision: Provisioning) -> Provisioning:
    """Schema, owner and objects are there; who may use them, and the defaults, are not."""
    provision.query(OBJECTS.format(name=provision.name))
    return provision


@pytest.fixture
def shop_of_18(shop: Provisioning) -> Provisioning:
    if shop.database.server.version < 180000:
        pytest.skip("up to 17 GRANT locks nothing that it names, and names it")
    return shop


def job(provision: Provisioning) -> Job:
    return replace(provision.job(SPEC), whole_schemas=True)


def apply(provision: Provisioning, shown: Plan | None = None) -> Plan:
    about = job(provision)
    return run.apply(about, shown or make(about), lock_timeout=5)


def in_step(provision: Provisioning, connected: str | None = None) -> bool:
    """Nothing is left to do, whichever way it is said; the oracle agrees."""
    spec: dict[str, Any] = yaml.safe_load((provision.folder / "spec.yaml").read_text())
    assert summaries(make(job(provision))) == summaries(provision.plan(SPEC)) == []
    assert differences(provision.database, spec, job(provision).today, connected=connected) == []
    return True


def on_objects(plan: Plan) -> list[str]:
    """GRANT and REVOKE on what is in the schema."""
    words = (" ON TABLE ", " ON SEQUENCE ", " ON ROUTINE ", " IN SCHEMA ")
    return [
        text
        for text in statements(plan)
        if any(word in text for word in words) and not text.startswith("ALTER")
    ]


@pytest.mark.every_version
def test_the_statements_are_for_all_in_the_schema_from_18_on(shop: Provisioning) -> None:
    shown, named = make(job(shop)), shop.plan(SPEC)
    app, x = f"{shop.name}_app", f"{shop.name}_x"
    if shop.database.server.version < 180000:
        assert shown.changes == named.changes
    else:
        assert sorted(on_objects(shown)) == [
            f"GRANT ALL PRIVILEGES ON ALL SEQUENCES IN SCHEMA shop TO {app}",
            f"GRANT EXECUTE ON ALL ROUTINES IN SCHEMA shop TO {app}",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA shop TO {x}",
            f"GRANT {TABLES} TO {app}",
            "REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA shop FROM PUBLIC",
        ]
    assert [c.address for c in shown.changes] == [c.address for c in named.changes]
    apply(shop, shown)
    assert in_step(shop)


def test_nothing_in_the_schema_is_locked(
    shop_of_18: Provisioning, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[list[str]] = []
    execute = transaction.execute

    def asked(connection: Connection, about: Job, changes: Sequence[Change]) -> None:
        execute(connection, about, changes)
        rows = connection.execute(
            "SELECT coalesce(relation::regclass::text, objid::regprocedure::text) FROM pg_locks"
            " WHERE pid = pg_backend_pid() AND database <> 0 AND"
            " (relation >= 16384 OR classid = 'pg_proc'::regclass)"
        )
        held.append(sorted(row[0] for row in rows))

    monkeypatch.setattr(run, "execute", asked)
    provision = shop_of_18
    apply(provision)
    provision.query(f"REVOKE ALL ON ALL TABLES IN SCHEMA shop FROM {provision.name}_app")
    provision.apply(SPEC)  # with names
    assert held == [[], ["shop.t", "shop.tm", "shop.tp", "shop.tp1", "shop.tv"]]


def test_a_part_of_a_schema_is_named(shop_of_18: Provisioning) -> None:
    apply(shop_of_18)
    shop_of_18.query(f"REVOKE SELECT ON shop.t, shop.tv FROM {shop_of_18.name}_app")
    assert on_objects(make(job(shop_of_18))) == [
        f"GRANT SELECT ON TABLE shop.t, shop.tv TO {shop_of_18.name}_app"
    ]


def test_what_owner_and_creator_have_is_all_there_is_together(shop_of_18: Provisioning) -> None:
    provision = shop_of_18
    creator = f"{provision.name}_creator"
    provision.query(
        f"CREATE ROLE {creator}; CREATE TABLE shop.c (); ALTER TABLE shop.c OWNER TO {creator}"
    )
    spec = SPEC.replace("app:", "creators: [DATABASE_creator]\n        app:").replace(
        "roles: {", "roles: {DATABASE_creator: {}, "
    )
    about = replace(provision.job(spec), whole_schemas=True)
    shown = make(about)
    assert on_objects(shown).count(f"GRANT {TABLES} TO {provision.name}_app") == 2
    assert not any(" ON TABLE shop.c" in text for text in on_objects(shown))
    run.apply(about, shown, lock_timeout=5)
    assert summaries(make(about)) == summaries(provision.plan(spec)) == []


@pytest.mark.parametrize("by_the_plan", [False, True], ids=["before", "by the same plan"])
def test_what_an_extension_brings_is_not_reached(
    shop_of_18: Provisioning, by_the_plan: bool
) -> None:
    """postgres_fdw has functions alone."""
    provision, spec = shop_of_18, SPEC
    if by_the_plan:
        spec += (
            f"database: {{name: {provision.name}, extensions: {{postgres_fdw: {{schema: shop}}}}}}"
        )
    else:
        provision.query("CREATE EXTENSION postgres_fdw SCHEMA shop")
    about = replace(provision.job(spec), whole_schemas=True)
    shown = make(about)
    names = "shop.a(integer), shop.f(), shop.p()"
    routines = [text for text in on_objects(shown) if "ROUTINE" in text]
    assert routines == [
        f"REVOKE EXECUTE ON ROUTINE {names} FROM PUBLIC",
        f"GRANT EXECUTE ON ROUTINE {names} TO {provision.name}_app",
    ]
    tables = f"GRANT {TABLES} TO {provision.name}_app"
    assert (tables in statements(shown)) != by_the_plan  # nobody knows yet what it will bring
    run.apply(about, shown, lock_timeout=5)
    assert summaries(make(about)) == []
    assert provision.value(
        "SELECT proacl IS NULL FROM pg_proc WHERE proname = 'postgres_fdw_handler'"
    )


def test_constructors_of_ranges_are_out_of_an_administrators_reach(
    shop_of_18: Provisioning,
) -> None:
    provision, name = shop_of_18, f"{shop_of_18.name}_admin"
    provision.query("CREATE TYPE shop.r AS RANGE (subtype = int)")
    ordinary = administrator(provision, name)
    provision.query(
        f"GRANT {provision.name}_owner TO {name} WITH ADMIN OPTION, INHERIT TRUE, SET TRUE"
    )
    provision.query(f"ALTER TYPE shop.r OWNER TO {provision.name}_owner")
    found = on_objects(make(job(ordinary)))
    assert [text for text in found if "ALL ROUTINES" in text] == []
    assert f"GRANT {TABLES} TO {provision.name}_app" in found
    apply(ordinary)
    assert in_step(ordinary, name)


def test_an_administrator_grants_as_the_owner_where_others_may(shop_of_18: Provisioning) -> None:
    provision, name = shop_of_18, f"{shop_of_18.name}_admin"
    ordinary = administrator(provision, name)
    provision.query(
        f"GRANT {provision.name}_owner TO {name} WITH ADMIN OPTION, INHERIT TRUE, SET TRUE"
    )
    provision.query(f"CREATE ROLE {name}2; GRANT {name}2 TO {name} WITH INHERIT TRUE")
    provision.query(f"GRANT SELECT ON ALL TABLES IN SCHEMA shop TO {name}2 WITH GRANT OPTION")
    shown = make(job(ordinary))
    found = statements(shown)
    revoke = found.index(f"REVOKE SELECT ON ALL TABLES IN SCHEMA shop FROM {name}2 CASCADE")
    assert found[revoke - 1 : revoke + 2 : 2] == [
        f"SET LOCAL ROLE {provision.name}_owner",
        "RESET ROLE",
    ]
    apply(ordinary, shown)
    assert in_step(ordinary, name)


def test_a_saved_plan_is_run_as_it_was_shown(shop_of_18: Provisioning) -> None:
    shown = make(job(shop_of_18), for_saving=True)
    saved = loads(dumps(shown))
    assert saved.whole_schemas
    done = run.apply(shop_of_18.job(SPEC), saved, lock_timeout=5)
    assert statements(done) == statements(shown)
    assert in_step(shop_of_18)


def test_a_saved_plan_is_refused_once_an_extension_is_in_the_schema(
    shop_of_18: Provisioning,
) -> None:
    saved = make(job(shop_of_18), for_saving=True)
    shop_of_18.query("CREATE EXTENSION postgres_fdw SCHEMA shop")
    with pytest.raises(run.PlanChangedError):
        apply(shop_of_18, loads(dumps(saved)))
    assert shop_of_18.value("SELECT count(*) FROM pg_roles WHERE rolname ~ '_app$'") == 0


# -- what comes between the reading and the statement ------------------------------------------


class Meanwhile:
    """Another session, once, when everything was read and before the first statement."""

    def __init__(self, provision: Provisioning, monkeypatch: pytest.MonkeyPatch) -> None:
        self.provision, self.text = provision, ""
        self.execute = transaction.execute
        monkeypatch.setattr(run, "execute", self)

    def __call__(self, connection: Connection, about: Job, changes: Sequence[Change]) -> None:
        text, self.text = self.text, ""
        if text:
            self.provision.query(text.replace("OWNER", f"{self.provision.name}_owner"))
        self.execute(connection, about, changes)


@pytest.fixture
def meanwhile(shop_of_18: Provisioning, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    return Meanwhile(shop_of_18, monkeypatch)


def test_a_new_table_that_the_spec_covers_is_granted_on(
    shop_of_18: Provisioning, meanwhile: Meanwhile
) -> None:
    meanwhile.text = "SET ROLE OWNER; CREATE TABLE shop.t2 ()"
    apply(shop_of_18)
    assert in_step(shop_of_18)
    app = f"{shop_of_18.name}_app"
    assert shop_of_18.value("SELECT has_table_privilege(%s, 'shop.t2', 'DELETE')", app)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        # `t*` no longer means all
        ("SET ROLE OWNER; CREATE TABLE shop.other ()", "GRANT SELECT ON TABLE shop.t,"),
        ("CREATE TABLE shop.other ()", "ALTER TABLE shop.other OWNER TO"),
        ("CREATE EXTENSION postgres_fdw SCHEMA shop", "GRANT EXECUTE ON ROUTINE shop.a(integer),"),
        (
            "CREATE EXTENSION postgres_fdw SCHEMA public;"
            "CREATE VIEW shop.v AS SELECT 1; ALTER EXTENSION postgres_fdw ADD VIEW shop.v",
            f"GRANT {TABLES.replace('ALL TABLES IN SCHEMA shop', 'TABLE shop.t,')}",
        ),
    ],
    ids=["not covered", "of another owner", "of an extension", "added to an extension"],
)
def test_what_the_spec_does_not_cover_ends_in_another_plan(
    shop_of_18: Provisioning, meanwhile: Meanwhile, text: str, then: str
) -> None:
    meanwhile.text = text
    with pytest.raises(run.PlanChangedError) as changed:
        apply(shop_of_18)
    assert any(found.startswith(then) for found in statements(changed.value.now))
    assert make(job(shop_of_18)).runnable == changed.value.now.runnable  # nothing was committed
    apply(shop_of_18, changed.value.now)
    assert in_step(shop_of_18)


def test_an_administrator_is_refused_what_he_may_not_grant_on(
    shop_of_18: Provisioning, meanwhile: Meanwhile
) -> None:
    provision, name = shop_of_18, f"{shop_of_18.name}_admin"
    ordinary = administrator(provision, name)
    provision.query(
        f"GRANT {provision.name}_owner TO {name} WITH ADMIN OPTION, INHERIT TRUE, SET TRUE"
    )
    before = provision.plan(SPEC).runnable
    meanwhile.text = "CREATE TABLE shop.t2 ()"
    with pytest.raises(ServerError, match="permission denied for table t2"):
        apply(ordinary)
    provision.query("DROP TABLE shop.t2")
    assert provision.plan(SPEC).runnable == before
