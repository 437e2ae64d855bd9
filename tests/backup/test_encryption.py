"""Backups that only an identity opens: chirodb's, and that of the `age` command line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pyrage
import pytest
import zstandard

from chiro_db.backup import encryption
from chiro_db.errors import ChirodbError
from tests.backup.shop import ROWS, Shop
from tests.fetched import fetched

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """A file as `age-keygen` writes it."""
    key = pyrage.x25519.Identity.generate()
    path = tmp_path / "identity"
    path.write_text(f"# created: today\n# public key: {key.to_public()}\n{key}\n")
    return path


@pytest.fixture
def encrypted(shop: Shop, identity: Path) -> Shop:
    recipient = identity.read_text().split()[6]
    shop.spec = shop.spec.replace("backup: {", f"backup: {{encrypt: [{recipient}], ")
    return shop


def test_only_the_identity_opens_it(
    encrypted: Shop, identity: Path, tmp_path: Path, capsys: Capture
) -> None:
    shop = encrypted
    made = shop.back_up()
    assert made.encrypted
    assert made.rows == ROWS
    assert set(made.files) == {"archive.dump.zst.age", "prerequisites.sql.age"}
    for name in made.files:
        assert (shop.place(made) / name).read_bytes().startswith(b"age-encryption.org/v1\n")
    assert not [p for p in shop.place(made).iterdir() if b"PGDMP" in p.read_bytes()]

    assert shop.command("verify", online=False) == 0
    assert "checksums are right; --identity FILE reads it whole" in capsys.readouterr().out
    assert shop.command("verify", "--identity", str(identity), online=False) == 0
    assert "read whole" in capsys.readouterr().out
    assert shop.command("verify", "--restore", "--identity", str(identity), online=False) == 0

    assert shop.command("restore", "shop", "--as", "copy") == 1
    assert "the backup is encrypted" in capsys.readouterr().err
    other = tmp_path / "other"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    assert shop.command("restore", "shop", "--as", "copy", "--identity", str(other)) == 1
    assert "cannot be decrypted" in capsys.readouterr().err
    assert shop.command("restore", "shop", "--as", "copy", "--identity", str(identity)) == 0
    assert shop.provision.value("SELECT count(*) FROM copy.customers") == 1000


def test_the_age_command_opens_it_too(encrypted: Shop, identity: Path) -> None:
    program = fetched("age")
    place = encrypted.place(encrypted.back_up())
    age = [str(program), "--decrypt", "--identity", str(identity)]
    packed = subprocess.run(
        [*age, place / "archive.dump.zst.age"], capture_output=True, check=True
    ).stdout
    assert zstandard.ZstdDecompressor().decompressobj().decompress(packed).startswith(b"PGDMP")
    script = subprocess.run(
        [*age, place / "prerequisites.sql.age"], capture_output=True, text=True, check=True
    ).stdout
    assert "CREATE EXTENSION IF NOT EXISTS pg_trgm" in script


def test_the_directory_format_cannot_be_encrypted_on_its_way(encrypted: Shop) -> None:
    (problem,) = encrypted.outcome(jobs=2).problems
    assert "unencrypted" in problem.message
    assert list((encrypted.folder / ".partial").glob("*")) == []
    assert encrypted.good() == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no identity"),
        ("nonsense\n", "holds no identity of age"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", "holds no identity of age"),
    ],
)
def test_a_file_without_identity(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "f").write_text(content)
    with pytest.raises(ChirodbError, match=message):
        encryption.identities(tmp_path / "f")
    with pytest.raises(ChirodbError, match="cannot be read: No such file"):
        encryption.identities(tmp_path / "g")


def test_a_full_disk_under_the_encryption_is_no_silence(
    encrypted: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pyrage swallows what a writer raises at the end; /dev/full is as full as a disk can be."""
    from chiro_db.backup import packing

    class Full(packing.HashedFile):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            self._file.close()
            self._file = Path("/dev/full").open("wb", 0)  # noqa: SIM115  `with` closes it

    monkeypatch.setattr(packing, "HashedFile", Full)
    (problem,) = encrypted.outcome().problems
    assert "No space left on device" in problem.message
    assert encrypted.good() == []
