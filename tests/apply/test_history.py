"""Each apply that did something leaves one row, which only the administrators read."""

from __future__ import annotations

import json
from dataclasses import replace

import psycopg
import pytest

from chiro_db.apply.history import entries, entry
from chiro_db.apply.planning import plan as make
from chiro_db.apply.rotate import rotate
from chiro_db.apply.run import apply as carry_out
from chiro_db.errors import RefusedError, ServerError
from chiro_db.plan.saved import dumps, loads
from tests.provisioning import Provisioning, administrator, statements

SPEC = """
services:
  shop: {schema: shop, owner: shop_owner, app: shop_app}
  other: {schema: other, owner: other_owner}
"""
LARGER = SPEC + "  third: {schema: third, owner: third_owner}\n"
# What the database's owner may do to a table of pg_database_owner, and would run as a superuser.
CODE = """
CREATE FUNCTION public.worse() RETURNS void LANGUAGE plpgsql AS
$$BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        ALTER ROLE "ordinary admin" BYPASSRLS;
    END IF;
END$$;
CREATE FUNCTION public.on_row() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN PERFORM public.worse(); RETURN new; END$$;
CREATE FUNCTION public.on_value(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
$$BEGIN PERFORM public.worse(); RETURN true; END$$;
CREATE DOMAIN public.bad AS text CHECK (public.on_value(value));
"""
TRAPS = {
    "it has a trigger": "CREATE TRIGGER t BEFORE INSERT ON chirodb.history FOR EACH ROW"
    " EXECUTE FUNCTION public.on_row()",
    "it has a rule": "CREATE RULE r AS ON INSERT TO chirodb.history DO ALSO SELECT public.worse()",
    "it has a column with a default": "ALTER TABLE chirodb.history ADD more boolean,"
    " ALTER more SET DEFAULT public.on_value('')",
    "it has a constraint": "ALTER TABLE chirodb.history"
    " ADD CHECK (public.on_value(command)) NOT VALID",
    "it has an index with an expression": "CREATE INDEX ON chirodb.history"
    " (public.on_value(command))",
    "it has row security": "ALTER TABLE chirodb.history ENABLE ROW LEVEL SECURITY",
    "it has a column of a type that is not PostgreSQL's own": "ALTER TABLE chirodb.history"
    " ALTER command TYPE public.bad",
    "it is no ordinary table": "DROP TABLE chirodb.history;"
    " CREATE VIEW chirodb.history AS SELECT public.on_value('') AS id;"
    " ALTER VIEW chirodb.history OWNER TO pg_database_owner",
}


def rows(provision: Provisioning) -> int:
    return int(provision.value("SELECT count(*) FROM chirodb.history"))


def test_one_row_for_each_apply_that_does_something(provision: Provisioning) -> None:
    done = provision.apply(SPEC)
    assert rows(provision) == 1
    provision.apply(SPEC)  # nothing to do
    assert rows(provision) == 1
    provision.apply(LARGER)
    job = provision.job(LARGER)
    second, first = entries(job, 10)
    assert (first.id, first.command, first.login, first.role) == (
        1,
        "apply",
        "postgres",
        "postgres",
    )
    assert (first.created, first.changed) == (len([c for c in done.changes if c.after]), 0)
    assert first.spec_digest != second.spec_digest == job.loaded.digest
    assert first.statements is None
    assert list(entry(job, 1).statements or ()) == statements(done)
    assert first.statement_count == len(done.statements)
    assert second.at > first.at
    assert second.application_name == "chirodb"
    assert [found.id for found in entries(job, 1)] == [2]
    with pytest.raises(RefusedError, match="no entry 3"):
        entry(job, 3)


def test_nobody_else_sees_it(provision: Provisioning) -> None:
    provision.apply(SPEC)
    held = provision.query(
        "SELECT r.rolname FROM pg_roles r WHERE NOT rolsuper"
        " AND r.rolname NOT IN ('pg_database_owner', 'pg_read_all_data', 'pg_write_all_data')"
        " AND (has_schema_privilege(r.oid, 'chirodb', 'USAGE')"
        "  OR has_schema_privilege(r.oid, 'chirodb', 'CREATE')"
        "  OR has_table_privilege(r.oid, 'chirodb.history', 'SELECT')"
        "  OR has_table_privilege(r.oid, 'chirodb.history', 'INSERT'))"
    )
    assert held == []
    assert provision.value("SELECT nspacl IS NULL FROM pg_namespace WHERE nspname = 'chirodb'")


