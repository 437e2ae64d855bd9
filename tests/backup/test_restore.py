"""Backups put back: whole or not at all, in line with the spec, and nothing lost on the way."""

from __future__ import annotations

import pytest

from chiro_db.backup.place import mark
from chiro_db.backup.several import several
from tests.backup.shop import SPEC, Shop, new_database
from tests.provisioning import administrator, summaries
from tests.servers import Database

CUSTOMERS = 'SELECT count(*) FROM "Shop".customers'
Capture = pytest.CaptureFixture[str]


def test_it_takes_the_place_of_what_is_there_after_a_backup_of_it(
    shop: Shop, capsys: Capture
) -> None:
    first = shop.back_up()
    shop.provision.query(
        'DELETE FROM "Shop"."Orders; --"; DELETE FROM "Shop".customers WHERE id > 7;'
        ' GRANT SELECT ON "Shop".log TO PUBLIC;'
        ' SET ROLE "Shop owner"; CREATE TABLE "Shop".newer AS SELECT 1 AS n'
    )
    assert shop.command("restore", "shop", "--replace", "--yes") == 0, capsys.readouterr().err
    assert shop.provision.value(CUSTOMERS) == 1000
    assert shop.provision.value("SELECT to_regclass('\"Shop\".newer')") is None
    assert shop.provision.value('SELECT sum(sum) FROM "Shop".totals') == 125250
    assert summaries(shop.provision.plan(shop.spec)) == []
    newer, older = shop.good()
    assert older == first.id
    assert f"backed up what is there: {newer}" in capsys.readouterr().err
    assert shop.command("restore", "shop", "--as", "again") == 0
    assert shop.provision.value("SELECT count(*) FROM again.customers") == 1000
    shop.spec = shop.spec.replace("backup: {", "backup: {keep: {last: 1}, ")
    assert shop.command("prune", "--yes", online=False) == 0
    assert shop.good() == [newer, older]
    assert shop.command("restore", "shop", "--replace", "--yes", "--at", newer) == 0
    assert shop.provision.value(CUSTOMERS) == 7
    assert shop.provision.value('SELECT n FROM "Shop".newer') == 1
    identity = "INSERT INTO \"Shop\".customers (name) VALUES ('new') RETURNING id"
    assert shop.provision.value(identity) == 1001


def test_it_never_goes_over_what_is_there(shop: Shop, capsys: Capture) -> None:
    shop.back_up()
    shop.provision.query('DELETE FROM "Shop"."Orders; --"')
    assert shop.command("restore", "shop") == 1
    assert "there is a schema `Shop` already" in capsys.readouterr().err
    assert shop.provision.value('SELECT count(*) FROM "Shop"."Orders; --"') == 0
    assert shop.command("restore", "shop", "--replace") == 1
    assert "no terminal to ask on" in capsys.readouterr().err


def test_yesterday_beside_today(shop: Shop, capsys: Capture) -> None:
    shop.back_up()
    shop.provision.query('DELETE FROM "Shop"."Orders; --"; DELETE FROM "Shop".customers')
    oid = shop.provision.value("SELECT '\"Shop\".customers'::regclass::oid")
    assert shop.command("restore", "shop", "--as", 'The "day" before') == 0, capsys.readouterr().err
    assert shop.provision.value('SELECT count(*) FROM "The ""day"" before".customers') == 1000
    assert shop.provision.value(CUSTOMERS) == 0
    assert shop.provision.value("SELECT '\"Shop\".customers'::regclass::oid") == oid
    assert summaries(shop.provision.plan(shop.spec)) == []
    readable = "SELECT has_schema_privilege('shop_app', 'The \"day\" before', 'USAGE')"
    assert shop.provision.value(readable) is False
    schemas = "SELECT count(*) FROM pg_namespace WHERE nspname ~ 'chirodb .'"
    assert shop.provision.value(schemas) == 0
    assert shop.command("restore", "shop", "--as", 'The "day" before') == 1


