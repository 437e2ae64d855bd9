"""What each peer is: where it comes from, and what it is given to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.workloads import Workload


class UnavailableError(Exception):
    """The peer cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class Commands:
    """What is run."""

    look: Sequence[str]  # where nothing is to be done
    apply: Sequence[str]
    differs: int | None = None  # its exit code of `look` for differences; None: it would act
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """One rival; `configure` writes its files for a workload into a folder."""

    name: str
    version: str  # the line under which its package manager knows it
    requirements: tuple[str, ...]
    lacks: str  # what of the declared access it cannot say
    configure: Callable[[Path, Path, Workload], Commands]  # its bin, a folder, the workload
    most: int = 50_000  # tables, above which a run would take too long to wait for


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "chirodb" / "bench"


def installed(peer: Peer) -> Path:
    """The `bin` of the peer's own virtual environment, made once."""
    place = cache() / peer.name.replace(" ", "-")
    done = place / "installed"
    wanted = "\n".join(peer.requirements)
    if done.is_file() and done.read_text() == wanted:
        return place / "bin"
    _run(sys.executable, "-m", "venv", "--clear", str(place))
    _run(str(place / "bin" / "python"), "-m", "pip", "install", "-q", *peer.requirements)
    done.write_text(wanted)
    return place / "bin"


def _run(*command: str) -> None:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        lines = [line.strip() for line in answer.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if "error" in line.lower()] or lines
        raise UnavailableError("not installed: " + " ".join(errors[:2])[:200])
