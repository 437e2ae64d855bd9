"""Who runs the server: oneself, or for root, which PostgreSQL refuses, an unprivileged account."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from chiro_db.errors import EmbeddedError


@dataclass(frozen=True, slots=True)
class Account:
    """An entry of the password database, with its supplementary groups."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]


def server_account(data: Path) -> Account | None:
    """None for oneself; a data directory that exists is run by its owner, whoever made it."""
    if os.geteuid() != 0:
        return None
    chosen = os.environ.get("CHIRODB_PG_USER")
    account = _named(chosen) if chosen else _named("postgres", "nobody")
    try:
        owner = data.stat().st_uid
    except FileNotFoundError:
        return account
    if owner == account.uid:
        return account
    if chosen or owner == 0:
        raise EmbeddedError(
            f"the data of the embedded PostgreSQL belongs to user {owner}, not to `{account.name}`",
            where=str(data),
            hint="unset CHIRODB_PG_USER, or start afresh with `chirodb dev reset` (data is lost)",
        )
    return _owner(owner, data)


def _named(*names: str) -> Account:
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid == 0:
            raise EmbeddedError(
                f"the account `{name}` is root, as which PostgreSQL refuses to run",
                hint="set CHIRODB_PG_USER to an unprivileged account",
            )
        return _account(entry)
    raise EmbeddedError(
        f"there is no account `{'` or `'.join(names)}` to run the embedded PostgreSQL",
        hint="PostgreSQL refuses to run as root: set CHIRODB_PG_USER to an unprivileged account",
    )


def _owner(uid: int, data: Path) -> Account:
    try:
        return _account(pwd.getpwuid(uid))
    except KeyError:
        raise EmbeddedError(
            f"the account with id {uid}, which the embedded PostgreSQL was made for, is gone",
            where=str(data),
            hint="start afresh with `chirodb dev reset` (its data is lost)",
        ) from None


def _account(entry: pwd.struct_passwd) -> Account:
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, tuple(groups))


def give(path: Path, account: Account | None) -> None:
    """Make `path`, which we have just made, the account's."""
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def run(
    arguments: Sequence[str | Path],
    account: Account | None,
    timeout: float,
    *,
    pass_fds: Sequence[int] = (),
    output: int | IO[Any] = subprocess.PIPE,
) -> subprocess.CompletedProcess[str]:
    """Run as the account, in its own session so that Ctrl-C here does not end what it starts."""
    identity: dict[str, Any] = {}
    if account is not None:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": account.groups}
    try:
        return subprocess.run(
            [os.fspath(argument) for argument in arguments],
            cwd="/",
            env=_environment(account),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=pass_fds,
            timeout=timeout,
            check=False,
            **identity,
        )
    except subprocess.TimeoutExpired as expired:
        name = Path(arguments[0]).name
        raise EmbeddedError(
            f"`{name}` did not end within {timeout:g} seconds",
            hint="the machine is very busy or its disk very slow: try again",
        ) from expired


def can_enter(directory: Path, account: Account | None) -> bool:
    """Whether the account may pass every parent too; asked of the kernel, which knows of ACLs."""
    arguments = ("/bin/sh", "-c", 'cd -- "$1"', "sh", directory)
    return account is None or run(arguments, account, 10).returncode == 0


def _environment(account: Account | None) -> dict[str, str]:
    standard = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    path = os.environ.get("PATH", standard) if account is None else standard
    zone = {"TZ": os.environ["TZ"]} if os.environ.get("TZ") else {}
    return {"PATH": path, "LC_ALL": "C.UTF-8"} | zone
