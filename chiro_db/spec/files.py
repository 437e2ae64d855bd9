"""The spec's files: found, read and decoded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from chiro_db.errors import ChirodbError, Diagnostic, Place

_SUFFIXES = (".yaml", ".yml")
_MAX_SIZE = 32_000_000  # bytes; a million lines, and less than /dev/zero


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the spec; `name` is what messages call it."""

    name: str
    text: str


def read(path: Path) -> tuple[list[Source], list[Diagnostic]]:
    """All files of the spec in the order of their names, and those that cannot be read."""
    sources, problems = [], []
    for file in _found(path):
        name = shown(file)
        try:
            with file.open("rb") as stream:
                content = stream.read(_MAX_SIZE + 1)
            if len(content) > _MAX_SIZE:
                problems.append(Diagnostic(f"`{name}` has more than {_MAX_SIZE} bytes"))
            else:
                sources.append(Source(name, content.decode("utf-8-sig")))
        except UnicodeDecodeError as error:
            problems.append(_not_utf8(name, error))
        except OSError as error:
            problems.append(Diagnostic(f"`{name}` cannot be read: {error.strerror}"))
    return sources, problems


def shown(path: Path) -> str:
    """The path from the current directory if it is below it, else as given."""
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def _found(path: Path) -> list[Path]:
    try:
        is_folder = path.is_dir()
        if not is_folder and not path.exists():
            raise ChirodbError(
                f"no spec at `{path}`",
                hint="name a YAML file or a folder of them with `--spec` or `CHIRODB_SPEC`",
            )
        return _below(path) if is_folder else [path]
    except OSError as error:
        raise ChirodbError(f"`{path}` cannot be read: {error.strerror}") from None
    except ValueError:  # a NUL character
        raise ChirodbError("the path of the spec is not a path") from None


def _below(folder: Path) -> list[Path]:
    """Each file once, whatever links lead to it; hidden files and folders are left out."""
    found: dict[str, Path] = {}
    entered: set[str] = set()
    for root, folders, names in os.walk(folder, followlinks=True, onerror=_raise):
        real = os.path.realpath(root)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(_SUFFIXES) and not name.startswith("."):
                file = Path(root, name)
                if file.exists() and not file.is_file():
                    continue  # a pipe or a socket
                found.setdefault(os.path.realpath(file), file)
    return sorted(found.values())


def _raise(error: OSError) -> None:
    raise error


def _not_utf8(name: str, error: UnicodeDecodeError) -> Diagnostic:
    before = error.object[: error.start]
    line_start = before.rfind(b"\n") + 1
    column = len(before[line_start:].decode("utf-8", errors="ignore")) + 1
    place = Place(name, before.count(b"\n") + 1, column)
    return Diagnostic("the file is not UTF-8", place, "save it as UTF-8")
