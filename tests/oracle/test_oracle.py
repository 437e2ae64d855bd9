"""The oracle agrees with what was applied, and notices whatever is done to it afterwards."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml

from chiro_db.apply.planning import Job, plan
from chiro_db.apply.run import apply
from chiro_db.catalog.connect import where
from chiro_db.spec.load import load
from tests.oracle.ask import differences
from tests.servers import Database

TODAY = dt.date(2027, 1, 15)
SPEC = """
version: 1
database: {name: $database}
roles:
  analyst: {login: true, member_of: [reporting]}
  reporting: {}
services:
  shop:
    schema: shop
    owner: shop_owner
    app: shop_app
    migrator: shop_migrator
    grants:
      - {to: reporting, level: read}
      - {to: analyst, privileges: [UPDATE], columns: {orders: [note]}}
"""
GIVEN = """
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id serial, note text);
CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE ROLE stranger LOGIN;
"""
TAMPERED = {
    "GRANT SELECT ON shop.orders TO stranger": "'stranger' has SELECT on table shop.orders",
    "GRANT SELECT ON shop.orders TO PUBLIC": "extra: SELECT on table shop.orders for 'PUBLIC'",
    "REVOKE SELECT ON shop.orders FROM reporting": "'analyst' lacks SELECT on table shop.orders",
    "GRANT UPDATE (id) ON shop.orders TO analyst": "'analyst' has UPDATE on column id",
    "REVOKE UPDATE (note) ON shop.orders FROM analyst": "missing: UPDATE on column note",
    "GRANT SELECT (id) ON shop.orders TO shop_app": "extra: SELECT on column id",
    "GRANT EXECUTE ON FUNCTION shop.f() TO PUBLIC": "'PUBLIC' has EXECUTE on function shop.f()",
    "GRANT USAGE ON SEQUENCE shop.orders_id_seq TO reporting": "extra: USAGE on sequence",
    "GRANT CREATE ON SCHEMA shop TO shop_app": "'shop_app' has CREATE on schema shop",
    "GRANT CREATE ON SCHEMA public TO PUBLIC": "'PUBLIC' has CREATE on schema public",
    "GRANT CONNECT ON DATABASE $database TO PUBLIC": "'PUBLIC' has CONNECT on database",
    "REVOKE CONNECT ON DATABASE $database FROM analyst": "'analyst' lacks CONNECT on database",
    "REVOKE DELETE ON shop.orders FROM shop_owner": "missing: DELETE on table shop.orders",
    "ALTER TABLE shop.orders OWNER TO stranger": "table shop.orders belongs to 'stranger'",
    "GRANT reporting TO stranger": "extra membership: Member(role='reporting', member='stranger'",
    "GRANT reporting TO analyst WITH ADMIN OPTION": "extra membership",
    "REVOKE reporting FROM analyst": "'analyst' lacks USAGE of 'reporting'",
    "ALTER ROLE shop_app CREATEDB": "role 'shop_app' has createdb",
    "ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT SELECT ON TABLES TO stranger": (
        "'stranger' has SELECT on table shop.new"
    ),
    "ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA shop REVOKE SELECT ON TABLES"
    " FROM reporting": "missing: SELECT on table shop.new",
    "ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC": (
        "'PUBLIC' has EXECUTE on function shop.new"
    ),
}


def test_it_notices_what_is_done_by_hand(database: Database, tmp_path: Path) -> None:
    text = SPEC.replace("$database", database.name)
    file = tmp_path / "spec.yaml"
    file.write_text(text)
    job = Job(load(file, TODAY), where(database.conninfo, database.name), today=TODAY)
    with database.connect() as connection:
        connection.execute(GIVEN.encode())
    spec = yaml.safe_load(text)
    for tamper, expected in {"SELECT": "", **TAMPERED}.items():
        with database.connect() as connection:
            connection.execute(tamper.replace("$database", database.name).encode())
        found = differences(database, spec, TODAY, strangers=["stranger"])
        assert any(expected in line for line in found) or not expected, f"{tamper}: {found}"
        apply(job, plan(job), lock_timeout=5)
        mended = differences(database, spec, TODAY, strangers=["stranger"], tries=3)
        assert mended == [], f"{tamper}: {mended}"


def test_it_agrees_with_the_whole_of_chiroerp(database: Database, tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "schema_specs"
    spec: dict[str, object] = {"services": {}}
    for source in sorted(folder.rglob("*.yaml")):
        text = source.read_text().replace("name: chiro_erp", f"name: {database.name}")
        target = tmp_path / source.relative_to(folder)
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
        for key, part in yaml.safe_load(text).items():
            known = spec.setdefault(key, part)
            if isinstance(known, dict):
                known.update(part)
    job = Job(load(tmp_path, TODAY), where(database.conninfo, database.name), today=TODAY)
    made = plan(job)
    if made.blocked:
        pytest.skip(f"this server lacks something: {made.blocked[0].summary}")
    apply(job, made, lock_timeout=5)
    assert differences(database, spec, TODAY, tries=4) == []
