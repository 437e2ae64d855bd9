"""Which PostgreSQL is taken, and what is said of one that does not do."""

from __future__ import annotations

from pathlib import Path

import pytest

from chiro_db.embedded import Cluster, binaries
from chiro_db.errors import EmbeddedError


def test_the_variable_is_the_only_place_when_it_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = binaries.server()
    monkeypatch.setenv("CHIRODB_PG_BINDIR", str(tmp_path))
    with pytest.raises(EmbeddedError, match="CHIRODB_PG_BINDIR has no PostgreSQL server") as said:
        binaries.server()
    assert said.value.where == str(tmp_path)
    with pytest.raises(EmbeddedError, match="`psql` is not installed"):
        binaries.client("psql")
    monkeypatch.setenv("CHIRODB_PG_BINDIR", str(found))
    assert binaries.server() == found


def test_the_server_has_pg_stat_statements_and_no_fantasies() -> None:
    found = binaries.server()
    assert binaries.has_library(found, "pg_stat_statements")
    assert not binaries.has_library(found, "pg_fantasies")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("#!/bin/sh\necho libicu is missing; exit 127\n", "does not run: libicu is missing"),
        ("#!/nowhere/sh\n", "does not run: No such file"),
        ("#!/bin/sh\necho something else 1.0\n", "does not run: something else"),
    ],
)
def test_a_server_that_does_not_run_is_quoted(
    cluster: Cluster, place: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    bindir = place / "broken" / "bin"
    bindir.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (bindir / name).write_text(script)
        (bindir / name).chmod(0o755)
    monkeypatch.setenv("CHIRODB_PG_BINDIR", str(bindir))
    with pytest.raises(EmbeddedError, match=said):
        cluster.start()
