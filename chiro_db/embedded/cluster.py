"""One private PostgreSQL server: started on demand, left running, found again, deleted whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chiro_db.embedded.files import Files
from chiro_db.embedded.status import Status, look
from chiro_db.errors import EmbeddedError

# What only a start or a stop needs is imported there: a server that runs is found in no time.


class Cluster:
    """The server whose files are in `directory`; several commands may use it at once."""

    def __init__(self, directory: Path) -> None:
        self._files = Files(directory.resolve())

    @property
    def directory(self) -> Path:
        return self._files.directory

    def status(self) -> Status:
        """Cheap: takes no lock and changes nothing."""
        return look(self._files)

    def start(self) -> str:
        """Make and start what is missing; a libpq conninfo without a database."""
        if found := look(self._files).conninfo:
            return found
        from chiro_db.embedded.starting import start
        from chiro_db.embedded.stopping import await_other

        with self._locked() as held:
            if not look(self._files).running and not await_other(self._files):
                start(self._files, held)
            if found := look(self._files).conninfo:
                return found
        raise EmbeddedError(
            "the embedded PostgreSQL ended right after its start",
            where=str(self._files.log),
            hint="the log says why",
        )

    def stop(self) -> bool:
        """False when nothing ran; the data stays."""
        if not self.directory.exists():
            return False
        from chiro_db.embedded.stopping import stop

        with self._locked():
            return stop(self._files)

    def reset(self) -> None:
        """Stop the server and delete its data and all else that was made for it."""
        if not self.directory.exists():
            return
        from chiro_db.embedded.endpoint import remove_short
        from chiro_db.embedded.stopping import stop

        with self._locked():
            stop(self._files)
            if self._files.data.exists():
                owner = self._files.data.stat().st_uid
                remove_short(look(self._files).socket_directory, owner)
            self._files.delete()
            with contextlib.suppress(OSError):  # not empty: the rest is not ours
                self.directory.rmdir()

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The only command at work on this server; makes its directory."""
        from chiro_db import lock
        from chiro_db.embedded.place import claim

        held = None
        while held is None:
            claim(self.directory, self._files.lock)
            try:
                held = lock.hold(self._files.lock, 150)
            except FileNotFoundError:  # a reset has just deleted the directory
                continue
            if held is None:
                raise EmbeddedError(
                    "another chirodb has been starting or stopping the server for minutes",
                    where=str(self.directory),
                    hint="end that command, then try again",
                )
        try:
            yield held
        except OSError as error:  # a full disk, a file that another user left
            raise EmbeddedError(
                f"the embedded PostgreSQL cannot be started or stopped: {error.strerror}",
                where=str(error.filename or self.directory),
                hint="set CHIRODB_STATE_DIR to another directory, or mend this one",
            ) from error
        finally:
            os.close(held)
