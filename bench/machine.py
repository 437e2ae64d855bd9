"""What the figures were made on."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from chiro_db import __version__
from chiro_db.embedded import binaries

_ROOT = Path(__file__).parent.parent


def lines() -> list[tuple[str, str]]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("memory", f"{memory:.0f} GiB"),
        ("system", f"{platform.system()} {platform.release()}, {platform.machine()}"),
        ("PostgreSQL", _said(str(binaries.server() / "postgres"), "--version").split()[-1]),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("psycopg, pydantic", f"{version('psycopg')}, {version('pydantic')}"),
        ("chirodb", f"{__version__}, commit {_commit()}"),
    ]


def load() -> float:
    """Processes that wanted a processor during the last minute."""
    return os.getloadavg()[0]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or sys.platform


def _commit() -> str:
    commit = _said("git", "-C", str(_ROOT), "rev-parse", "--short", "HEAD").strip()
    changed = _said("git", "-C", str(_ROOT), "status", "--porcelain", "--", "chiro_db").strip()
    return (commit or "unknown") + (" with changes" if changed else "")


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
