"""A service with something of everything, and its backups in a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from chiro_db.backup import inventory
from chiro_db.backup.manifest import Manifest
from chiro_db.backup.run import Asked, Outcome, run
from chiro_db.backup.settings import settings
from chiro_db.backup.store import Store, open_store
from chiro_db.cli import run as chirodb
from chiro_db.spec.secrets import resolve
from tests.provisioning import Provisioning
from tests.servers import Database

WORLD = Path(__file__).with_name("world.sql")
SPEC = """
backup: {to: ./backups}
services:
  shop: {schema: Shop, owner: Shop owner, app: shop_app}
"""
ROWS = {"Orders; --": 500, "customers": 1000, "empty": 0, "log_1": 2, "nothing": 2}


@dataclass
class Shop:
    """One test's database with the service in it, in step with its spec."""

    provision: Provisioning
    spec: str = SPEC
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.provision.folder / "backups"

    def stores(self, service: str = "shop") -> list[Store]:
        job = self.provision.job(self.spec)
        of = settings(job.loaded.spec, "", service)
        folder = job.loaded.folder
        return [open_store(resolve(a, folder).reveal(), folder) for a in of.stores]

    def outcome(self, **options: Any) -> Outcome:
        """Of the one service, whatever becomes of it."""
        job = self.provision.job(self.spec)
        of = settings(job.loaded.spec, "", "shop")
        asked = Asked(
            job.to, job.loaded.digest, [(of, self.stores())], **{**self.options, **options}
        )
        return run(asked)[0]

    def back_up(self, **options: Any) -> Manifest:
        found = self.outcome(**options)
        assert [problem.message for problem in found.problems] == []
        assert found.manifest is not None
        return found.manifest

    def command(self, *arguments: str, online: bool = True) -> int:
        """`chirodb backup ...` in this process; its exit code."""
        self.provision.job(self.spec)  # writes it
        server = ["--url", self.provision.conninfo] if online else []
        spec = str(self.provision.folder / "spec.yaml")
        return chirodb(["backup", *arguments, "--spec", spec, *server])

    def good(self) -> list[str]:
        """The good backups, the newest first."""
        job = self.provision.job(self.spec)
        of = settings(job.loaded.spec, "", "shop")
        return [b.id for b in inventory.take([(of, self.stores())]).backups if b.good]

    def place(self, made: Manifest) -> Path:
        return self.folder / made.service / made.id


@pytest.fixture
def shop(provision: Provisioning) -> Shop:
    shop = Shop(provision)
    provision.apply(shop.spec)
    provision.query(WORLD.read_text())
    provision.apply(shop.spec)
    return shop


def new_database(database: Database, name: str) -> Database:
    """Another one on the same server, gone with the test's own."""
    with database.server.connect() as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
    return Database(name, database.server, database.server.conninfo_of(name))
