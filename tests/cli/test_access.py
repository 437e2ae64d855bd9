"""`chirodb access` on a real server, from the outside."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.running import Ran, chirodb
from tests.servers import Database

_SPEC = """
version: 1
database: {{name: {name}}}
targets: {{here: {{url: "${{env:SERVER}}"}}}}
services:
  shop: {{schema: shop, owner: {name}_owner, app: {name}_app}}
"""


class Place:
    def __init__(self, folder: Path, database: Database) -> None:
        self.folder, self.database = folder, database
        (folder / "chirodb.yaml").write_text(_SPEC.format(name=database.name))

    def run(self, *arguments: str) -> Ran:
        return chirodb(*arguments, cwd=self.folder, env={"SERVER": self.database.conninfo})

    def sql(self, text: str) -> None:
        with self.database.connect() as connection:
            connection.execute(text.replace("DB", self.database.name).encode())


@pytest.fixture
def place(tmp_path: Path, database: Database) -> Place:
    found = Place(tmp_path, database)
    assert found.run("apply", "--yes").code == 0
    found.sql("SET ROLE DB_owner; CREATE TABLE shop.orders (id int); CREATE TABLE shop.items ()")
    found.sql('CREATE ROLE "DB stranger"; GRANT SELECT ON shop.orders TO "DB stranger"')
    return found


def test_the_matrix_names_strangers_and_what_they_reach(place: Place) -> None:
    done = place.run("access")
    assert done.code == 0, done.err
    rows = {line.split("  ")[0]: line.split() for line in done.out.splitlines()}
    assert rows[f"{place.database.name}_owner"][-1] == "owner"
    assert rows[f"{place.database.name}_app"][-1] == "write"
    assert rows[f'"{place.database.name} stranger" *'][-2:] == ["read", "1/2!"]


def test_every_format_says_the_same(place: Place) -> None:
    name = f"{place.database.name} stranger"
    found = json.loads(place.run("access", "--format", "json", "--role", name).out)
    access = found["roles"][0]["access"][0]
    assert (access["level"], access["tables"], access["of_tables"]) == ("read", 1, 2)
    assert not access["usage_on_schema"]
    rows = list(csv.DictReader(io.StringIO(place.run("access", "--format", "csv").out)))
    mine = [(r["object"], r["privilege"], r["reason"]) for r in rows if r["role"] == name]
    assert ("shop.orders", "SELECT", "grant") in mine
    page = place.run("access", "--format", "html").out
    assert page.startswith("<!doctype html>")
    assert name in page


def test_what_public_may_set_does_not_hide_what_a_role_reads(place: Place) -> None:
    place.sql('GRANT pg_read_all_data TO "DB stranger"; GRANT INSERT (id) ON shop.orders TO PUBLIC')
    rows = [line for line in place.run("access").out.splitlines() if " stranger" in line]
    assert rows[0].endswith("read + write 1/2")


def test_what_is_not_there_is_an_error_with_a_hint(place: Place) -> None:
    wrong = place.run("access", "--role", f"{place.database.name}_ownr")
    assert wrong.code == 1
    assert f"did you mean `{place.database.name}_owner`?" in wrong.err
    nothing = place.run("access", "--object", "shop.nothing")
    assert nothing.code == 1
    assert "no object of the services is named `shop.nothing`" in nothing.err
    assert place.run("access", "--object", ".x").code == 1
    elsewhere = place.run("access", "--service", "shoop")
    assert "did you mean `shop`?" in elsewhere.err


def test_a_database_that_does_not_exist_is_told(tmp_path: Path, database: Database) -> None:
    name = f"{database.name}x"
    (tmp_path / "chirodb.yaml").write_text(_SPEC.format(name=name))
    done = chirodb("access", cwd=tmp_path, env={"SERVER": database.server.conninfo})
    assert done.code == 1
    assert f"database `{name}` does not exist" in done.err