def test_into_another_database(shop: Shop, capsys: Capture) -> None:
    shop.back_up()
    name = f"{shop.provision.name} else'where"
    assert shop.command("restore", "shop", "--into", name) == 0, capsys.readouterr().err
    assert "without foreign key customers_country_fkey" in capsys.readouterr().err
    server = shop.provision.database.server
    other = Database(name, server, server.conninfo_of(name))
    with other.connect() as connection:
        assert connection.execute(CUSTOMERS.encode()).fetchone() == (1000,)
        app = "SELECT has_table_privilege('shop_app', '\"Shop\".customers', 'INSERT')"
        assert connection.execute(app.encode()).fetchone() == (True,)
    assert shop.command("restore", "shop", "--into", name) == 1  # it is there by now


def _elsewhere(shop: Shop, name: str) -> Database:
    server = shop.provision.database.server
    return Database(name, server, server.conninfo_of(name))


@pytest.mark.every_version
def test_several_processes_restore_where_the_archive_is_files(shop: Shop, capsys: Capture) -> None:
    shop.provision.query("COMMENT ON SCHEMA \"Shop\" IS 'The shop'")
    shop.back_up(jobs=2)
    name = f"{shop.provision.name}_2"
    options = ("restore", "shop", "--into", name, "--jobs", "3")
    assert shop.command(*options) == 0, capsys.readouterr().err
    said = capsys.readouterr()
    assert "1,504 rows in" in said.out
    assert "one process" not in said.err
    with _elsewhere(shop, name).connect() as other:
        assert other.execute(CUSTOMERS.encode()).fetchone() == (1000,)
        app = "SELECT has_table_privilege('shop_app', '\"Shop\".customers', 'INSERT')"
        assert other.execute(app.encode()).fetchone() == (True,)
        identity = "INSERT INTO \"Shop\".customers (name) VALUES ('new') RETURNING id"
        assert other.execute(identity.encode()).fetchone() == (1001,)
        comment = "SELECT obj_description('\"Shop\"'::regnamespace)"
        assert other.execute(comment.encode()).fetchone() == ("The shop",)
    assert shop.command(*options, "--as", "beside") == 0
    assert "one process restores it: the schema Shop is there" in capsys.readouterr().err
    assert shop.command("restore", "shop", "--as", "a", "-j", "2") == 0


