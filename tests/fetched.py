"""Programs that the scripts in `.ci/` fetch into a cache."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

_SCRIPTS = Path(__file__).parent.parent / ".ci"


@cache
def _asked(name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([_SCRIPTS / name], capture_output=True, text=True, check=False)


def fetched(name: str) -> Path:
    """Where it is. Elsewhere than in CI a test that cannot have it is skipped."""
    found = _asked(name)
    if found.returncode != 0:
        lacking(found.stderr.strip() or f"{name} cannot be had")
    return Path(found.stdout.strip())


def lacking(reason: str) -> NoReturn:
    """A skip that is a failure in CI, as root, who may fetch everything."""
    offline = os.environ.get("CHIRODB_CI_OFFLINE", "") not in ("", "0")
    if os.environ.get("CI") and os.geteuid() == 0 and not offline:
        pytest.fail(f"{reason}; CHIRODB_CI_OFFLINE=1 does without", pytrace=False)
    pytest.skip(reason)
