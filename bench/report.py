"""Figures as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from bench.figures import Figure, Section

_HEAD = (
    "| size | what | wall s, median | min - max (runs) | client CPU s | peak MB | {} |"
    " × floor | target | met |"
)
_QUIET = 0.6  # load at the start, above which the figures are noise
_RULE = "| --- | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |"


def page(head: str, sections: Sequence[Section]) -> str:
    parts = [head]
    for section in sections:
        if section.figures or section.notes:
            parts.append("\n".join(_section(section)))
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> Iterator[str]:
    yield f"## {section.title}\n"
    if section.text:
        yield section.text + "\n"
    if section.figures:
        yield _HEAD.format("made MB | read back s" if section.products else "queries | read")
        yield _RULE
        size = ""
        for figure in section.figures:
            yield _line(figure, figure.size if figure.size != size else "", section.products)
            size = figure.size
    if section.notes:
        yield ""
        yield from (f"- {note}" for note in section.notes)


def _line(figure: Figure, size: str, products: bool) -> str:
    name = f"**{figure.name}**" if figure.subject else figure.name
    taken = figure.taken
    if not taken.samples:
        reason = " ".join(taken.reason.split()).replace("|", "/")[:160]
        return f"| {size} | {name} | {reason} | | | | | | | {figure.target or ''} | |"
    low, high = taken.range
    runs = len(taken.samples)
    spread = f"{low:.2f} - {high:.2f} ({runs})" if runs > 1 else "(1)"
    times = f"{taken.wall / figure.floor.wall:.1f}" if figure.floor and figure.floor.samples else ""
    traffic = figure.traffic
    counts = [str(traffic.queries), _bytes(traffic.read)] if traffic else ["", ""]
    if products:
        counts = [f"{taken.made / 1e6:.0f}", f"{taken.apart:.2f}" if taken.apart else ""]
    cells = [
        size,
        name,
        f"{taken.wall:.3f}" if taken.wall < 1 else f"{taken.wall:.2f}",
        spread,
        f"{taken.cpu:.2f}",
        f"{taken.peak / 1e6:.0f}",
        *counts,
        times,
        str(figure.target or ""),
        _met(figure),
    ]
    return "| " + " | ".join(cells) + " |"


def _met(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return "yes" if figure.target.met(figure.taken, figure.floor) else "**no**"


def _bytes(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 1e5 else f"{number / 1e3:.1f} kB"


def exponent(points: Sequence[tuple[int, float]]) -> float | None:
    """The slope of the line through the logarithms; None without two sizes."""
    if len({size for size, _ in points}) < 2:
        return None
    xs = [math.log(size) for size, _ in points]
    ys = [math.log(cost) for _, cost in points]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return above / sum((a - x) ** 2 for a in xs)


def head(
    lines: Sequence[tuple[str, str]],
    runs: int,
    minutes: float,
    load: float,
    incomplete: Sequence[str],
) -> str:
    today = datetime.now(UTC).date().isoformat()
    busy = load > _QUIET
    parts = [
        "# Results\n",
        f"Written by `python -m bench` on {today} in {minutes:.0f} minutes; what the figures mean"
        f" is in [README.md](README.md). Medians of {runs} runs where nothing else is said, process"
        f" start included. Load of the machine at the start: {load:.1f}.\n",
    ]
    if busy:
        parts.append("**Others were at work on the machine: only ratios say something.**\n")
    if incomplete:
        parts.append("**Not complete:** " + "; ".join(incomplete) + "\n")
    parts += ["| machine | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in lines)]
    return "\n".join(parts)


def growth(points: Mapping[str, Sequence[tuple[int, float]]]) -> Iterator[str]:
    """How time grows with tables, from 5,000 on; 1 is linear."""
    for name, found in points.items():
        large = [(tables, wall) for tables, wall in found if tables >= 5000]
        slope = exponent(large)
        if slope is not None:
            sizes = ", ".join(f"{tables:,} tables {wall:.2f} s" for tables, wall in large)
            met = "yes" if slope <= 1 else "**no**"
            yield f"{name}: exponent {slope:.2f}, at most linear: {met} ({sizes})"