def test_without_it(provision: Provisioning) -> None:
    provision.apply(f"history: false\n{SPEC}")
    assert provision.query("SELECT FROM pg_namespace WHERE nspname = 'chirodb'") == []
    assert entries(provision.job(SPEC), 10) == ()


def test_nothing_of_an_apply_that_failed(provision: Provisioning) -> None:
    provision.apply(SPEC)
    provision.query(
        "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE EXCEPTION 'not today'; END$$;"
        "CREATE EVENT TRIGGER t ON ddl_command_start WHEN TAG IN ('CREATE SCHEMA')"
        " EXECUTE FUNCTION no()"
    )
    with pytest.raises(ServerError):
        provision.run(LARGER)
    assert rows(provision) == 1


def test_nothing_of_an_apply_whose_work_another_has_done(provision: Provisioning) -> None:
    job = provision.job(SPEC)
    shown = make(job)
    for _ in range(2):
        carry_out(job, shown, lock_timeout=5)
    assert rows(provision) == 1


def test_saved_and_narrowed_plans(provision: Provisioning) -> None:
    job = replace(provision.job(SPEC), only=frozenset({"shop"}), target="prod")
    carry_out(job, loads(dumps(make(job, for_saving=True))), lock_timeout=5)
    (found,) = entries(job, 10)
    assert (list(found.services), found.target) == (["shop"], "prod")


def test_the_apply_that_creates_the_database(provision: Provisioning) -> None:
    new = replace(provision, name=f"{provision.name}_new")
    assert entries(new.job(SPEC), 10) == ()
    done = new.apply(SPEC)
    found = entry(new.job(SPEC), 1)
    assert (found.statements or [""])[0] == f"CREATE DATABASE {new.name} TEMPLATE template0"
    assert found.created == sum(1 for change in done.changes if change.action == "create")


def test_whoever_administers_the_database_writes(provision: Provisioning) -> None:
    """A superuser, then the owner of the database, then its next owner, then a superuser."""
    provision.apply(SPEC)
    ordinary = administrator(provision)
    provision.query("DROP SCHEMA shop, other")
    provision.query("DROP OWNED BY shop_owner, shop_app, other_owner")
    provision.query("DROP ROLE shop_owner, shop_app, other_owner")
    assert not ordinary.apply(SPEC).warnings
    following = administrator(provision, "next admin")
    assert not following.apply("services: {third: {schema: third, owner: third_owner}}").warnings
    provision.apply("services: {fourth: {schema: fourth, owner: fourth_owner}}")
    found = entries(following.job(SPEC), 10)
    provision.query(f'GRANT CONNECT ON DATABASE {provision.name} TO "ordinary admin"')
    assert [e.login for e in found] == ["postgres", "next admin", "ordinary admin", "postgres"]
    with pytest.raises(ServerError, match="permission denied"):
        entries(ordinary.job(SPEC), 10)


def test_who_may_not_write_is_told_so_and_applies(provision: Provisioning) -> None:
    provision.query("CREATE ROLE deployer LOGIN CREATEROLE PASSWORD 'deployer''s'")
    let_in = f"GRANT CREATE, CONNECT ON DATABASE {provision.name} TO deployer"
    provision.query(let_in)
    deployer = provision.connected_as("deployer", "deployer's")
    spec = "services: {{shop{n}: {{schema: shop{n}, owner: shop_owner{n}}}}}"
    done = [deployer.run(spec.format(n=1))]
    assert "the history has no row of this" in done[0].warnings[-1]
    assert provision.query("SELECT FROM pg_namespace WHERE nspname = 'chirodb'") == []
    provision.apply(spec.format(n=2))
    provision.query(let_in)
    done.append(deployer.run(spec.format(n=3)))
    assert "permission denied for schema chirodb" in done[1].warnings[-1]
    assert all(deployment.runnable for deployment in done)
    assert rows(provision) == 1
    provision.query("GRANT USAGE ON SCHEMA chirodb TO deployer")
    provision.query("GRANT INSERT ON chirodb.history TO deployer")
    assert not any("history" in w for w in deployer.run(spec.format(n=4)).warnings)
    assert provision.value("SELECT login FROM chirodb.history ORDER BY id DESC") == "deployer"


