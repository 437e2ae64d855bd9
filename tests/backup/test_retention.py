"""Which backups stay, as a table; the store is real, the times are made up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chiro_db.backup.folder import Folder
from chiro_db.backup.inventory import Copy, Proof
from chiro_db.backup.manifest import Manifest, dumps, new_id
from chiro_db.backup.retention import judged
from chiro_db.cli import run as chirodb
from chiro_db.errors import RefusedError
from chiro_db.model.spec import Keep

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)  # a Monday
STORE = Folder(Path("/nowhere"))
MANIFEST = Manifest(
    id="",
    service="s",
    schema="s",
    database="d",
    server="18",
    system="1",
    pg_dump="18",
    chirodb="0",
    spec="",
    role="o",
    start="",
    end="",
    snapshot="",
    lsn=None,
    format="custom",
    encrypted=False,
    files={},
    rows={},
)
GOOD = Copy(STORE, MANIFEST)
BAD = Copy(STORE, MANIFEST, verified=Proof(NOW, ok=False, problem="damaged"))


def kept(hours: list[float], keep: Keep | None, bad: tuple[float, ...] = ()) -> dict[float, str]:
    """The ages that stay, in hours, and why."""
    copies = [(f"{age}", NOW - timedelta(hours=age), BAD if age in bad else GOOD) for age in hours]
    return {
        float(verdict.id): ", ".join(verdict.reasons)
        for verdict in judged("s", copies, keep, NOW)
        if verdict.stays
    }


@pytest.mark.parametrize(
    ("hours", "keep", "expected"),
    [
        ([0, 1, 2, 3], Keep(last=2), {0: "last 1", 1: "last 2"}),
        ([0, 0.2, 0.4, 1, 2], Keep(hourly=2), {0: "hourly 1", 1: "hourly 2"}),
        ([0, 5, 11, 13, 30, 60], Keep(daily=3), {0: "daily 1", 13: "daily 2", 60: "daily 3"}),
        ([0, 12, 13, 24 * 8], Keep(weekly=2), {0: "weekly 1", 13: "weekly 2"}),
        ([0, 24 * 22, 24 * 23, 24 * 40], Keep(monthly=2), {0: "monthly 1", 24 * 23: "monthly 2"}),
        ([0, 24 * 400, 24 * 401], Keep(yearly=5), {0: "yearly 1", 24 * 400: "yearly 2"}),
        ([24, 36, 48.5, 72], Keep(within="1d"), {24: "within 1d", 36: "within 1d"}),
        ([0, 1, 30], Keep(last=1, daily=2), {0: "last 1, daily 1", 30: "daily 2"}),
        ([5, 6], None, {5: "no rule", 6: "no rule"}),
        ([], Keep(last=1), {}),
    ],
)
def test_rules_as_restic_has_them(
    hours: list[float], keep: Keep, expected: dict[float, str]
) -> None:
    assert kept(hours, keep) == expected


def test_only_good_ones_count_and_the_newest_good_one_stays() -> None:
    assert kept([0, 1, 2, 3], Keep(last=1), bad=(0, 1)) == {2: "last 1"}
    assert kept([24 * 90, 24 * 91], Keep(hourly=1)) == {24 * 90: "hourly 1"}
    assert kept([0, 1], Keep(last=1), bad=(0, 1)) == {0: "no good one", 1: "no good one"}


def test_a_clock_that_jumped_back_deletes_nothing() -> None:
    with pytest.raises(RefusedError, match="which is in the future"):
        kept([-1, 2, 3, 4], Keep(last=1))


def _made(root: Path, age: timedelta, token: str) -> str:
    start = datetime.now(UTC) - age
    made = replace(
        MANIFEST,
        id=new_id(start, token),
        service="shop",
        start=start.isoformat(),
        end=start.isoformat(),
    )
    folder = root / "shop" / made.id
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(dumps(made))
    return made.id


def test_prune_shows_asks_and_deletes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "version: 1\ndatabase: {name: d}\ntargets: {dev: {embedded: true}}\n"
        "backup: {to: a, copies: [b], retention: {days: 2}}\n"
        "services: {shop: {schema: s, owner: o}}\n"
    )
    ids = [_made(tmp_path / "a", timedelta(days=d), f"{d:06x}") for d in (0, 1, 5)]
    _made(tmp_path / "b", timedelta(days=9), "00000f")  # the only one there
    options = ["backup", "prune", "--spec", str(spec)]
    assert chirodb([*options, "--dry-run"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0:2] for line in said[:4]] == [
        ["shop", ids[0]],
        ["shop", ids[1]],
        ["-", "shop"],
        ["shop", said[3].split()[1]],
    ]
    assert said[0].endswith("stays: within 2d")
    assert said[4] == "1 of 4 to delete"
    assert chirodb(options) == 1
    assert "no terminal to ask on" in capsys.readouterr().err
    assert (tmp_path / "a" / "shop" / ids[2]).exists()
    assert chirodb([*options, "--yes"]) == 0
    assert sorted(p.name for p in (tmp_path / "a" / "shop").iterdir()) == sorted(ids[:2])
    assert len(list((tmp_path / "b" / "shop").iterdir())) == 1
    capsys.readouterr()
    assert chirodb([*options, "--format", "json", "--dry-run"]) == 0
    assert all(b["stays"] for b in json.loads(capsys.readouterr().out)["backups"])


def test_a_store_that_cannot_be_read_stops_the_prune(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b").write_text("no folder")
    ids = [_made(tmp_path / "a", timedelta(days=d), f"{d:06x}") for d in (0, 5)]
    (tmp_path / "spec.yaml").write_text(
        "version: 1\ndatabase: {name: d}\nbackup: {to: a, copies: [b], keep: {last: 1}}\n"
        "services: {shop: {schema: s, owner: o}}\n"
    )
    assert chirodb(["backup", "prune", "--spec", str(tmp_path / "spec.yaml"), "--yes"]) == 1
    assert "Not a directory" in capsys.readouterr().err
    assert len(list((tmp_path / "a" / "shop").iterdir())) == len(ids)
