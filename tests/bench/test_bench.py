"""The benchmark runs, and what it says is so: no figure is looked at here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from bench.figures import Target
from bench.measure import Contender, FailedError, Sample, Taken, once
from bench.report import exponent
from bench.server import cluster
from bench.traffic import counted

ROOT = Path(__file__).parent.parent.parent


def test_it_writes_a_page_where_nothing_failed(tmp_path: Path) -> None:
    out = tmp_path / "RESULTS.md"
    options = ("--sizes", "2x3", "--only", "plan", "--runs", "1", "--out", str(out))
    done = subprocess.run(
        [sys.executable, "-m", "bench", *options],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = out.read_text()
    assert "Not complete" not in page
    assert "exit code" not in page
    assert "| 2 x 3 | python, grouped read |" in page
    assert "2 x 3: the plan has 1 statement: `GRANT SELECT ON TABLE svc0002.t002" in page


def test_the_relay_counts_queries_and_the_bytes_of_answers() -> None:
    with cluster() as made, counted(f"{made.conninfo} dbname=postgres") as (conninfo, traffic):
        with psycopg.connect(conninfo, autocommit=True) as connection:
            before = traffic.read
            connection.execute("SELECT repeat('x', 10000)")
            assert (traffic.queries, traffic.read - before > 10000) == (1, True)
            connection.execute("SELECT %s::int", [1])
            assert traffic.queries == 2
        assert traffic.connections == 1


def test_memory_is_the_child_s_alone() -> None:
    ballast = b"x" * 200_000_000  # of this process; a child of its own would count it
    taken = once(Contender("little", [sys.executable, "-c", "pass"]))
    assert taken.peak < len(ballast) / 2
    taken = once(Contender("much", [sys.executable, "-c", "bytearray(b'x' * 100_000_000)"]))
    assert taken.peak > 100_000_000


@pytest.mark.parametrize(
    ("code", "limit", "said"),
    [
        ("import time; time.sleep(60)", 0.3, "over 0 s"),
        ("import sys; sys.exit('no such thing')", 60, "exit code 1: no such thing"),
    ],
)
def test_what_fails_or_takes_too_long_says_so(code: str, limit: float, said: str) -> None:
    with pytest.raises(FailedError, match=said):
        once(Contender("bad", [sys.executable, "-c", code], limit=limit))


def test_the_exponent_is_the_slope_of_the_logarithms() -> None:
    assert exponent([(5000, 1.0), (50_000, 10.0), (100_000, 20.0)]) == pytest.approx(1)
    assert exponent([(10, 1.0), (20, 4.0)]) == pytest.approx(2)
    assert exponent([(10, 1.0)]) is None


def test_a_target_counts_from_the_floor_of_the_same_rounds() -> None:
    def taken(wall: float) -> Taken:
        return Taken((Sample(wall, 0.1, 100_000_000),))

    assert Target(times=3).met(taken(2.9), taken(1))
    assert not Target(times=3).met(taken(3.1), taken(1))
    assert not Target(times=3, megabytes=90).met(taken(1), taken(1))
    assert not Target(seconds=1).met(taken(1.5), None)
