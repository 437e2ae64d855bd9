"""`chirodb slow`: the slowest statements, by service."""

from __future__ import annotations

import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chiro_db.cli.connecting import ServiceOption, SpecOption, TargetOption, UrlOption
from chiro_db.errors import ChirodbError

if TYPE_CHECKING:
    from chiro_db.apply.planning import Job
    from chiro_db.observe.ranking import Slow
    from chiro_db.observe.statements import Reading


class Format(StrEnum):
    """How the statements are printed."""

    TEXT = "text"
    JSON = "json"


class Measure(StrEnum):
    """What they are measured by."""

    TOTAL = "total"
    MEAN = "mean"
    CALLS = "calls"
    IO = "io"
    TEMP = "temp"


def slow(
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    service: ServiceOption = None,
    by: Annotated[Measure, typer.Option("--by", help="What they are measured by.")] = Measure.TOTAL,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="Statements of each service.", metavar="N")
    ] = 5,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="Only what was counted since an earlier run, such as 1h ago.",
            metavar="DURATION",
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show generic plans (PostgreSQL 16 and up).")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Again and again, until Ctrl-C.")] = False,
    interval: Annotated[
        float, typer.Option("--interval", min=0.1, help="Of --watch.", metavar="SECONDS")
    ] = 2.0,
    output: Annotated[Format, typer.Option("--format", help="How to print them.")] = Format.TEXT,
) -> None:
    """Show the slowest statements of each service, from pg_stat_statements."""
    from chiro_db.cli.connecting import job
    from chiro_db.cli.showing import errors_as
    from chiro_db.cli.streams import is_read

    with errors_as(output.value):
        age = _age(since) if since is not None else None
        about = job(spec, target, url, service, secrets=False)
        while True:
            found = _look(about, by.value, limit, age, explain=explain)
            _show(found, output, clear=watch)
            if not watch or not is_read():
                return
            time.sleep(interval)


def _age(since: str) -> float:
    """In seconds."""
    from chiro_db.model.duration import duration
    from chiro_db.observe.snapshots import KEPT

    age = duration(since).total_seconds()
    if age > KEPT:
        raise ChirodbError(
            f"`{since}` is {age / 86_400:,.0f} days; snapshots are kept for {KEPT // 86_400}",
            hint="`m` is a month: write 5min for five minutes",
        )
    return age


def _look(about: Job, by: str, limit: int, age: float | None, *, explain: bool) -> Slow:
    from chiro_db.catalog.connect import connected
    from chiro_db.observe import generic_plan, snapshots, statements
    from chiro_db.observe.ranking import By, Slow, ranked
    from chiro_db.observe.services import services_of_roles
    from chiro_db.observe.session import looking

    spec = about.loaded.spec
    with connected(about.to) as connection, looking(connection):
        if explain:
            generic_plan.check(connection)
        reading = statements.read(connection, services_of_roles(spec))
        identifier = connection.execute(
            "SELECT system_identifier::text FROM pg_catalog.pg_control_system()"
        ).fetchone()
        place = snapshots.folder(identifier[0] if identifier else "", spec.database.name)
        counted, begin, reset = reading.statements, reading.since, True
        if age is not None:
            snapshot = snapshots.before(place, reading.at - age)
            if snapshot is None:
                _remember(place, reading)
                raise ChirodbError(
                    "there is no snapshot to compare with yet",
                    hint="this run has remembered the first one: try again later",
                )
            counted = tuple(snapshots.since(reading, snapshot))
            reset = reading.since > snapshot.at
            begin = reading.since if reset else snapshot.at
            _say_since(age, reading.at - snapshot.at, reset=reset)
        _remember(place, reading)
        services = ranked(counted, By(by), limit, about.only)
        if explain:
            services = tuple(
                replace(
                    load,
                    statements=tuple(
                        replace(
                            one,
                            plan=generic_plan.generic_plan(
                                connection, one.text, spec.services[load.service]
                            )
                            if load.service is not None
                            else "no plan: of no service",
                        )
                        for one in load.statements
                    ),
                )
                for load in services
            )
    if not reading.sees_all:
        _warn(
            "the connected role sees only its own statements:"
            f" GRANT pg_read_all_stats TO {_quoted(reading.role)}"
        )
    return Slow(spec.database.name, By(by), reading.at, begin, reset, reading.evicted, services)


def _remember(place: Path, reading: Reading) -> None:
    """Where nothing can be kept, what is shown is right all the same."""
    from chiro_db.observe import snapshots

    try:
        snapshots.remember(place, reading)
    except (OSError, ChirodbError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        _warn(f"nothing is remembered for --since in {place}: {reason}")


def _quoted(role: str) -> str:
    from chiro_db.sql import quote_name

    return quote_name(role)


def _say_since(asked: float, had: float, *, reset: bool) -> None:
    from chiro_db.report.amounts import duration

    if reset:
        _warn("the counters were reset since the snapshot: all that they have is shown")
    elif had < asked:
        _warn(f"the oldest snapshot is {duration(had * 1000)} old")


def _warn(text: str) -> None:
    typer.echo(f"warning: {text}", err=True)


def _show(found: Slow, output: Format, *, clear: bool) -> None:
    import json
    import sys

    from chiro_db.cli.showing import colored, width
    from chiro_db.report.slow import slow_json, slow_text

    if output is Format.JSON:
        indent = None if clear else 2  # a document a line where there are many
        typer.echo(json.dumps(slow_json(found), indent=indent, ensure_ascii=False))
        return
    text = slow_text(found, color=colored(), width=width())
    if clear and sys.stdout.isatty():
        text = "\x1b[2J\x1b[H" + screenful(text)
    typer.echo(text)
    if clear and not sys.stdout.isatty():
        typer.echo("")


def screenful(text: str) -> str:
    """The top, where the most is: further lines would push it off the screen."""
    import shutil

    lines, room = text.splitlines(), shutil.get_terminal_size().lines - 2
    if len(lines) <= room:
        return text
    more = f"... {len(lines) - room + 1} more lines: --service, --limit or a taller window"
    return "\n".join([*lines[: room - 1], more])
