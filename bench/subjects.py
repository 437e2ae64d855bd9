"""chirodb's own commands, as a user starts them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from bench.measure import Contender, environment
from bench.server import DATABASE, Server

PROGRAM = str(Path(sys.executable).with_name("chirodb"))


def chirodb(
    name: str,
    *arguments: str | Path,
    before: Callable[[], object] | None = None,
    codes: tuple[int, ...] = (0,),
    runs: int | None = None,
    makes: Path | None = None,
    apart: Callable[[str], float] | None = None,
) -> Contender:
    command = [PROGRAM, *map(str, arguments)]
    return Contender(name, command, before, codes=codes, runs=runs, makes=makes, apart=apart)


def on(server: Server, spec: Path) -> list[str]:
    return ["--spec", str(spec), "--url", f"{server.conninfo} dbname={DATABASE}"]


@cache
def has(*words: str) -> bool:
    """Whether this chirodb has the command, or the command the option."""
    *command, last = words
    answer = said(*command, "--help")
    return answer.returncode == 0 and f" {last} " in answer.stdout.replace("\n", " ")


def said(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        env=environment({"COLUMNS": "200"}),
        capture_output=True,
        text=True,
        check=False,
    )
