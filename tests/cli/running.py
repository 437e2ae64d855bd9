"""chirodb as a process of its own, as a user and a CI job run it."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SET_OUTSIDE = ("CHIRODB_", "PG", "CI", "NO_COLOR", "COLUMNS")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a finished command said."""

    code: int
    out: str
    err: str


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours without what would change a command's behaviour."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_SET_OUTSIDE)}
    return kept | dict(extra or {})


def chirodb(*arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Ran:
    """Piped, without a terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "chiro_db", *arguments],
        cwd=cwd,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def on_terminal(
    *arguments: str, typed: Mapping[str, bytes], env: Mapping[str, str] | None = None
) -> Ran:
    """On a pseudo-terminal; each prompt in `typed` gets its answer once it is shown."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(  # noqa: S606 - no shell: an argument list
            sys.executable, [sys.executable, "-m", "chiro_db", *arguments], environment(env)
        )
    waiting, shown, end = dict(typed), "", time.monotonic() + 60
    while True:
        if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            os.kill(pid, signal.SIGKILL)
            break
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # the process has closed its side
            break
        if not chunk:
            break
        shown += chunk.decode(errors="replace")
        for prompt in [p for p in waiting if p in shown]:
            os.write(terminal, waiting.pop(prompt))
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return Ran(os.waitstatus_to_exitcode(status), shown, "")
