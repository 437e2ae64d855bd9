"""What a plan costs, in counts that do not depend on the machine: it follows what differs."""

from __future__ import annotations

from typing import Any

import pytest

from chiro_db.apply.run import PlanChangedError
from chiro_db.catalog.connect import connected
from chiro_db.catalog.inspect import inspect, snapshot
from chiro_db.model import acl_delta
from chiro_db.model.acl import Entry
from chiro_db.model.plan import Plan
from chiro_db.model.state import State
from chiro_db.plan import build
from tests.provisioning import Provisioning, statements, summaries

SPEC = """
roles: {DATABASE_x: {}, DATABASE_y: {}}
services:
    a: {schema: a, owner: DATABASE_ao, app: DATABASE_aa, reader: DATABASE_ar, migrator: DATABASE_am}
    b:
        schema: b
        owner: DATABASE_bo
        grants:
            - {to: DATABASE_x, privileges: [SELECT], tables: [t1, "t1*"]}
            - {to: DATABASE_y, level: write, tables: [t1]}
"""
SIZES = (3, 60)
STATEMENTS = 35


def state(provision: Provisioning) -> State:
    job = provision.job(SPEC)
    with connected(job.to) as connection, snapshot(connection):
        return inspect(connection, job.request)


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def built(provision: Provisioning, size: int) -> Provisioning:
    """As many tables, sequences, functions and types of each schema; nothing was applied yet."""
    provision.query(f"CREATE ROLE {provision.name}_ao; CREATE ROLE {provision.name}_bo")
    for schema in "ab":
        provision.query(f"CREATE SCHEMA {schema} AUTHORIZATION {provision.name}_{schema}o")
        made = (
            f"SET ROLE {provision.name}_{schema}o;"
            " DO $$BEGIN FOR i IN 1..{n} LOOP"
            " EXECUTE format('CREATE TABLE {s}.t%s (id serial, name text)', i);"
            " EXECUTE format('CREATE FUNCTION {s}.f%s() RETURNS int"
            "  LANGUAGE sql AS $f$SELECT 1$f$', i);"
            " EXECUTE format('CREATE TYPE {s}.y%s AS ENUM ()', i);"
            " END LOOP; END$$"
        )
        provision.query(made.format(n=size, s=schema))
    return provision


@pytest.fixture
def in_step(built: Provisioning) -> Provisioning:
    """All is as declared."""
    built.apply(SPEC)
    return built


def test_a_first_apply_has_as_many_statements_for_any_number_of_tables(
    built: Provisioning, size: int
) -> None:
    texts = statements(built.plan(SPEC))
    assert len([text for text in texts if " ON TABLE a." in text]) == 2
    assert len([text for text in texts if " ON TABLE b." in text]) == 2
    assert len(texts) == STATEMENTS


def test_an_apply_makes_the_plan_that_was_shown_and_one_afterwards(
    built: Provisioning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same state it is not made once more, inside the transaction."""
    made = []

    def counting(*given: Any) -> Plan:
        made.append(build.build(*given))
        return made[-1]

    monkeypatch.setattr("chiro_db.apply.planning.build", counting)
    shown = built.plan(SPEC)
    assert built.run(SPEC, shown) == shown
    assert [len(plan.runnable) for plan in made] == [len(shown.runnable), 0]


def test_another_state_is_planned_again(built: Provisioning) -> None:
    shown = built.plan(SPEC)
    built.query(f"CREATE TABLE a.later (); ALTER TABLE a.later OWNER TO {built.name}_ao")
    with pytest.raises(PlanChangedError):
        built.run(SPEC, shown)


def test_rows_follow_the_different_states(in_step: Provisioning, size: int) -> None:
    """Of `b` the tables with grants of their own: t1, t1*, and all others."""
    found = state(in_step).facts["object"]
    tables = [fact for fact in found if fact.type == "table" and fact.schema == "a"]
    assert [len(fact.names) for fact in tables] == [size]
    assert len([f for f in found if f.schema == "a"]) == 4
    narrowed = [fact for fact in found if fact.type == "table" and fact.schema == "b"]
    assert len(narrowed) == (2 if size < 10 else 3)
    assert len(found) == 4 + 3 + len(narrowed)


def test_what_is_in_step_is_not_taken_apart(
    in_step: Provisioning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of tables, sequences and functions not even an entry is looked at."""
    settled = []
    monkeypatch.setattr(acl_delta, "settle", lambda *_, **__: settled.append(1))
    looked = []
    differs = acl_delta.differs

    def looking(entries: frozenset[Entry], *rest: object, **more: object) -> bool:
        looked.append({entry.privilege for entry in entries})
        return differs(entries, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(acl_delta, "differs", looking)
    assert summaries(in_step.plan(SPEC)) == []
    assert settled == []
    assert not [privileges for privileges in looked if "TRUNCATE" in privileges]


@pytest.mark.parametrize(
    "drift",
    [
        "REVOKE SELECT ON a.t2 FROM {n}_ar",
        "GRANT TRIGGER ON a.t2 TO {n}_x",
        "REVOKE SELECT ON b.t1 FROM {n}_x",
        "GRANT SELECT (name) ON a.t2 TO {n}_x",
        "GRANT EXECUTE ON FUNCTION a.f2() TO PUBLIC",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {n}_ao IN SCHEMA a GRANT SELECT ON TABLES TO {n}_x",
        "REVOKE CONNECT ON DATABASE {n} FROM {n}_aa",
    ],
)
def test_one_drifted_privilege_is_one_statement(in_step: Provisioning, drift: str) -> None:
    in_step.query(drift.format(n=in_step.name))
    assert len(statements(in_step.plan(SPEC))) == 1
    in_step.apply(SPEC)
