"""The slowest statements of each service, for a terminal and for tools."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from io import StringIO
from typing import Any

from chiro_db.observe.ranking import By, Ranked, ServiceLoad, Slow
from chiro_db.report.amounts import duration, iso, moment, share, size
from chiro_db.report.json import FORMAT_VERSION
from chiro_db.report.style import Screen, Span, Style
from chiro_db.report.words import cells, counted, visible

OTHERS = "Roles that are no service's alone"
_BLOCK = 8192
_ROWS = 4  # of a statement's text
_HEAD = ("share", "total", "mean", "max", "calls", "rows", "cached")
_WIDTHS = (6, 8, 8, 8, 10, 10, 7)
_BY = {
    By.TOTAL: "total time",
    By.MEAN: "mean time",
    By.CALLS: "calls",
    By.IO: "blocks read and written",
    By.TEMP: "temporary blocks",
}


def slow_text(found: Slow, *, color: bool, width: int) -> str:
    """Statements on a few rows each; with colours their SQL is highlighted."""
    screen = Screen(width, color)
    blocks = [screen.wrapped([Span(_about(found), Style.BOLD)], indent=0, hang=2)]
    if found.evicted:
        blocks.append(
            screen.wrapped(
                [
                    Span("!", Style.YELLOW),
                    Span(
                        f"{counted(found.evicted, 'statement')} thrown out for want of room:"
                        " pg_stat_statements.max is too small, and sums are lower bounds"
                    ),
                ],
                indent=0,
                hang=2,
            )
        )
    for load in found.services:
        blocks.append("\n".join(_service(screen, found.by, load)))
    if not found.services:
        blocks.append("No statement was counted")
    return "\n\n".join(blocks)


def _about(found: Slow) -> str:
    origin = " (when the counters were reset)" if found.reset else ""
    return (
        f"{visible(found.database)}: statements by {_BY[found.by]},"
        f" since {moment(found.since)}{origin}"
    )


def _service(screen: Screen, by: By, load: ServiceLoad) -> Iterator[str]:
    name = OTHERS if load.service is None else visible(load.service)
    sums = (
        f"{share(load.share)} of all time: {duration(load.total_ms)}"
        f" in {load.calls:,} call{'' if load.calls == 1 else 's'}"
    )
    yield screen.wrapped([Span(name, Style.BOLD), Span(sums)], indent=0, hang=2)
    if load.service is None:  # administrators, tools and chirodb itself: only the sum
        return
    if not load.statements:
        yield screen.paint(f"  no statement has {_BY[by]}", Style.DIM)
        return
    extra = {By.IO: ("io",), By.TEMP: ("temp",)}.get(by, ())
    yield screen.paint(_columns((*_HEAD, *extra)), Style.DIM)
    for statement in load.statements:
        yield from _statement(screen, by, statement)
    if load.others:
        yield screen.paint(f"  and {counted(load.others, 'more statement')}", Style.DIM)


def _columns(words: tuple[str, ...]) -> str:
    widths = (*_WIDTHS, 8)
    return "  " + " ".join(w.rjust(n) for w, n in zip(words, widths, strict=False))


def _statement(screen: Screen, by: By, ranked: Ranked) -> Iterator[str]:
    s = ranked.counted
    values = [
        share(ranked.share),
        duration(s.total_ms),
        duration(s.mean_ms),
        duration(s.max_ms),
        f"{s.calls:,}",
        f"{s.rows:,}",
        share(s.cached),
    ]
    if by is By.IO:
        values.append(size(s.io * _BLOCK))
    elif by is By.TEMP:
        values.append(size(s.temp * _BLOCK))
    yield _columns(tuple(values))
    for row in _sql(screen, ranked.text):
        yield f"      {row}"
    if ranked.tags:
        listed = "  ".join(f"{visible(k)}={visible(v)}" for k, v in ranked.tags.items())
        yield screen.wrapped([Span(listed, Style.DIM)], indent=6, hang=8)
    if ranked.plan is not None:
        for row in ranked.plan.splitlines():
            yield f"        {visible(row)}"


def _sql(screen: Screen, query: str) -> list[str]:
    """On a few rows of one line each, whatever the text's own lines are."""
    text = visible(" ".join(query.split()))
    rows = textwrap.wrap(text, max(20, screen.width - 6), break_on_hyphens=False)
    if len(rows) > _ROWS:
        rows = [*rows[: _ROWS - 1], rows[_ROWS - 1][: max(20, screen.width - 6) - 4] + " ..."]
    if not screen.color:
        return rows
    from rich.console import Console
    from rich.syntax import Syntax

    width = max((cells(row) for row in rows), default=0) + 1
    terminal = Console(
        file=StringIO(), force_terminal=True, color_system="standard", width=width, no_color=False
    )
    code = Syntax("\n".join(rows), "postgresql", theme="ansi_dark").highlight("\n".join(rows))
    with terminal.capture() as captured:
        terminal.print(code, end="", soft_wrap=True)
    return captured.get().rstrip("\n").split("\n")


def slow_json(found: Slow) -> dict[str, Any]:
    """Times in milliseconds, blocks of the server's size, instants in ISO 8601."""
    return {
        "format_version": FORMAT_VERSION,
        "database": found.database,
        "by": found.by.value,
        "at": iso(found.at),
        "since": iso(found.since),
        "since_reset": found.reset,
        "evicted": found.evicted,
        "services": [
            {
                "service": load.service,
                "total_ms": load.total_ms,
                "calls": load.calls,
                "share": load.share,
                "statements": [_entry(statement) for statement in load.statements],
                "others": load.others,
            }
            for load in found.services
        ],
    }


def _entry(ranked: Ranked) -> dict[str, Any]:
    s = ranked.counted
    entry: dict[str, Any] = {
        "queryid": s.queryid,
        "query": ranked.text,
        "tags": dict(ranked.tags),
        "share": ranked.share,
        "calls": s.calls,
        "rows": s.rows,
        "total_ms": s.total_ms,
        "mean_ms": s.mean_ms,
        "max_ms": s.max_ms,
        "cache_hits": s.cached,
        "blocks_read_and_written": s.io,
        "io_ms": s.io_ms,
        "temp_blocks": s.temp,
    }
    return entry if ranked.plan is None else entry | {"plan": ranked.plan}
