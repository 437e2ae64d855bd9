"""The files of one cluster, by name; all are below a directory that is chirodb's alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# Everything that is ever made in the directory beside its lock, and so all that reset deletes.
_OURS = tuple(
    "data data-new-* socket binaries-* passfile passfile-new password-new postgresql.conf "
    "postgresql.new server.json server.new server.log server.old server.lock".split()
)


@dataclass(frozen=True, slots=True)
class Files:
    """Root's are root's, but for the data and the socket directory, which the account owns."""

    directory: Path

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def passfile(self) -> Path:
        return self.directory / "passfile"

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    @property
    def record(self) -> Path:
        """What the last start remembered, as JSON."""
        return self.directory / "server.json"

    @property
    def lock(self) -> Path:
        """Held by the command that starts, stops or resets; says that the directory is ours."""
        return self.directory / "chirodb.lock"

    @property
    def alive(self) -> Path:
        """Held by every process of the server, from the postmaster down."""
        return self.directory / "server.lock"

    def delete(self) -> None:
        """All that chirodb made, the lock last; what else is in the directory stays."""
        import shutil

        for pattern in (*_OURS, self.lock.name):
            for path in self.directory.glob(pattern):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
