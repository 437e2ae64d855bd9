"""What is wrong with a backup is found, said, and kept; what is good stays good."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.backup.shop import Shop

Capture = pytest.CaptureFixture[str]


@pytest.mark.every_version
def test_a_drill_restores_it_alone_and_keeps_the_result(shop: Shop, capsys: Capture) -> None:
    made = shop.back_up()
    assert shop.command("verify", "--restore", online=False) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert "restored alone, all rows there" in said
    assert "without foreign key customers_country_fkey of customers to shared.countries" in said
    shop.command("list", "--format", "json", online=False)
    (listed,) = json.loads(capsys.readouterr().out)["backups"]
    assert listed["drilled"]["ok"] is True
    assert listed["drilled"]["seconds"] > 0
    assert (shop.place(made) / "drilled.json").exists()


def test_what_only_bodies_name_is_told(shop: Shop, capsys: Capture) -> None:
    """What PostgreSQL does not know of, a backup names, and a drill does not find."""
    shop.provision.query(
        "CREATE TABLE shared.rates (rate numeric);"
        " CREATE FUNCTION shared.\"Rate of\"(text) RETURNS numeric LANGUAGE sql AS 'SELECT 1.0';"
        ' CREATE FUNCTION "Shop".rated() RETURNS numeric LANGUAGE sql'
        " AS 'SELECT rate FROM Shared . rates -- shared.short';"
        ' CREATE FUNCTION "Shop".converted(c text) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN'
        ' /* shared.numbers */ RETURN shared."Rate of"(c) + count(*) FROM pg_class c; END $$;'
        ' CREATE FUNCTION "Shop".atomic() RETURNS bigint'
        " BEGIN ATOMIC SELECT count(*) FROM shared.short; END;"
        " CREATE EXTENSION fuzzystrmatch SCHEMA public;"
        ' CREATE FUNCTION "Shop".alike(t text) RETURNS text LANGUAGE plpgsql AS'
        " $$ BEGIN RETURN soundex (t) || public.metaphone(t, 4) || similarity(t, t); END $$;"
    )
    made = shop.back_up()
    (said,) = made.left_out.values()
    assert said == [
        'public.metaphone of the extension fuzzystrmatch by "Shop".alike(text)',
        'public.soundex of the extension fuzzystrmatch by "Shop".alike(text)',
        'shared."Rate of" by "Shop".converted(text)',
        'shared.rates by "Shop".rated()',
    ]
    assert shop.command("verify", "--restore", online=False) == 0, capsys.readouterr().err
    said = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert 'there is no shared.rates, which the function "Shop".rated() names' in said
    assert sum("of the extension fuzzystrmatch, which" in line for line in said) == 2
    assert shop.command("restore", "shop", "--as", "beside") == 0
    assert "there is no" not in capsys.readouterr().err


def test_a_drill_that_fails_says_why(shop: Shop, capsys: Capture) -> None:
    """The rows of the manifest are another's: a drill counts them on the server."""
    made = shop.back_up()
    _reseal(shop.place(made) / "manifest.json", rows={**made.rows, "customers": 999})
    assert shop.command("verify", "--restore", online=False) == 1
    assert "the archive holds other rows than its manifest says" in capsys.readouterr().out
    assert shop.good() == []


def test_a_full_read_is_more_than_a_list_of_contents(shop: Shop, capsys: Capture) -> None:
    """Of a truncated archive whose checksum was made to fit."""
    import hashlib

    made = shop.back_up()
    path = shop.place(made) / "archive.dump.zst"
    content = path.read_bytes()[:-200]
    path.write_bytes(content)
    file = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    files = {**made.files, "archive.dump.zst": file}
    _reseal(shop.place(made) / "manifest.json", files=files)
    assert shop.command("verify", online=False) == 1
    out = capsys.readouterr().out
    assert "FAILED" in out


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGE: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "a truncated archive": (
        lambda new, _: (new / "archive.dump.zst").write_bytes(
            (new / "archive.dump.zst").read_bytes()[:-100]
        ),
        "`archive.dump.zst` is truncated or has grown",
    ),
    "a flipped bit": (
        lambda new, _: _flip(new / "archive.dump.zst"),
        "`archive.dump.zst` is not what was written",
    ),
    "a flipped bit of the manifest": (
        lambda new, _: (new / "manifest.json").write_text(
            (new / "manifest.json").read_text().replace('"customers": 1000', '"customers": 1001')
        ),
        "the manifest is damaged: its checksum is another",
    ),
    "a manifest that is none": (
        lambda new, _: (new / "manifest.json").write_text("[]"),
        "the manifest is damaged",
    ),
    "a swapped archive": (
        lambda new, old: (new / "archive.dump.zst").write_bytes(
            (old / "archive.dump.zst").read_bytes()
        ),
        "`archive.dump.zst` is ",
    ),
    "a file that is gone": (
        lambda new, _: (new / "prerequisites.sql").unlink(),
        "`prerequisites.sql` is missing",
    ),
    "the manifest of another backup": (
        lambda new, old: (new / "manifest.json").write_bytes((old / "manifest.json").read_bytes()),
        "the manifest is that of `shop`, ",
    ),
}


@pytest.fixture
def two(shop: Shop) -> tuple[Shop, Path, Path]:
    old = shop.back_up()
    shop.provision.query('DELETE FROM "Shop".log')
    return shop, shop.place(shop.back_up()), shop.place(old)


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named_and_the_older_backup_serves(
    two: tuple[Shop, Path, Path], name: str, capsys: Capture
) -> None:
    shop, new, old = two
    damage, message = DAMAGE[name]
    damage(new, old)
    assert shop.command("verify", "--all", online=False) == 1
    said = capsys.readouterr().out
    assert f"FAILED: {message}" in said
    assert f"{old.name}  {shop.folder}: read whole" in said
    assert shop.good() == [old.name]
    shop.command("list", online=False)
    assert message in capsys.readouterr().out
    assert shop.command("restore", "shop", "--as", "old") == 0, capsys.readouterr().err
    assert shop.provision.value("SELECT count(*) FROM old.log") == 2
    assert shop.command("restore", "shop", "--as", "new", "--at", new.name) == 1
    assert f"the backup {new.name} is damaged" in capsys.readouterr().err


def test_names_that_lead_elsewhere(shop: Shop, capsys: Capture) -> None:
    made = shop.back_up()
    outside = shop.folder.parent / "outside"
    outside.write_text("x")
    files = {**made.files, "../../../outside": {"size": 1, "sha256": "0" * 64}}
    _reseal(shop.place(made) / "manifest.json", files=files)
    assert shop.command("verify", online=False) == 1
    assert "the manifest names a file `../../../outside`" in capsys.readouterr().out
    shop.spec = shop.spec.replace("  shop:", "  ../shop:")
    assert shop.command("run") == 1
    assert "the service `../shop` has a name that no folder can have" in capsys.readouterr().err


def _reseal(path: Path, **changes: object) -> None:
    """What somebody with malice would write, checksum and all."""
    from dataclasses import replace

    from chiro_db.backup.manifest import Manifest, dumps

    content = json.loads(path.read_text())
    del content["sha256"], content["format_version"]
    path.write_text(dumps(replace(Manifest(**content), **changes)))  # type: ignore[arg-type]