@pytest.mark.parametrize("reason", TRAPS)
def test_no_code_of_the_owner_runs_as_a_superuser(provision: Provisioning, reason: str) -> None:
    ordinary = administrator(provision)
    ordinary.apply(SPEC)
    provision.query(CODE)
    with psycopg.connect(ordinary.conninfo, dbname=provision.name, autocommit=True) as connection:
        connection.execute(TRAPS[reason].encode())
    done = provision.apply(LARGER)
    assert done.warnings[-1].startswith(
        f"the history has no row of this: chirodb.history is not as chirodb made it: {reason}"
    )
    with pytest.raises(ServerError, match=reason):
        entries(provision.job(SPEC), 10)
    powers = "SELECT rolbypassrls FROM pg_roles WHERE rolname = 'ordinary admin'"
    assert provision.query(powers) == [(False,)]


def test_the_table_of_somebody_else(provision: Provisioning) -> None:
    provision.query("CREATE ROLE mallory; CREATE SCHEMA chirodb AUTHORIZATION mallory")
    assert "the history has no row" in provision.apply(SPEC).warnings[-1]
    provision.query("SET ROLE mallory; CREATE TABLE chirodb.history (id bigint)")
    assert "it belongs to mallory" in provision.apply(LARGER).warnings[-1]


def test_a_lock_on_it_is_waited_for_and_fails_the_apply(provision: Provisioning) -> None:
    provision.apply(SPEC)
    job = provision.job(LARGER)
    with provision.database.connect() as other:
        other.execute("BEGIN; LOCK TABLE chirodb.history")
        pid = other.info.backend_pid
        said = f"written: a session of postgres, process {pid}, in a transaction since .* on it$"
        with pytest.raises(ServerError, match=said) as caught:
            carry_out(job, make(job), lock_timeout=0.2)
        assert caught.value.where == "chirodb.history"
        assert f"pg_terminate_backend({pid})" in str(caught.value.hint)
    assert provision.query("SELECT FROM pg_roles WHERE rolname = 'third_owner'") == []


def test_passwords_are_in_no_row(provision: Provisioning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_APP", "first-S3cret")
    spec = f"roles: {{shop_app: {{password: '${{env:SHOP_APP}}'}}}}\n{SPEC}"
    provided = replace(provision, secrets={"shop_app": "first-S3cret"})
    provided.apply(spec)
    job = provided.job(spec)
    new, unwritten = rotate(job, "shop_app")
    assert unwritten is None
    rotated, applied = entries(job, 10)
    assert (rotated.command, applied.command) == ("password rotate", "apply")
    assert entry(job, 2).statements == ["ALTER ROLE shop_app PASSWORD '***'"]
    everything = json.dumps(provided.query("SELECT to_jsonb(h)::text FROM chirodb.history h"))
    for secret in ("first-S3cret", new.reveal(), "SCRAM-SHA-256"):
        assert secret not in everything
    assert "PASSWORD '***'" in everything


def test_a_service_at_a_time_leaves_a_row_for_each_transaction(provision: Provisioning) -> None:
    job = provision.job(SPEC)
    done = carry_out(job, make(job), lock_timeout=5, by_service=True)
    found = entries(job, 10)
    assert len(found) > 1
    assert sum(e.statement_count for e in found) == len(done.statements)
    assert not make(job).changes


def test_a_database_in_another_encoding(
    provision: Provisioning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "日本")
    name = f"{provision.name}_latin"
    provision.query(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    latin = replace(provision, name=name)
    spec = "services: {größe: {schema: größe, owner: latin_owner, purpose: süß}}"
    latin.apply(spec)
    (found,) = entries(latin.job(spec), 10)
    assert found.actor == r"\u65e5\u672c"
    comment = "SELECT obj_description(oid) FROM pg_namespace WHERE length(nspname) = 5"
    assert ("süß",) in latin.query(comment)
    assert 'CREATE SCHEMA "größe"' in str(entry(latin.job(spec), 1).statements)


def test_it_can_be_read_where_nothing_can_be_written(provision: Provisioning) -> None:
    """As on a standby."""
    provision.apply(SPEC)
    reading = f"{provision.conninfo} options='-c default_transaction_read_only=on'"
    assert len(entries(replace(provision, conninfo=reading).job(SPEC), 10)) == 1
