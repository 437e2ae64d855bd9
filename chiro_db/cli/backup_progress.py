"""How far a run, a restore or a full read is, on a terminal; elsewhere for whom a run waits."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from chiro_db.backup.pg_dump import Progress
    from chiro_db.backup.restore import Advance

Watch = Callable[[Mapping[str, "Progress"]], None]
_OFTEN = 0.1  # seconds between two looks at rows


def _animated() -> bool:
    return sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"


@contextmanager
def display() -> Iterator[Watch]:
    """Of a run: bytes, rate, what is left."""
    if _animated():
        with _bars() as watch:
            yield watch
        return
    said: set[str] = set()

    def tell(progress: Mapping[str, Progress]) -> None:
        for service, own in progress.items():
            line = f"{service}: waits for a lock of {own.waits_for}"
            if own.waits_now and line not in said:
                said.add(line)
                typer.echo(line, err=True)

    yield tell


@contextmanager
def _bars() -> Iterator[Watch]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[doing]}", markup=False),
    )
    tasks: dict[str, TaskID] = {}
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:

        def draw(progress: Mapping[str, Progress]) -> None:
            for service, own in progress.items():
                if service not in tasks:
                    tasks[service] = bars.add_task(service, doing="", total=None)
                doing = f"waits for {own.waits_for}" if own.waits_now else own.doing
                read = own.read if own.doing in ("waiting", "dumping") else own.expected
                total = max(own.expected, own.read)
                bars.update(tasks[service], completed=read, total=total, doing=doing)

        yield draw


@contextmanager
def reading(service: str) -> Iterator[Callable[[Advance], None]]:
    """Rows of all rows, the rate, and what it is at; nothing where there is no terminal."""
    if not _animated():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    from chiro_db.report.quantity import size

    one_line = Column(no_wrap=True, overflow="ellipsis")
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=12),
        TextColumn("{task.fields[amount]}", table_column=Column(no_wrap=True)),
        TimeRemainingColumn(),
        TextColumn("{task.fields[doing]}", markup=False, table_column=one_line),
    )
    looked, began = 0.0, time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(service, total=None, amount="", doing="")

        def draw(advance: Advance) -> None:
            nonlocal looked
            now = time.monotonic()
            if now - looked < _OFTEN and advance.doing == bars.tasks[0].fields["doing"]:
                return
            looked = now
            rate = size(int(advance.read / max(now - began, 0.1)))
            amount = f"{advance.rows:,}/{advance.expected:,} rows, {rate}/s"
            bars.update(
                task,
                completed=advance.rows,
                total=advance.expected or None,
                amount=amount,
                doing=advance.doing,
            )

        yield draw
