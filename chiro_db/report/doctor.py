"""A check-up, for a terminal and for tools."""

from __future__ import annotations

from typing import Any

from chiro_db.observe.finding import Checkup, Result, State
from chiro_db.report.json import FORMAT_VERSION
from chiro_db.report.style import Screen, Span, Style
from chiro_db.report.words import counted, visible

_SIGNS = {State.OK: "ok", State.FINDING: "FINDING", State.NOT_CHECKED: "not checked"}
_STYLES = {State.OK: Style.GREEN, State.FINDING: Style.RED, State.NOT_CHECKED: Style.YELLOW}
_WIDEST = max(map(len, _SIGNS.values()))


def doctor_text(checkup: Checkup, *, color: bool, width: int) -> str:
    """Each step with its word; below a finding its evidence and what mends it."""
    screen = Screen(width, color)
    about = f"{visible(checkup.database)} at {visible(checkup.host)}"
    blocks = [screen.paint(about, Style.BOLD)]
    for subject in dict.fromkeys(result.subject for result in checkup.results):
        rows = [screen.paint(visible(subject), Style.BOLD)]
        for result in checkup.results:
            if result.subject == subject:
                rows += _rows(screen, result)
        blocks.append("\n".join(rows))
    blocks.append(screen.paint(total(checkup), Style.BOLD))
    return "\n\n".join(blocks)


def total(checkup: Checkup) -> str:
    """`2 findings, 12 ok, 1 not checked`."""
    states = [result.state for result in checkup.results]
    return (
        f"{counted(states.count(State.FINDING), 'finding')}, {states.count(State.OK)} ok,"
        f" {states.count(State.NOT_CHECKED)} not checked"
    )


def _rows(screen: Screen, result: Result) -> list[str]:
    sign = Span(_SIGNS[result.state].ljust(_WIDEST), _STYLES[result.state], whole=True)
    words = Span(f"{result.step}: {visible(result.what)}")
    rows = [screen.wrapped([sign, words], indent=2, hang=6)]
    for line in result.evidence:
        rows.append(screen.wrapped([Span(visible(line), Style.DIM)], indent=6, hang=8))
    if result.mend is not None:
        mend = [Span("mend:", Style.BOLD, whole=True), Span(visible(result.mend))]
        rows.append(screen.wrapped(mend, indent=6, hang=8))
    return rows


def doctor_json(checkup: Checkup) -> dict[str, Any]:
    """Every step, in order."""
    return {
        "format_version": FORMAT_VERSION,
        "database": checkup.database,
        "host": checkup.host,
        "findings": len(checkup.findings),
        "results": [
            {
                "subject": result.subject,
                "step": result.step,
                "state": result.state.value,
                "what": result.what,
                "evidence": list(result.evidence),
                "mend": result.mend,
            }
            for result in checkup.results
        ],
    }
