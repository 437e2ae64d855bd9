"""Schedules as cron, systemd and Kubernetes read them: the tools themselves are asked."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import kubernetes_validate
import pytest
from croniter import croniter

from chiro_db.backup.schedule import Job, calendar, systemd
from chiro_db.cli import run as chirodb
from chiro_db.spec.cron import is_schedule
from tests.fetched import lacking

Capture = pytest.CaptureFixture[str]
START = datetime(2026, 11, 23, 12, 30)  # noqa: DTZ001  as cron counts, in the zone of the machine
LINES = (
    "7 * * * *",
    "*/15 0-6,12 * * *",
    "0 3 1,15 * *",
    "5 4 * jan-MAR mon",
    "0 0 * * 0",
    "30 2 * * 1-5",
    "0 12 1 * fri",
    "10-50/20 */6 * 2,8 *",
    "0 1 * * 7",
    "0 1 * * 5-7",
    "0 1 */10 * *",
    "0 5 * * */2",
)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    folder = tmp_path / "a 100% folder's"
    folder.mkdir()
    path = folder / "spec.yaml"
    path.write_text(
        "version: 1\ndatabase: {name: d}\ntargets: {dev: {embedded: true}}\n"
        "backup: {to: b, schedule: daily, retention: {days: 30}}\n"
        "services:\n"
        "  orders: {schema: a, owner: ao}\n"
        "  'pay %roll': {schema: b, owner: bo, backup: {schedule: '*/20 * * * *'}}\n"
        "  log: {schema: c, owner: co}\n"
    )
    return path


def printed(spec: Path, capsys: Capture, *options: str) -> str:
    assert chirodb(["backup", "schedule", "--spec", str(spec), *options]) == 0
    return capsys.readouterr().out


def test_cron(spec: Path, capsys: Capture) -> None:
    first, second, third = [
        line for line in printed(spec, capsys).splitlines() if not line.startswith("#")
    ]
    daily, words = _parted(first)
    assert croniter(daily, START).get_next(datetime).isoformat() == "2026-11-24T02:23:00"
    assert words[1:] == [
        *("backup", "run", "--spec", str(spec), "--target", "dev"),
        *("orders", "log"),
    ]
    often, words = _parted(second)
    assert croniter(often, START).get_next(datetime).isoformat() == "2026-11-23T12:40:00"
    assert words[-1] == "pay %roll"
    pruned, words = _parted(third)
    assert croniter(pruned, START).get_next(datetime).isoformat() == "2026-11-24T03:53:00"
    assert words[1:] == ["backup", "prune", "--yes", "--spec", str(spec), "--target", "dev"]
    one = printed(spec, capsys, "orders").splitlines()
    assert [line.rpartition(" ")[2] for line in one if line[0] != "#"] == ["orders"] * 2


def test_what_stays_for_ever_is_not_pruned(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "spec.yaml"
    services = (
        "{Pay: {schema: a, owner: ao}, pay: {schema: b, owner: bo, backup: {schedule: hourly}}}"
    )
    path.write_text(
        "version: 1\ndatabase: {name: d}\nbackup: {to: b, schedule: daily}\n"
        f"services: {services}\n"
    )
    assert "prune" not in printed(path, capsys)
    units = printed(path, capsys, "--format", "systemd")
    names = re.findall("^# /etc/systemd/system/(.*)", units, re.M)
    assert len(set(names)) == 4


def _parted(line: str) -> tuple[str, list[str]]:
    """As cron does it: five fields, and a command in which a bare % would end it."""
    *fields, command = line.split(maxsplit=5)
    assert not re.search(r"(?<!\\)%", command)
    return " ".join(fields), shlex.split(command.replace("\\%", "%"))


def _systemd() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        lacking("systemd-analyze is not here")
    return program


def test_systemd_takes_the_units(spec: Path, tmp_path: Path, capsys: Capture) -> None:
    program = _systemd()
    units = tmp_path / "units"
    printed(spec, capsys, "--format", "systemd", "--out", str(units))
    files = sorted(units.iterdir())
    assert [f.suffix for f in files] == [".service", ".timer"] * 3
    done = subprocess.run(
        [program, "verify", "--man=no", "--recursive-errors=no", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if "chirodb-" in line]
    assert said == []
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", LINES)
def test_systemd_runs_when_cron_does(line: str) -> None:
    """The next five times of both."""
    program = _systemd()
    assert is_schedule(line)
    found: set[str] = set()
    for given in calendar(line):
        done = subprocess.run(
            [program, "calendar", "--base-time=2026-11-23 12:30:00 UTC", "--iterations=5", given],
            env={"TZ": "UTC", "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=True,
        )
        found |= set(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?= UTC$)", done.stdout, re.M))
    times = croniter(line, START)
    expected = [times.get_next(datetime).isoformat(sep=" ") for _ in range(5)]
    assert sorted(found - {"2026-11-23 12:30:00"})[:5] == expected


def test_words_that_systemd_would_expand_stay() -> None:
    job = Job("a", "Do a%b", "7 * * * *", ("/bin/echo", "100%", "$HOME", 'a "b"', "c\\d"))
    (service, _) = systemd([job]).values()
    assert 'ExecStart=/bin/echo "100%%" "$$HOME" "a \\"b\\"" "c\\\\d"\n' in service
    assert "=Do a%%b\n" in service


def test_kubernetes_takes_the_jobs(spec: Path, capsys: Capture) -> None:
    options = ("--format", "kubernetes", "--image", "registry.example/chirodb:1")
    listed = json.loads(printed(spec, capsys, *options))
    assert len(listed["items"]) == 3
    for item in listed["items"]:
        kubernetes_validate.validate(item, "1.30", strict=True)
        broken = {**item, "spec": {**item["spec"], "schedul": "x"}}
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(broken, "1.30", strict=True)
    (daily, _, prune) = listed["items"]
    assert prune["metadata"]["name"] == "chirodb-prune"
    assert daily["spec"]["schedule"] == "23 2 * * *"
    container = daily["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert container["command"][:5] == ["chirodb", "backup", "run", "--spec", "/etc/chirodb"]


def test_where_they_go_is_asked_now(spec: Path, capsys: Capture) -> None:

    chirodb(["backup", "schedule", "--spec", str(spec), "--format", "kubernetes"])
    assert "warning: backups of orders go to b in a pod" in capsys.readouterr().err
    spec.write_text(spec.read_text().replace("to: b, ", ""))
    assert chirodb(["backup", "schedule", "--spec", str(spec)]) == 1
    assert "the spec does not say where backups of `orders` go" in capsys.readouterr().err


def test_a_spec_without_schedules(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("version: 1\ndatabase: {name: d}\nservices: {a: {schema: s, owner: o}}\n")
    assert chirodb(["backup", "schedule", "--spec", str(path)]) == 1
    assert "no service has a schedule" in capsys.readouterr().err
