"""The progress of a run on a terminal: bytes, rate, what is left; elsewhere who it waits for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from chiro_db.backup.pg_dump import Progress

Watch = Callable[[Mapping[str, "Progress"]], None]


@contextmanager
def display() -> Iterator[Watch]:
    if sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb":
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
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[doing]}"),
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
