"""Backups in object stores: whole or not at all there too, and each store for itself."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import obstore
import pytest
from obstore.store import ObjectStore, from_url

from chiro_db.backup import inventory
from chiro_db.backup.settings import settings
from chiro_db.backup.store import open_store
from chiro_db.errors import ChirodbError
from tests.backup import emulators
from tests.backup.shop import ROWS, SPEC, Shop
from tests.cli.running import chirodb

_SECRETS = ("hidden-from-all", "Eby8vdM02")


@dataclass(frozen=True)
class Place:
    """A bucket of an emulator, and what is in it without chirodb's word."""

    scheme: str
    query: str

    def url(self, prefix: str) -> str:
        return f"{self.scheme}://{emulators.CONTAINER}/{prefix}?{self.query}"


@pytest.fixture(scope="module", params=["s3", "az"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with emulators.s3() if request.param == "s3" else emulators.azure() as query:
        yield Place(request.param, query)


@pytest.fixture
def url(place: Place, tmp_path: Path) -> str:
    """One that no other test writes to."""
    return place.url(f"{tmp_path.parent.name}/{tmp_path.name}/a prefix")


@pytest.fixture
def spec(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Of these stores, by references: a URL has secrets."""

    def made(*stores: str) -> str:
        for number, store in enumerate(stores):
            monkeypatch.setenv(f"STORE_{number}", store)
        names = [f"${{env:STORE_{number}}}" for number in range(len(stores))]
        backup = {"to": names[0], "copies": names[1:]}
        return SPEC.replace("backup: {to: ./backups}", f"backup: {json.dumps(backup)}")

    return made


Spec = Callable[..., str]


def _bucket(url: str) -> ObjectStore:
    address, _, query = url.partition("?")
    config: Any = dict(parse_qsl(query))
    return from_url(address, config=config, client_options={"allow_http": True})


def _objects(url: str) -> dict[str, bytes]:
    """By the library, not by the store."""
    bucket = _bucket(url)
    keys = [found["path"] for page in obstore.list(bucket) for found in page]
    return {key: bytes(obstore.get(bucket, key).bytes()) for key in keys}


def _put(url: str, key: str, content: bytes) -> None:
    bucket = _bucket(url)
    obstore.put(bucket, key, content)


def _inventory(shop: Shop) -> inventory.Inventory:
    job = shop.provision.job(shop.spec)
    of = settings(job.loaded.spec, "", "shop")
    return inventory.take([(of, shop.stores())])


def test_a_backup_goes_there_whole_and_comes_back(
    shop: Shop, url: str, spec: Spec, tmp_path: Path
) -> None:
    shop.spec = spec(url)
    made = shop.back_up()
    assert made.rows == ROWS
    objects = _objects(url)
    assert set(objects) == {f"shop/{made.id}/{name}" for name in (*made.files, "manifest.json")}
    (store,) = shop.stores()
    fetched = tmp_path / "fetched"
    with fetched.open("wb") as file:
        store.fetch("shop", made.id, "archive.dump.zst", file)
    assert fetched.read_bytes() == objects[f"shop/{made.id}/archive.dump.zst"]
    assert store.read("shop", made.id, "nothing") is None
    found = _inventory(shop)
    assert [(b.id, b.good) for b in found.backups] == [(made.id, True)]
    store.delete("shop", made.id)
    assert _objects(url) == {}
    assert _inventory(shop).backups == ()


def test_a_copy_is_written_beside_the_folder(shop: Shop, url: str, spec: Spec) -> None:
    shop.spec = spec("./backups", url)
    made = shop.back_up()
    assert (shop.place(made) / "manifest.json").read_bytes() == _objects(url)[
        f"shop/{made.id}/manifest.json"
    ]
    (backup,) = _inventory(shop).backups
    assert [copy.good for copy in backup.copies] == [True, True]


@pytest.mark.parametrize("gone", ["own", "copy"])
def test_a_store_that_is_gone_does_not_cost_the_other(
    shop: Shop, url: str, spec: Spec, gone: str
) -> None:
    address, _, query = url.partition("?")
    bucket = address.split("/")[2]
    lost = f"{address.replace(bucket, 'nowhere', 1)}?{query}"
    shop.spec = spec(lost, url) if gone == "own" else spec(url, lost)
    outcome = shop.outcome()
    assert outcome.manifest is not None
    assert [p.hint for p in outcome.problems] == ["is the bucket there? chirodb makes none"]
    assert outcome.stores == [open_store(url, Path()).where]
    assert f"shop/{outcome.manifest.id}/manifest.json" in _objects(url)
    found = _inventory(shop)
    assert [b.good for b in found.backups] == [True]
    assert len(found.problems) == 1


def test_a_folder_that_cannot_be_written_does_not_cost_the_copy(
    shop: Shop, url: str, spec: Spec
) -> None:
    (shop.folder.parent / "backups").write_text("a file, not a folder")
    shop.spec = spec("./backups", url)
    outcome = shop.outcome()
    assert outcome.manifest is not None
    assert len(outcome.problems) == 1
    assert f"shop/{outcome.manifest.id}/manifest.json" in _objects(url)


def test_what_a_killed_run_left_is_cleared_and_a_living_one_is_not(
    shop: Shop, url: str, spec: Spec
) -> None:
    living, dead, pruned = (f"20260101T00000{n}Z-aaaaaa" for n in range(3))
    for backup, process in ((living, os.getpid()), (dead, 2**22 + 1)):
        mark = {"host": socket.gethostname(), "process": process}
        _put(url, f".partial/{backup}-shop", json.dumps(mark).encode())
        _put(url, f"shop/{backup}/archive.dump.zst", b"half of")
    _put(url, f".partial/{dead}-other", b"no JSON at all, so it is kept for a day")
    _put(url, f"shop/{pruned}/archive.dump.zst", b"its manifest went first")
    shop.spec = spec(url)
    assert _inventory(shop).backups == ()
    (store,) = shop.stores()
    assert store.sweep() == [f"shop/{dead}", f"shop/{pruned}"]
    assert set(_objects(url)) == {
        f".partial/{living}-shop",
        f".partial/{dead}-other",
        f"shop/{living}/archive.dump.zst",
    }


def test_what_arrives_is_read_again(shop: Shop, url: str, spec: Spec) -> None:
    """A store that says it has taken what it has not."""
    shop.spec = spec("./backups")
    made = shop.back_up()
    folder = shop.place(made)
    (folder / "archive.dump.zst").write_bytes(b"another")
    store = open_store(url, Path())
    with pytest.raises(ChirodbError, match="is not what was sent"):
        store.publish(folder, made)
    assert list(store.ids()) == []


def test_the_commands_tell_no_secret(shop: Shop, url: str, spec: Spec) -> None:
    """The URL by a reference, as a spec has it; the list needs no server."""
    job = shop.provision.job(spec(url))
    environment = {"STORE_0": url}
    conninfo = shop.provision.conninfo
    ran = chirodb(
        "backup", "run", "--spec", str(job.loaded.path), "--url", conninfo, env=environment
    )
    assert ran.code == 0, ran.err
    listed = chirodb("backup", "list", "--spec", str(job.loaded.path), env=environment)
    assert listed.code == 0, listed.err
    assert "shop" in listed.out
    wrong = {
        "STORE": url.replace("hidden-from-all", "wrong").replace("account_key=E", "account_key=F")
    }
    failed = chirodb("backup", "list", "--spec", str(job.loaded.path), env=wrong)
    told = "".join([ran.out, ran.err, listed.out, listed.err, failed.out, failed.err])
    assert emulators.CONTAINER in told
    assert not [secret for secret in _SECRETS if secret in told]


def test_a_secret_in_the_spec_is_an_error(tmp_path: Path, url: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(f'version: 1\ndatabase: {{name: d}}\nbackup: {{to: "{url}"}}\n')
    ran = chirodb("validate", "--spec", str(path))
    assert ran.code == 1
    assert "a literal secret in a URL" in ran.err
