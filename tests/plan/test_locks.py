"""Locks that one transaction needs, counted before it runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chiro_db.apply import run, transaction
from chiro_db.apply.planning import Job
from chiro_db.catalog.connect import connected
from chiro_db.catalog.inspect import inspect, snapshot
from chiro_db.kinds.scope import Scope
from chiro_db.model.plan import Change, Plan
from chiro_db.plan.build import build
from tests.provisioning import Provisioning

if TYPE_CHECKING:
    from chiro_db.catalog.connect import Connection

SPEC = "services: {shop: {schema: shop, owner: DATABASE_owner, app: DATABASE_app}}"


def planned(provision: Provisioning, room: int, *, whole_schemas: bool = False) -> Plan:
    """As on a server with room for so many locks."""
    job = replace(provision.job(SPEC), whole_schemas=whole_schemas)
    with connected(job.to) as connection, snapshot(connection):
        state = inspect(connection, job.request)
    small = replace(state, server=replace(state.server, lockable=room))
    return build(Scope(job.loaded.spec, small, job.today), job.loaded.place)


OBJECTS = """
CREATE SCHEMA shop; CREATE TABLE shop.a (id serial, i int UNIQUE, t text); CREATE TABLE shop.b ();
CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE shop.e AS ENUM ()
"""
HELD = """
SELECT count(DISTINCT (relation, classid, objid)) FROM pg_locks
WHERE pid = pg_backend_pid() AND (relation >= 16384 OR classid = ANY (
    '{pg_authid, pg_namespace, pg_proc, pg_type}'::regclass[]))
"""


def held(provision: Provisioning, monkeypatch: pytest.MonkeyPatch) -> int:
    """Applied: objects that the transaction has locked before its commit."""
    found: list[int] = []

    def asked(connection: Connection, job: Job, changes: Sequence[Change]) -> None:
        transaction.execute(connection, job, changes)
        (number,) = connection.execute(HELD.encode()).fetchone() or ()
        found.append(number)

    with monkeypatch.context() as patched:
        patched.setattr(run, "execute", asked)
        provision.apply(SPEC)
    (number,) = found
    return number


def told(provision: Provisioning, room: int = 0, *, whole_schemas: bool = False) -> str:
    (warning,) = planned(provision, room, whole_schemas=whole_schemas).warnings
    return warning


@pytest.mark.every_version
def test_a_plan_tells_how_many_locks_it_needs(
    provision: Provisioning, monkeypatch: pytest.MonkeyPatch
) -> None:
    provision.query(OBJECTS)
    warning = told(provision)
    found = re.search(r"lock at least (\d+) objects", warning)
    assert found is not None
    assert "--by-service" in warning
    assert "max_locks_per_transaction" in warning
    assert planned(provision, int(found[1])).warnings == ()
    # an index; a TOAST table and its index
    assert held(provision, monkeypatch) == int(found[1]) + 3

    provision.query(f"REVOKE ALL ON ALL TABLES IN SCHEMA shop FROM {provision.name}_app")
    provision.query("GRANT EXECUTE ON FUNCTION shop.f() TO PUBLIC")
    provision.query("REVOKE USAGE ON SCHEMA shop FROM " + f"{provision.name}_app")
    warning = told(provision)
    number = held(provision, monkeypatch)
    assert f"lock {number} objects" in warning


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
    provision.query(
        f"SET ROLE {provision.name}_owner; CREATE TABLE shop.a (); CREATE TABLE shop.b ()"
    )
    provision.query(f"REVOKE ALL ON ALL TABLES IN SCHEMA shop FROM {provision.name}_app")
    if provision.database.server.version < 180000:
        assert planned(provision, 1).warnings == ()  # the role
        return
    assert "--whole-schemas" in told(provision, 1)
    assert "--whole-schemas" not in told(provision, 0)  # is not enough
    assert planned(provision, 1, whole_schemas=True).warnings == ()
    assert "lock 1 objects" in told(provision, whole_schemas=True)
