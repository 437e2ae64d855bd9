"""An archive of pg_dump, read by pg_restore."""

from __future__ import annotations

import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from chiro_db.backup import packing, rows
from chiro_db.backup.client import Client
from chiro_db.backup.rows import Rows
from chiro_db.errors import ChirodbError

CUSTOM = "archive.dump.zst"
DIRECTORY = "archive"  # holds the files that pg_dump makes
# Told of rows as they go by: their table, how many there are, and their bytes.
Seen = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Archive:
    """The file or folder of one archive on this machine, and what opens it."""

    path: Path
    keys: Sequence[Any] = ()  # identities of age

    @contextmanager
    def read(self, client: Client, *arguments: str) -> Iterator[IO[bytes]]:
        """What pg_restore writes; ChirodbError afterwards where it could not read all of it."""
        command = [str(client.restore), "--file=-", *arguments]
        streamed = not self.path.is_dir()
        with tempfile.TemporaryFile() as talk:
            process = subprocess.Popen(
                command if streamed else [*command, str(self.path)],
                stdin=subprocess.PIPE if streamed else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=talk,
                bufsize=0,
                pipesize=packing.CHUNK,
            )
            feeder = _Feeder(self, process)
            try:
                if streamed:
                    feeder.start()
                if process.stdout is None:
                    raise RuntimeError("pg_restore has no output")
                yield process.stdout
                if process.stdout.read(1):
                    raise RuntimeError("the output of pg_restore was not read to its end")
                process.wait()
                feeder.end()
            finally:
                process.kill()
                process.wait()
                if process.stdout:
                    process.stdout.close()
                feeder.abandon()
            if process.returncode:
                talk.seek(0)
                raise ChirodbError(f"pg_restore cannot read the archive: {last_words(talk.read())}")

    def text(self, client: Client, *arguments: str) -> str:
        """Definitions, which fit in the memory."""
        parts = []
        with self.read(client, *arguments) as output:
            while chunk := output.read(packing.CHUNK):
                parts.append(chunk)
        return b"".join(parts).decode()


class _Feeder(threading.Thread):
    """Gives pg_restore the archive; one that has seen enough may close its end."""

    def __init__(self, archive: Archive, process: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        self._archive, self._process = archive, process
        self._failed: Exception | None = None

    def run(self) -> None:
        pipe = self._process.stdin
        if pipe is None:
            return
        try:
            packing.unpack(self._archive.path, _Whole(pipe), self._archive.keys)
        except BrokenPipeError:
            pass
        except Exception as error:  # noqa: BLE001  told by `end`
            self._failed = error
        finally:
            with suppress(OSError):
                pipe.close()

    def end(self) -> None:
        if self.ident is not None:
            self.join()
        if self._failed is not None:
            raise self._failed

    def abandon(self) -> None:
        if self.ident is not None:
            self.join()


class _Whole:
    """A pipe that takes all of a chunk."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe

    def write(self, chunk: bytes) -> int:
        left = memoryview(chunk)
        while left:
            left = left[self._pipe.write(left) :]
        return len(chunk)

    def flush(self) -> None:
        """Nothing is held back."""


def counted(archive: Archive, client: Client, seen: Seen = lambda *_: None) -> dict[str, int]:
    """Reads all of it: the rows of each table, one line for each row."""
    found: dict[str, int] = {}
    with archive.read(client, "--section=data") as output:
        for part in rows.data(output):
            if isinstance(part, Rows):
                count = 0
                for chunk in part.chunks:
                    more = chunk.count(b"\n")
                    seen(part.table, more, len(chunk))
                    count += more
                found[part.table] = found.get(part.table, 0) + count
    return found


def last_words(said: bytes) -> str:
    """What a client program complained about last, on one line; of several, its worker."""
    lines = said.decode(errors="replace").splitlines()
    wrong = [line for line in lines if "error:" in line or "FATAL" in line] or lines[-1:]
    wrong = [line for line in wrong if "a worker process died" not in line] or wrong
    text = " ".join(" ".join(wrong[-1:]).split())
    return re.sub(r"^pg_\w+: (error: )?", "", text) or "it does not say why"
