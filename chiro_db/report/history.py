"""The history for people, as a table and entry by entry, and as JSON for tools."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Any

from chiro_db.apply.history import Entry
from chiro_db.report.words import counted, visible

FORMAT_VERSION = "1.0"
_WIDE = 100  # columns of a terminal in which there is room for the host
_HOST = 24  # columns of a host's name that tell it from others; `history show` has all of it


def history_text(
    entries: Sequence[Entry], *, color: bool, width: int, zone: tzinfo | None = None
) -> str:
    """A row for each entry, the newest first; times are the reader's own without a zone."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("when", no_wrap=True)
    table.add_column("who", overflow="fold")
    if wide := width >= _WIDE:
        table.add_column("from", overflow="ellipsis", no_wrap=True, max_width=_HOST)
    table.add_column("target", overflow="fold")
    table.add_column("what", overflow="fold")
    table.add_column("commit", no_wrap=True)
    for entry in entries:
        place = (_from(entry),) if wide else ()
        what = (entry.target or "-", _what(entry), _commit(entry))
        cells = (str(entry.id), _when(entry.at, zone), _who(entry), *place, *what)
        table.add_row(*(Text(visible(cell)) for cell in cells))
    written = io.StringIO()
    Console(
        file=written, width=width, no_color=not color, force_terminal=color, highlight=False
    ).print(table)
    lines = (line.rstrip() for line in written.getvalue().splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def entry_text(entry: Entry, *, zone: tzinfo | None = None) -> str:
    """All that is known, and the statements as they were shown."""
    rows = [f"{name:<12} {visible(value)}" for name, value in _facts(entry, zone) if value]
    return "\n".join([*rows, "", *(f"{visible(text)};" for text in entry.statements or ())]) + "\n"


def history_json(database: str, entries: Sequence[Entry]) -> dict[str, Any]:
    """docs/json.md."""
    return {
        "format_version": FORMAT_VERSION,
        "database": database,
        "entries": [_plain(entry) for entry in entries],
    }


def entry_json(database: str, entry: Entry) -> dict[str, Any]:
    """One entry with its statements."""
    return {"format_version": FORMAT_VERSION, "database": database, "entry": _plain(entry)}


def _plain(entry: Entry) -> dict[str, Any]:
    values = asdict(entry) | {"at": entry.at.isoformat()}
    if entry.statements is None:
        del values["statements"]
    return values


def _facts(entry: Entry, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
    yield "entry", str(entry.id)
    yield "when", _when(entry.at, zone, seconds=True)
    yield "command", entry.command
    yield "target", entry.target
    yield "services", ", ".join(entry.services)
    yield "what", _what(entry)
    yield "hazards", ", ".join(entry.hazards)
    role = f", acting as {entry.role}" if entry.role != entry.login else ""
    yield "role", entry.login + role
    yield "user", entry.os_user or ""
    yield "host", entry.host or ""
    yield "address", entry.client_address or "a socket of the server's machine"
    yield "application", entry.application_name or ""
    yield "CI", " ".join(filter(None, (entry.actor, entry.job)))
    yield "spec", f"SHA-256 {entry.spec_digest}"
    yield "commit", _commit(entry, whole=True)
    yield "chirodb", entry.chirodb


def _when(at: datetime, zone: tzinfo | None, *, seconds: bool = False) -> str:
    local = at.astimezone(zone)
    return local.strftime("%Y-%m-%d %H:%M:%S %Z" if seconds else "%Y-%m-%d %H:%M")


def _who(entry: Entry) -> str:
    """CI's word for the person before the account of the machine."""
    person = entry.actor or entry.os_user
    return f"{person} as {entry.login}" if person else entry.login


def _from(entry: Entry) -> str:
    return entry.host or entry.client_address or "-"


def _what(entry: Entry) -> str:
    if entry.command != "apply":
        return entry.command
    numbers = ((entry.created, "created"), (entry.changed, "changed"), (entry.removed, "removed"))
    said = ", ".join(f"{number} {word}" for number, word in numbers if number)
    narrowed = f" of {', '.join(entry.services)}" if entry.services else ""
    return f"{said or counted(entry.statement_count, 'statement')}{narrowed}"


def _commit(entry: Entry, *, whole: bool = False) -> str:
    if entry.git_commit is None:
        return "" if whole else "-"
    commit = entry.git_commit if whole else entry.git_commit[:9]
    if not entry.git_dirty:
        return commit
    return f"{commit}, and changes of the spec that are not in it" if whole else f"{commit}+"
