"""Standard streams that are closed, or whose reader leaves, such as `head`: no reason to stop."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer


def settle() -> None:
    """Take what is closed for /dev/null, and let no reader that leaves end a command halfway."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
            os.set_inheritable(number, True)  # for psql, too
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = _patient(sys.stdout, 1)
    sys.stderr = _patient(sys.stderr, 2)


def is_read() -> bool:
    """Whether anybody still reads standard output."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return not (isinstance(raw, _Patient) and raw.left)


class _Patient(io.FileIO):
    """Writes to a pipe as long as somebody reads it, and from then on nowhere."""

    left = False

    def write(self, written: Buffer, /) -> int:
        try:
            return super().write(written)
        except OSError as error:  # what is still to be written is lost, and no second error
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            if not isinstance(error, BrokenPipeError):  # a full disk
                raise
            self.left = True
            return super().write(written)


def _patient(stream: TextIO | None, number: int) -> TextIO:
    if stream is not None and stream.isatty():
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_Patient(number, "w", closefd=False)),
        encoding=stream.encoding if stream else "utf-8",
        errors=stream.errors if stream else "backslashreplace",
        line_buffering=number == 2,
    )
