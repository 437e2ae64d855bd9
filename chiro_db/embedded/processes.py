"""Ending the processes of a server, never those of anyone else."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
from pathlib import Path

from chiro_db.embedded.account import Account, run


def is_postmaster(pid: int, data: Path) -> bool:
    """Whether that pid is now a server of this data directory; False for a zombie."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        return _is_postmaster_by_ps(pid, data)
    except OSError:
        return False
    return (b"-D", os.fsencode(data)) in itertools.pairwise(command) or _works_in(pid, data)


def _is_postmaster_by_ps(pid: int, data: Path) -> bool:
    """Where there is no /proc (macOS)."""
    import subprocess

    shown = subprocess.run(
        ["/bin/ps", "-p", str(pid), "-o", "command="],
        capture_output=True,
        timeout=10,
        check=False,
    )
    return b" -D " + os.fsencode(data) in shown.stdout


def end(pid: int, how: signal.Signals) -> None:
    """It may have ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)


def _works_in(pid: int, data: Path) -> bool:
    """Every process of a server works in its data directory; True however it was started."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data
    except OSError:
        return False


def end_orphans(data: Path, account: Account | None) -> None:
    """A backend busy with a query does not notice that its postmaster was killed.

    Asked as the account: root in a container may not look into other accounts' processes.
    """
    quit_all = 'for p in /proc/[0-9]*; do [ "$p/cwd" -ef "$1" ] && kill -QUIT "${p#/proc/}"; done'
    run(("/bin/sh", "-c", quit_all, "sh", data), account, 10)