def test_what_is_of_elsewhere_is_not_taken_for_it(
    shop: Shop, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another database's, or another target's, in the same store."""
    shop.spec = shop.spec.replace("backup: {", "backup: {keep: {last: 1}, ")
    first = shop.back_up()
    name = f"{shop.provision.name}_2"
    into = ("restore", "shop", "--into", name)
    assert shop.command(*into) == 0
    assert shop.command(*into, "--replace", "--yes") == 0  # backs that one up
    assert f"schema Shop from {first.id}\n" in capsys.readouterr().err
    there, here = shop.good()
    assert here == first.id
    shop.command("list", online=False)
    assert f"of database {name}" in capsys.readouterr().out
    assert shop.command("prune", "--yes", online=False) == 0
    assert shop.good() == [there, here]
    assert shop.command("restore", "shop", "--as", "a") == 0
    assert f"schema a from {here}\n" in capsys.readouterr().err
    assert shop.command("restore", "shop", "--as", "b", "--at", there) == 0
    assert f"schema b from {there} of database {name}\n" in capsys.readouterr().err

    monkeypatch.setenv("SERVER", shop.provision.conninfo)
    shop.spec += "targets: {one: {url: '${env:SERVER}'}, two: {url: '${env:SERVER}'}}\n"
    assert shop.command("run", online=False) == 0
    capsys.readouterr()
    assert shop.command("restore", "shop", "--as", "c", "--target", "two", online=False) == 0
    assert f"schema c from {here}\n" in capsys.readouterr().err
    shop.command("prune", "--dry-run", "--target", "two", online=False)
    assert "stays: of target one" in capsys.readouterr().out
    (shop.folder / "shop" / here / "manifest.json").unlink()
    assert shop.command("restore", "shop", "--as", "d", "--target", "two", online=False) == 1
    assert f"there are some of database {name}, target one" in capsys.readouterr().err
    assert shop.command("list", "--max-age", "1h", "--target", "two", online=False) == 2


def test_several_processes_where_transactions_see_one_moment(shop: Shop) -> None:
    """What others commit beside it is seen all the same: a materialized view is filled from it."""
    shop.back_up(jobs=2)
    name = f"{shop.provision.name}_2"
    other = new_database(shop.provision.database, name)
    with other.connect() as connection:
        for default in ("isolation TO 'repeatable read'", "read_only TO on"):
            connection.execute(
                f'ALTER DATABASE "{name}" SET default_transaction_{default}'.encode()
            )
    options = ("restore", "shop", "--into", name, "--jobs", "2", "--as", "beside")
    assert shop.command(*options) == 0
    with other.connect() as connection:
        rows = connection.execute(b"SELECT count(*) FROM beside.totals").fetchone()
    states = shop.provision.value('SELECT count(DISTINCT state) FROM "Shop"."Orders; --"')
    assert rows == (states,) != (0,)


def test_several_processes_that_fail_leave_no_schema(shop: Shop, capsys: Capture) -> None:
    """The country is there, so that its key is made, and has no rows, so that it is refused."""
    shop.provision.query("COMMENT ON SCHEMA \"Shop\" IS 'The shop'")
    shop.back_up(jobs=2)
    name = f"{shop.provision.name}_2"
    options = ("restore", "shop", "--into", name, "--jobs", "2")
    other = new_database(shop.provision.database, name)
    with other.connect() as connection:
        connection.execute(
            "CREATE SCHEMA shared; CREATE TABLE shared.countries (code text PRIMARY KEY)"
        )
    assert shop.command(*options) == 1
    assert "the restore stops at `customers_country_fkey`" in capsys.readouterr().err
    there = b"SELECT to_regnamespace('\"Shop\"')"
    with other.connect() as connection:
        assert connection.execute(there).fetchone() == (None,)


def test_only_what_is_half_made_is_taken_back(shop: Shop) -> None:
    """A schema of the same name that another run has made meanwhile stays."""
    to = shop.provision.job(shop.spec).to

    def fail() -> None:
        with several(to, 2, 5.0) as crew:
            crew.began = "Shop"
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert shop.provision.value(CUSTOMERS) == 1000
    with shop.provision.database.connect() as connection:
        mark(connection, "Shop")
    [problem] = shop.outcome().problems
    assert problem.message == "the schema `Shop` is half made: a restore is at work, or was killed"
    shop.spec = shop.spec.replace("schema: Shop,", "schema: Shop, purpose: The shop,")
    plan = shop.provision.plan(shop.spec)
    assert [c.summary for c in plan.changes] == []
    assert any("the schema `Shop` is half made" in warning for warning in plan.warnings)
    with pytest.raises(KeyError):
        fail()
    assert shop.provision.value("SELECT to_regnamespace('\"Shop\"')") is None


def test_a_protected_target_asks_for_what_a_restore_does(
    shop: Shop, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER", shop.provision.conninfo)
    shop.spec += 'targets: {prod: {url: "${env:SERVER}", protected: true}}\n'
    shop.back_up()
    shop.provision.query('DELETE FROM "Shop"."Orders; --"; GRANT SELECT ON "Shop".log TO PUBLIC')
    replace = ("restore", "shop", "--replace", "--yes")
    assert shop.command(*replace, online=False) == 1
    said = capsys.readouterr().err
    assert "the restore has hazards: replaces-schema, revokes-access" in said
    assert "hint: if that is meant: --allow replaces-schema --allow revokes-access" in said
    assert len(shop.good()) == 1
    assert shop.provision.value('SELECT count(*) FROM "Shop"."Orders; --"') == 0
    assert shop.command(*replace, "--allow", "replaces-schema,nonsense", online=False) == 1
    assert "there is no hazard `nonsense`" in capsys.readouterr().err
    allowed = ("--allow", "replaces-schema,revokes-access")
    assert shop.command(*replace, *allowed, online=False) == 0, capsys.readouterr().err
    assert shop.provision.value('SELECT count(*) FROM "Shop"."Orders; --"') == 500
    assert shop.command("restore", "shop", "--as", "beside", online=False) == 0


def test_a_failure_leaves_everything_as_it_was(shop: Shop, capsys: Capture) -> None:
    shop.back_up()
    shop.provision.query(
        'ALTER TABLE "Shop".customers DROP CONSTRAINT customers_country_fkey;'
        ' DELETE FROM shared.countries; DELETE FROM "Shop".log'
    )
    assert shop.command("restore", "shop", "--replace", "--yes") == 1
    said = capsys.readouterr().err
    assert "the restore stops at `customers_country_fkey`" in said
    assert "nothing was changed" in said
    assert shop.provision.value('SELECT count(*) FROM "Shop".log') == 0
    assert shop.provision.value(CUSTOMERS) == 1000


def test_what_others_have_made_of_it_is_not_dropped(shop: Shop, capsys: Capture) -> None:
    shop.back_up()
    shop.provision.query('CREATE VIEW shared.names AS SELECT name FROM "Shop".customers')
    assert shop.command("restore", "shop", "--replace", "--yes") == 1
    said = capsys.readouterr().err
    assert "something outside of the schema `Shop` depends on what is in it" in said
    assert "shared.names" in said
    assert shop.provision.value("SELECT count(*) FROM shared.names") == 1000


def test_the_last_backup_before_a_time(shop: Shop, capsys: Capture) -> None:
    first = shop.back_up()
    shop.provision.query('DELETE FROM "Shop"."Orders; --"; DELETE FROM "Shop".customers')
    second = shop.back_up()
    options = ("restore", "shop", "--as")
    assert shop.command(*options, "a", "--at", second.id) == 0
    assert shop.command(*options, "b", "--at", first.start) == 0
    assert shop.provision.query(
        "SELECT (SELECT count(*) FROM a.customers), (SELECT count(*) FROM b.customers)"
    ) == [(0, 1000)]
    assert shop.command(*options, "c", "--at", "2020-01-01") == 1
    assert "there is no good backup of `shop` of before 2020-01-01" in capsys.readouterr().err
    assert shop.command(*options, "c", "--at", "yesterday") == 1
    assert "neither the id of a backup nor a time" in capsys.readouterr().err


@pytest.mark.every_version
def test_an_ordinary_administrator_backs_up_and_restores(shop: Shop, capsys: Capture) -> None:
    """No superuser: what the spec's own apply made, that role may also back up and restore."""
    grants = "creators: [maker], grants: [{to: archivist, level: read}]"
    shop.spec = SPEC.replace("Shop", "plain").replace("app: shop_app", grants)
    shop.spec = shop.spec.replace("backup: {", "backup: {role: archivist, ")
    shop.spec += "roles: {maker: {}, archivist: {}}\n"
    shop.provision = administrator(shop.provision)
    shop.provision.apply(shop.spec)
    shop.provision.query(
        'SET ROLE "plain owner"; CREATE TABLE plain.t (n integer PRIMARY KEY);'
        " INSERT INTO plain.t SELECT generate_series(1, 10);"
        " SET ROLE maker; CREATE TABLE plain.made ()"
    )
    shop.provision.apply(shop.spec)
    if shop.provision.database.server.version < 160000:  # where making a role is no membership
        shop.provision.query('GRANT archivist TO "ordinary admin"')
    first = shop.back_up()
    assert first.rows == {"made": 0, "t": 10}
    shop.provision.query("DELETE FROM plain.t")
    assert shop.command("restore", "shop", "--replace", "--yes") == 0, capsys.readouterr().err
    assert shop.provision.value("SELECT count(*) FROM plain.t") == 10
    owner = "SELECT relowner::regrole::text FROM pg_class WHERE oid = 'plain.made'::regclass"
    assert shop.provision.value(owner) == "maker"
    assert summaries(shop.provision.plan(shop.spec)) == []
    shop.provision.query(  # as on a server that knows nothing of it
        'DROP SCHEMA plain CASCADE; DROP OWNED BY "plain owner", maker, archivist;'
        ' DROP ROLE "plain owner", maker, archivist'
    )
    assert shop.command("restore", "shop", "--at", first.id) == 0, capsys.readouterr().err
    assert shop.provision.value("SELECT count(*) FROM plain.t") == 10
    assert shop.provision.value(owner) == "maker"
    shop.provision.apply(shop.spec)
