"""Rows in what pg_restore writes, told from the statements around them as they stream by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from chiro_db.backup import packing
from chiro_db.errors import ChirodbError

_HEADER = re.compile(
    rb'COPY ("(?:[^"]|"")+"|[^".\s]+)\.("(?:[^"]|"")+"|[^".\s]+) .*FROM stdin;\n', re.S
)


@dataclass(frozen=True)
class Rows:
    """The rows of one table in the text format of COPY, to be read before what follows."""

    statement: bytes
    table: str
    chunks: Iterator[bytes]


def data(stream: IO[bytes]) -> Iterator[bytes | Rows]:
    """The statements and the rows of `pg_restore --section=data`, which has no functions."""
    text = _Text(stream)
    while line := text.line():
        if not line.startswith(b"COPY "):
            yield line
            continue
        while not line.endswith(b" FROM stdin;\n"):  # a name with a line break
            more = text.line()
            if not more:
                raise ChirodbError("the archive ends within a statement")
            line += more
        found = _HEADER.fullmatch(line)
        if found is None:
            raise ChirodbError(f"not understood: {line.decode(errors='replace').strip()}")
        yield Rows(line, _unquoted(found[2].decode()), text.rows())


class _Text:
    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._held = b""

    def _more(self) -> bool:
        chunk = self._stream.read(packing.CHUNK)
        self._held += chunk
        return bool(chunk)

    def line(self) -> bytes:
        while (end := self._held.find(b"\n")) < 0:
            if not self._more():
                end = len(self._held) - 1
                break
        line, self._held = self._held[: end + 1], self._held[end + 1 :]
        return line

    def rows(self) -> Iterator[bytes]:
        """Whole lines or parts of them, up to the line `\\.`, which no row looks like."""
        while len(self._held) < 3 and self._more():
            pass
        if self._held.startswith(b"\\.\n"):
            self._held = self._held[3:]
            return
        while (end := self._held.find(b"\n\\.\n")) < 0:
            if len(self._held) > 3:
                yield self._held[:-3]
                self._held = self._held[-3:]
            if not self._more():
                raise ChirodbError("the archive ends within the rows of a table")
        yield self._held[: end + 1]
        self._held = self._held[end + 4 :]


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
