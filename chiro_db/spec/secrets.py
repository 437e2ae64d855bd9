"""References to secrets, read when they are needed and not before."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chiro_db.errors import Diagnostic, SecretError, SpecError
from chiro_db.model.reference import is_malformed, with_references
from chiro_db.model.secret import Secret

if TYPE_CHECKING:
    from chiro_db.spec.load import Loaded

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_SIZE = 65_536  # bytes; who names a larger file has named the wrong one


def resolve(template: str, base: Path) -> Secret:
    """The text with its `${env:NAME}` and `${file:PATH}` read; `base` is the spec's folder."""
    if is_malformed(template):
        raise SecretError(
            "a malformed reference to a secret", hint="write ${env:NAME} or ${file:PATH}"
        )
    return Secret(with_references(template, lambda source, name: _SOURCES[source](name, base)))


def resolved(loaded: Loaded, path: tuple[str, ...], template: str) -> Secret:
    """SpecError with the place in the spec where it cannot be read."""
    try:
        return resolve(template, loaded.folder)
    except SecretError as error:
        raise SpecError([Diagnostic(error.message, loaded.place(path), error.hint)]) from None


class Passwords(Mapping[str, Secret]):
    """The roles' passwords, each of which is read when it is asked for the first time."""

    def __init__(self, loaded: Loaded, references: Mapping[str, str]) -> None:
        self._loaded = loaded
        self._references = references
        self._read: dict[str, Secret] = {}

    def __getitem__(self, role: str) -> Secret:
        if role not in self._read:
            path = ("roles", role, "password")
            self._read[role] = resolved(self._loaded, path, self._references[role])
        return self._read[role]

    def __iter__(self) -> Iterator[str]:
        return iter(self._references)

    def __len__(self) -> int:
        return len(self._references)


def _env(name: str, _base: Path) -> str:
    if not _NAME.fullmatch(name):
        raise SecretError(f"`{name}` is not the name of an environment variable")
    value = os.environ.get(name)
    if value is None:
        raise SecretError(
            f"the environment variable `{name}` is not set",
            hint=f"set it, or name a file: ${{file:{name.lower()}}}",
        )
    return _present(value, f"the environment variable `{name}`")


def _file(name: str, base: Path) -> str:
    path = base / name
    with suppress(RuntimeError):  # `~` of a user who does not exist
        path = base / Path(name).expanduser()
    where = f"the secret's file `{path}`"
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_SIZE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a path"
        hint = "a relative path starts at the spec's folder" if path != Path(name) else None
        raise SecretError(f"{where} cannot be read: {reason}", hint=hint) from None
    if len(content) > _MAX_SIZE:
        raise SecretError(f"{where} has more than {_MAX_SIZE} bytes")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretError(f"{where} is not UTF-8") from None
    return _present(re.sub(r"\r?\n\Z", "", text), where)


def _present(value: str, where: str) -> str:
    if not value:
        raise SecretError(f"{where} is empty", hint="an empty secret is none")
    if "\0" in value:
        raise SecretError(f"{where} contains a NUL character")
    return value


_SOURCES: Mapping[str, Callable[[str, Path], str]] = {"env": _env, "file": _file}
