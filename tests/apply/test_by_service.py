"""`apply --by-service`: a transaction for each service, and what stays of one that fails."""

from __future__ import annotations

import pytest

from chiro_db.apply.planning import plan as make
from chiro_db.apply.run import apply as carry_out
from chiro_db.errors import RefusedError, ServerError
from chiro_db.model.plan import Plan
from chiro_db.plan.parts import parts
from tests.provisioning import Provisioning, administrator, summaries

SPEC = """
roles:
    DATABASE_old: {state: absent, reassign_to: DATABASE_c_owner}
services:
    a: {schema: a, owner: DATABASE_a_owner, app: DATABASE_a_app, migrator: DATABASE_a_migrator}
    b: {schema: b, owner: DATABASE_b_owner, app: DATABASE_b_app, purpose: Second}
    c:
        schema: c
        owner: DATABASE_c_owner
        grants: [{to: DATABASE_a_app, level: read}]
        settings: {statement_timeout: 30s}
"""


def apply(provision: Provisioning, shown: Plan | None = None) -> Plan:
    job = provision.job(SPEC)
    return carry_out(job, shown or make(job), lock_timeout=0.2, by_service=True)


@pytest.fixture
def shop(provision: Provisioning) -> Provisioning:
    """With something for each of the parts to do."""
    provision.query(f"CREATE ROLE {provision.name}_old")
    for schema in "abc":
        provision.query(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.t (id serial)")
    provision.query(f"ALTER TABLE c.t OWNER TO {provision.name}_old")
    return provision


def test_the_parts_are_the_whole_plan(shop: Provisioning) -> None:
    plan = shop.plan(SPEC)
    found = list(parts(plan))
    assert [part.service for part in found] == [None, "a", "b", "c", None]
    together = [change.address for part in found for change in part.changes]
    assert sorted(together) == sorted(change.address for change in plan.runnable)
    assert len(together) == len(set(together))


def test_each_service_is_committed_by_itself(shop: Provisioning) -> None:
    assert len(apply(shop).runnable) > 10
    assert summaries(shop.plan(SPEC)) == []
    found = shop.query("SELECT xmin FROM pg_namespace WHERE nspname IN ('a', 'b', 'c')")
    assert len(set(found)) == 3
    assert not apply(shop).runnable


def test_as_an_ordinary_administrator(provision: Provisioning) -> None:
    ordinary = administrator(provision, f"{provision.name}_admin")
    assert apply(ordinary).runnable
    assert summaries(ordinary.plan(SPEC)) == []


def test_into_a_database_that_does_not_exist(provision: Provisioning) -> None:
    with provision.database.server.connect() as connection:
        connection.execute(f"DROP DATABASE {provision.name}".encode())
    assert apply(provision).runnable
    assert summaries(provision.plan(SPEC)) == []


def test_a_failure_keeps_what_was_done_and_the_next_run_goes_on(shop: Provisioning) -> None:
    with shop.database.connect() as other, other.transaction():
        other.execute("LOCK TABLE b.t IN ACCESS SHARE MODE")  # its owner cannot be changed now
        with pytest.raises(ServerError) as caught:
            apply(shop)
    assert "service `b`" in caught.value.message
    assert "lock" in caught.value.message
    assert caught.value.hint is not None
    assert "1 of 3 services are done (a)" in caught.value.hint
    assert "--by-service" in caught.value.hint
    owners = shop.query(
        "SELECT nspname::text, nspowner = %s::regrole FROM pg_namespace"
        " WHERE nspname IN ('a', 'b') ORDER BY 1",
        f"{shop.name}_a_owner",
    )
    assert owners == [("a", True), ("b", False)]
    assert (
        shop.value("SELECT has_schema_privilege(%s, 'b', 'USAGE')", f"{shop.name}_b_app") is False
    )
    again = shop.plan(SPEC)
    assert {c.service for c in again.runnable} == {"b", "c", None}
    apply(shop, again)
    assert summaries(shop.plan(SPEC)) == []


def test_a_saved_plan_is_run_as_it_was_shown_or_refused(shop: Provisioning) -> None:
    saved = shop.plan(SPEC, for_saving=True)
    with shop.database.connect() as other, other.transaction():
        other.execute("LOCK TABLE b.t IN ACCESS SHARE MODE")
        with pytest.raises(ServerError, match="service `b`") as caught:
            apply(shop, saved)
    assert "make a new plan" in (caught.value.hint or "")
    with pytest.raises(RefusedError, match="stale"):
        apply(shop, saved)
    apply(shop, shop.plan(SPEC, for_saving=True))
    assert summaries(shop.plan(SPEC)) == []


def test_a_service_that_is_too_large_by_itself_needs_another_way(shop: Provisioning) -> None:
    """An event trigger says what the server would of a full lock table."""
    apply(shop)
    shop.query(f"REVOKE SELECT ON b.t FROM {shop.name}_b_app")
    shop.query(
        "CREATE FUNCTION public.no_room() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE USING ERRCODE = '53200', MESSAGE = 'out of shared memory'; END$$;"
        " CREATE EVENT TRIGGER no_room ON ddl_command_end WHEN TAG IN ('GRANT')"
        " EXECUTE FUNCTION public.no_room()"
    )
    with pytest.raises(ServerError, match=r"service `b`.*out of shared memory") as caught:
        apply(shop)
    hint = caught.value.hint or ""
    assert hint.startswith("raise max_locks_per_transaction on the server")
    assert "--whole-schemas" in hint
    assert "0 of 1 services are done" in hint
    assert "nothing was changed" not in hint


def test_a_grant_that_the_server_only_warns_about_is_not_committed(provision: Provisioning) -> None:
    """The administrator loses the right between the plan and its turn."""
    ordinary = administrator(provision, f"{provision.name}_admin")
    apply(ordinary)
    provision.query(f"CREATE TABLE b.t (); ALTER TABLE b.t OWNER TO {provision.name}_b_owner")
    provision.query(f"REVOKE SELECT ON b.t FROM {provision.name}_b_app")
    provision.query(
        "CREATE FUNCTION public.no() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE WARNING USING ERRCODE = '01007', MESSAGE = 'no privileges were granted';"
        " END$$; CREATE EVENT TRIGGER no ON ddl_command_end WHEN TAG IN ('GRANT')"
        " EXECUTE FUNCTION public.no()"
    )
    with pytest.raises(ServerError, match="no privileges were granted"):
        apply(ordinary)
    assert not provision.value(
        "SELECT has_table_privilege(%s, 'b.t', 'SELECT')", f"{provision.name}_b_app"
    )
