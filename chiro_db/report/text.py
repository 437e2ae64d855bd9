"""A plan as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chiro_db.model.finding import Finding
from chiro_db.model.plan import Action, Blocked, Change, Plan
from chiro_db.model.turn import Turns
from chiro_db.report import summary, turns
from chiro_db.report.difference import reported, shown
from chiro_db.report.groups import SHARED, Line, by_service, lines
from chiro_db.report.style import Screen, Span, Style
from chiro_db.report.words import visible

SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-"}
_ROLES = 60  # whose access changes: more are counted
COLORS = {Action.CREATE: Style.GREEN, Action.UPDATE: Style.YELLOW, Action.DELETE: Style.RED}


def plan_text(plan: Plan, *, color: bool, width: int, verbose: bool = False) -> str:
    """`verbose` lists each change by itself, with its statements as they will run."""
    screen = Screen(width, color)
    blocks = [screen.wrapped([Span(summary.about(plan), Style.BOLD)], indent=0, hang=2)]
    for service, changes in by_service(plan.runnable).items():
        title = SHARED if service is None else visible(service)
        listed = lines([shown(change) for change in changes], whole=verbose)
        blocks.append(section(screen, title, listed, verbose=verbose))
    if plan.blocked:
        blocks.append("\n".join(_blocked(screen, plan, verbose=verbose)))
    if plan.access is not None:
        blocks.append("\n".join(_access(screen, plan.access, verbose=verbose)))
    blocks += ending(screen, plan, verbose=verbose)
    blocks.append("\n".join(_total(screen, plan)))
    return "\n\n".join(blocks)


def section(screen: Screen, title: str, listed: Sequence[Line], *, verbose: bool) -> str:
    """A heading and a line for each change."""
    rows = [screen.paint(title, Style.BOLD)]
    for line in listed:
        rows.append(row(screen, line, SIGNS[line.action], COLORS[line.action]))
        if verbose:
            rows += [
                f"      {screen.paint(visible(statement.shown) + ';', Style.DIM)}"
                for change in line.changes
                for statement in change.statements
            ]
    return "\n".join(rows)


def row(screen: Screen, line: Line, sign: str, style: Style, *, hazards: bool = True) -> str:
    """Sign, words, place or origin, hazards."""
    spans = [Span(sign, style, whole=True), Span(line.words), Span(line.where, Style.DIM)]
    if hazards:
        spans += [Span(f"! {hazard}", Style.RED, whole=True) for hazard in line.hazards]
    return screen.wrapped(spans, indent=2, hang=6)


def broken(screen: Screen, findings: Sequence[Finding]) -> Iterator[str]:
    """What the policies do not allow."""
    yield screen.paint("Policies", Style.BOLD)
    for found in findings:
        style = Style.RED if found.severity == "error" else Style.YELLOW
        why = f"({visible(found.evidence)})" if found.evidence else ""
        where = f"[{visible(found.place)}]" if found.place else ""
        spans = [
            Span(f"{found.severity}:", style, whole=True),
            *(Span(text) for text in (visible(found.message), why) if text),
            *([Span(where, Style.DIM)] if where else []),
        ]
        yield screen.wrapped(spans, indent=2, hang=6)


def ending(screen: Screen, plan: Plan, *, verbose: bool) -> Iterator[str]:
    """What is left alone, and the warnings."""
    if plan.breaches:
        yield "\n".join(broken(screen, plan.breaches))
    if plan.extras:
        title = "Not in the spec, left alone (enforce: additive)"
        extras = [reported(change) for change in plan.extras]
        rows = [
            row(screen, line, "*", Style.PLAIN, hazards=False)
            for line in lines(extras, whole=verbose)
        ]
        yield "\n".join([screen.paint(title, Style.BOLD), *rows])
    if plan.warnings:
        rows = [
            screen.wrapped([Span("!", Style.YELLOW), Span(visible(w))], indent=2, hang=6)
            for w in plan.warnings
        ]
        yield "\n".join([screen.paint("Warnings", Style.BOLD), *rows])


def _access(screen: Screen, access: Turns, *, verbose: bool) -> Iterator[str]:
    """By role who gains and loses what."""
    found = turns.by_role(access)
    yield screen.paint(turns.TITLE, Style.BOLD)
    if not found:
        yield f"  {turns.NOTHING}"
    shown = list(found.items())[: None if verbose else _ROLES]
    for role, (notes, changes) in shown:
        yield screen.wrapped([Span(turns.heading(role, notes))], indent=2, hang=6)
        for sign, words in turns.rows(changes):
            style = Style.GREEN if sign == "+" else Style.RED
            yield screen.wrapped([Span(sign, style, whole=True), Span(words)], indent=4, hang=8)
    if len(shown) < len(found):
        yield f"  and {len(found) - len(shown)} roles more; --verbose lists them all"


def _blocked(screen: Screen, plan: Plan, *, verbose: bool) -> Iterator[str]:
    """Changes that wait for the same statement stand together, above it."""
    title = "Blocked, and skipped on this target" if plan.skip_blocked else "Blocked"
    yield screen.paint(title, Style.BOLD)
    groups: dict[Blocked, list[Change]] = {}
    for change in plan.blocked:
        if change.blocked is not None:
            groups.setdefault(change.blocked, []).append(change)
    for blocked, changes in groups.items():
        for line in lines([shown(change) for change in changes], whole=verbose):
            yield row(screen, line, SIGNS[line.action], COLORS[line.action])
        reason = [Span(f"because {visible(blocked.reason)}; an administrator has to run:")]
        yield screen.wrapped(reason, indent=6, hang=6)
        yield f"        {visible(blocked.statement)}{'' if blocked.outside else ';'}"


def _total(screen: Screen, plan: Plan) -> Iterator[str]:
    yield screen.wrapped([Span(summary.total(plan), Style.BOLD)], indent=0, hang=2)
    hazards = summary.hazards(plan)
    if hazards:
        yield screen.wrapped([Span(f"Hazards: {hazards}", Style.RED)], indent=0, hang=2)
