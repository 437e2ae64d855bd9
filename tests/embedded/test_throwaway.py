"""A server for one purpose leaves nothing, not even after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from chiro_db.embedded import Cluster
from chiro_db.embedded.throwaway import throwaway
from tests.embedded.asking import ask

_HANGS = """
import sys, time
from pathlib import Path
from chiro_db.embedded.throwaway import throwaway
with throwaway(Path(sys.argv[1])):
    print("up", flush=True)
    time.sleep(100)
"""


def test_it_goes_with_all_its_files(place: Path) -> None:
    with throwaway(place) as conninfo:
        assert ask(conninfo, "SELECT 1") == 1
        assert len(list(place.iterdir())) == 2
    assert list(place.iterdir()) == []


def test_the_next_one_clears_what_a_kill_left_and_leaves_a_living_one(place: Path) -> None:
    killed = subprocess.Popen(
        [sys.executable, "-c", _HANGS, str(place)], stdout=subprocess.PIPE, text=True
    )
    assert killed.stdout is not None
    assert killed.stdout.readline() == "up\n"
    (left,) = [path for path in place.iterdir() if path.is_dir()]
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    assert Cluster(left).status().running
    with throwaway(place):
        assert not left.exists()
        with throwaway(place) as second:
            assert len([path for path in place.iterdir() if path.is_dir()]) == 2
            assert ask(second, "SELECT 1") == 1
    assert list(place.iterdir()) == []
