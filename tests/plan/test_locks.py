"""Locks that one transaction needs, counted before it runs."""

from __future__ import annotations

from dataclasses import replace

from chiro_db.catalog.connect import connected
from chiro_db.catalog.inspect import inspect, snapshot
from chiro_db.kinds.scope import Scope
from chiro_db.model.plan import Plan
from chiro_db.plan.build import build
from tests.provisioning import Provisioning

SPEC = "services: {shop: {schema: shop, owner: DATABASE_owner, app: DATABASE_app}}"


def planned(provision: Provisioning, room: int, *, whole_schemas: bool = False) -> Plan:
    """As on a server with room for so many locks."""
    job = replace(provision.job(SPEC), whole_schemas=whole_schemas)
    with connected(job.to) as connection, snapshot(connection):
        state = inspect(connection, job.request)
    small = replace(state, server=replace(state.server, lockable=room))
    return build(Scope(job.loaded.spec, small, job.today), job.loaded.place)


def test_a_plan_that_needs_too_many_locks_says_so(provision: Provisioning) -> None:
    provision.query("CREATE SCHEMA shop; CREATE TABLE shop.a (id serial); CREATE TABLE shop.b ()")
    provision.query("CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    needed = 4  # the change of a table's owner locks the sequences of its columns
    assert planned(provision, needed).warnings == ()
    (warning,) = planned(provision, needed - 1).warnings
    assert f"lock {needed} objects" in warning
    assert "--whole-schemas" not in warning  # the owners take as many
    assert "--by-service" in warning
    assert "max_locks_per_transaction" in warning


def test_the_objects_of_a_change_are_all_named(provision: Provisioning) -> None:
    provision.apply(SPEC)
    tables = [f"t{i}" for i in range(5)]
    for table in tables:
        provision.query(f"CREATE TABLE shop.{table} ()")
        provision.query(f"ALTER TABLE shop.{table} OWNER TO {provision.name}_owner")
    provision.apply(SPEC)
    provision.query("REVOKE SELECT ON ALL TABLES IN SCHEMA shop FROM " + f"{provision.name}_app")
    (change,) = provision.plan(SPEC).changes
    assert "5 tables of shop" in change.summary
    assert change.after is not None
    assert change.after["objects"] == [f"shop.{table}" for table in tables]


def test_what_only_grants_lock_can_be_granted_without(provision: Provisioning) -> None:
    provision.apply(SPEC)
    for table in "abc":
        provision.query(f"CREATE TABLE shop.{table} ()")
        provision.query(f"ALTER TABLE shop.{table} OWNER TO {provision.name}_owner")
    provision.query(f"REVOKE ALL ON ALL TABLES IN SCHEMA shop FROM {provision.name}_app")
    found = planned(provision, 2).warnings
    if provision.database.server.version < 180000:
        assert found == ()
        return
    assert "--whole-schemas" in found[0]
    assert planned(provision, 2, whole_schemas=True).warnings == ()
