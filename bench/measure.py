"""Commands as contenders: each is run several times, all of them in turn, and timed."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

_LAUNCH = Path(__file__).with_name("launch.py")
_NOT_OF_USERS = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "COVERAGE_PROCESS_START")


class FailedError(Exception):
    """A contender ended with another exit code than it should, or not in time."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: seconds of wall clock, seconds of the client's processors, peak bytes."""

    wall: float  # without what is told apart
    cpu: float
    peak: int
    made: int = 0  # bytes that it left
    apart: float = 0.0  # seconds


@dataclass(frozen=True)
class Contender:
    """One command; `before` puts the database in the state that it starts from."""

    name: str
    command: Sequence[str]
    before: Callable[[], object] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[int, ...] = (0,)
    limit: float = 900
    runs: int | None = None  # fewer than the others
    makes: Path | None = None  # a file or folder, whose size counts and which is deleted after
    apart: Callable[[str], float] | None = None  # seconds of its own, from its output


@dataclass(frozen=True)
class Taken:
    """The runs of one contender, or why there are none."""

    samples: tuple[Sample, ...] = ()
    reason: str = ""

    @property
    def wall(self) -> float:
        return statistics.median(s.wall for s in self.samples)

    @property
    def cpu(self) -> float:
        return statistics.median(s.cpu for s in self.samples)

    @property
    def peak(self) -> int:
        return max(s.peak for s in self.samples)

    @property
    def made(self) -> int:
        return round(statistics.median(s.made for s in self.samples))

    @property
    def apart(self) -> float:
        return statistics.median(s.apart for s in self.samples)

    @property
    def range(self) -> tuple[float, float]:
        walls = [s.wall for s in self.samples]
        return min(walls), max(walls)


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """A user's: with caches of bytecode, without CI's and this process's own settings."""
    kept = {key: value for key, value in os.environ.items() if key not in _NOT_OF_USERS}
    return {**kept, "NO_COLOR": "1", **more}


def once(contender: Contender) -> Sample:
    """One run, by itself; FailedError with the last lines that it wrote."""
    if contender.before is not None:
        contender.before()
    with TemporaryDirectory(prefix="bench-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        arguments = [sys.executable, "-I", "-S", _LAUNCH, str(contender.limit), out, err]
        answer = subprocess.run(
            [*map(str, arguments), *contender.command],
            env=environment(contender.environment),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        taken = json.loads(answer.stdout)
        if taken["code"] is None:
            raise FailedError(f"over {contender.limit:.0f} s")
        if taken["code"] not in contender.codes:
            said = (err.read_text(errors="replace") + out.read_text(errors="replace")).split("\n")
            last = " ".join(line.strip() for line in said if line.strip())[-300:]
            raise FailedError(f"exit code {taken['code']}: {last}")
        apart = contender.apart(out.read_text()) if contender.apart else 0.0
    made = _clear(contender.makes) if contender.makes else 0
    return Sample(taken["wall"] - apart, taken["cpu"], taken["peak"], made, apart)


def _clear(path: Path) -> int:
    """The bytes of what is deleted."""
    if path.is_dir():
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        shutil.rmtree(path)
    else:
        size = path.stat().st_size
        path.unlink()
    return size


def rounds(contenders: Sequence[Contender], runs: int, *, warm: bool = True) -> dict[str, Taken]:
    """All contenders in turn, `runs` times, so that what disturbs one disturbs all."""
    samples: dict[str, list[Sample]] = {one.name: [] for one in contenders}
    reasons: dict[str, str] = {}
    for turn in range(-1 if warm else 0, runs):
        for one in contenders if turn % 2 == 0 else reversed(contenders):
            few = one.runs is not None and turn >= one.runs
            cold = turn < 0 and one.before is not None
            if few or cold or one.name in reasons:
                continue
            try:
                sample = once(one)
            except FailedError as error:
                reasons[one.name] = str(error)
                continue
            if turn >= 0:
                samples[one.name].append(sample)
    return {name: Taken(tuple(made), reasons.get(name, "")) for name, made in samples.items()}
