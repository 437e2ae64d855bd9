"""What differs between the spec and the database, as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from chiro_db.model.plan import Change, Plan
from chiro_db.report import summary
from chiro_db.report.difference import KINDS, differences, reported, tolerated
from chiro_db.report.groups import SHARED, by_service, lines
from chiro_db.report.style import Screen, Span, Style
from chiro_db.report.text import COLORS, ending, row
from chiro_db.report.words import counted, visible

_WIDEST = max(map(len, KINDS.values()))


def drifted(plan: Plan) -> bool:
    """Whether anything differs from the spec."""
    return bool(differences(plan))


def headline(plan: Plan) -> str:
    """`drifted: 3 differences`, or `in step`; and what breaks a policy."""
    found = len(differences(plan))
    text = f"drifted: {counted(found, 'difference')}" if found else "in step"
    broken = counted(len(plan.breaches), "broken assertion")
    return f"{text}; {broken}" if plan.breaches else text


def drift_text(plan: Plan, *, color: bool, width: int, verbose: bool = False) -> str:
    """`verbose` lists each difference by itself."""
    screen = Screen(width, color)
    style = Style.RED if drifted(plan) or plan.breaches else Style.GREEN
    blocks = [
        screen.paint(headline(plan), style)
        + "\n"
        + screen.wrapped([Span(summary.about(plan), Style.DIM)], indent=0, hang=2)
    ]
    for service, changes in by_service(differences(plan)).items():
        title = SHARED if service is None else visible(service)
        rows = _rows(screen, changes, verbose=verbose)
        blocks.append("\n".join([screen.paint(title, Style.BOLD), *rows]))
    blocks += _skipped(screen, plan, verbose=verbose)
    return "\n\n".join(blocks)


def _rows(screen: Screen, changes: list[Change], *, verbose: bool) -> Iterator[str]:
    for line in lines([reported(change) for change in changes], whole=verbose):
        sign = KINDS[line.action].ljust(_WIDEST)
        yield row(screen, line, sign, COLORS[line.action], hazards=False)
        blocked = next((c.blocked for c in line.changes if c.blocked is not None), None)
        if blocked is not None:
            reason = f"blocked: {visible(blocked.reason)}"
            yield screen.wrapped([Span(reason, Style.YELLOW)], indent=6, hang=6)


def _skipped(screen: Screen, plan: Plan, *, verbose: bool) -> Iterator[str]:
    """What is no drift, but worth a look."""
    skipped = list(tolerated(plan))
    if skipped:
        title = "Blocked, and skipped on this target"
        rows = _rows(screen, skipped, verbose=verbose)
        yield "\n".join([screen.paint(title, Style.BOLD), *rows])
    yield from ending(screen, plan, verbose=verbose)
