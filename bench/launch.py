"""Runs one command and prints what it took: `launch.py LIMIT OUT ERR COMMAND...`.

A program of its own: a child's peak memory counts from the moment it leaves its parent, so the
parent has to be small.
"""

import json
import os
import signal
import sys
import time


def main() -> None:
    limit, out, err, *command = sys.argv[1:]
    late = False
    opens = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    ]
    started = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=opens, setpgroup=0)

    def end(number: int, frame: object) -> None:
        nonlocal late
        late = True
        os.killpg(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, float(limit))
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    signal.setitimer(signal.ITIMER_REAL, 0)
    taken = {
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss * 1024,
        "code": None if late else os.waitstatus_to_exitcode(status),
    }
    sys.stdout.write(json.dumps(taken))


main()
