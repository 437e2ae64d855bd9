"""A plan as a comment on a pull request; it fits whatever the plan's size."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from chiro_db.errors import ChirodbError
from chiro_db.model.plan import Action, Change, Plan
from chiro_db.model.turn import Turns
from chiro_db.report import errors, summary, turns
from chiro_db.report.difference import reported, shown
from chiro_db.report.groups import SHARED, Line, by_service, lines
from chiro_db.report.words import counted, visible

LIMIT = 65_000  # characters; GitHub takes 65,536
_FOR_CHANGES = 0.65  # of the room; what they leave is the statements'
_FOR_ACCESS = 0.3  # ... before
_LONG_LINE = 600
_OPEN = 12  # a service with more lines is folded
_SMALLEST = 400  # room that is worth a section
_SIGNS = {Action.CREATE: "+", Action.UPDATE: "!", Action.DELETE: "-"}  # as a diff colours them


def plan_markdown(plan: Plan, *, limit: int = LIMIT) -> str:
    """Lists and SQL stand in code blocks, where no name can be markup."""
    parts = [_head(plan)]
    room = limit - len(parts[0]) - 250  # for what is said about the rest
    for title, rows in _asides(plan):
        text, _ = _section(title, "diff", rows, min(room // 4, 8_000), fold=False)
        parts.append(text)
        room -= len(text) + 2
    if plan.access is not None:
        text, left = _access(plan.access, int(room * _FOR_ACCESS))
        parts.append(text)
        room -= len(text) + 2
        if left:
            more = f"What {counted(left, 'role')} gain and lose is left out here"
            parts.append(f"{more}: `chirodb plan --access --verbose` lists it.")
            room -= len(parts[-1]) + 2
    sections, left = _services(plan, int(room * _FOR_CHANGES))
    parts += sections
    room -= sum(len(text) + 2 for text in sections)
    if left:
        parts.append(f"{counted(left, 'change')} left out here: `chirodb plan` lists them.")
    if plan.statements:
        statements = [(f"{visible(s.shown)};", 1) for s in plan.statements]
        title = counted(len(statements), "statement")
        text, left = _section(title, "sql", statements, room, fold=True)
        parts.append(text)
        if left:
            more = f"{counted(left, 'statement')} left out here"
            parts.append(f"{more}: `chirodb plan --format sql` lists them.")
    return "\n\n".join(parts) + "\n"


def error_markdown(error: ChirodbError, *, limit: int = LIMIT) -> str:
    """In place of the comment of an earlier plan, which would pass for this one."""
    rows = [(visible(line), 0) for line in errors.lines(error)]
    text, _ = _section("Nothing could be planned", "", rows, limit - 40, fold=False)
    return f"### chirodb plan\n\n{text}\n"


def _services(plan: Plan, room: int) -> tuple[list[str], int]:
    """A section for each service, of a fair share, and how many changes found no room."""
    sections: list[str] = []
    left = 0
    groups = by_service(plan.runnable)
    for i, (service, changes) in enumerate(groups.items()):
        share = max(room // (len(groups) - i), min(room, _SMALLEST))
        if share < _SMALLEST:
            left += len(changes)
            continue
        rows = [
            (_row(line), len(line.changes)) for line in lines([shown(change) for change in changes])
        ]
        fold = len(rows) > _OPEN
        name = SHARED if service is None else _html(service) if fold else _code(service)
        title = f"{name}: {counted(len(changes), 'change')}"
        text, without = _section(title, "diff", rows, share, fold=fold)
        sections.append(text)
        left += without
        room -= len(text) + 2
    return sections, left


def _access(access: Turns, room: int) -> tuple[str, int]:
    """Who gains and loses what, and of how many roles there was no room to say it."""
    rows: list[tuple[str, int]] = []
    for role, (notes, changes) in turns.by_role(access).items():
        rows.append((f"@@ {turns.heading(role, notes)} @@", 1))
        rows += [(f"{sign} {words}", 0) for sign, words in turns.rows(changes)]
    if not rows:
        return f"**{turns.TITLE}**: {turns.NOTHING}", 0
    return _section(turns.TITLE, "diff", rows, room, fold=len(rows) > 2 * _OPEN)


def _head(plan: Plan) -> str:
    """What it is about, what it comes to, and the hazards: never left out."""
    rows = [
        f"### chirodb plan: {_code(plan.database)}",
        _code(summary.about(plan)),
        f"**{summary.total(plan, _code(plan.database))}**",
    ]
    hazards = summary.hazards(plan)
    if hazards:
        rows.append(f"⚠️ Hazards: {hazards}")
    return "\n\n".join(rows)


def _asides(plan: Plan) -> Iterable[tuple[str, list[tuple[str, int]]]]:
    """What is blocked, the extras that are left alone, and the warnings."""
    if plan.blocked:
        rows = [row for change in plan.blocked for row in _blocked(change)]
        title = "Blocked, and skipped on this target" if plan.skip_blocked else "Blocked"
        yield f"{title}: {counted(len(plan.blocked), 'change')}", rows
    if plan.breaches:
        rows = [(f"! {visible(f'{b.severity}: {b.message}')}", 0) for b in plan.breaches]
        yield "Policies that it breaks", rows
    if plan.extras:
        listed = lines([reported(change) for change in plan.extras])
        yield (
            "Not in the spec, left alone (enforce: additive)",
            [(f"  {line.words} {line.where}".rstrip(), len(line.changes)) for line in listed],
        )
    if plan.warnings:
        yield "Warnings", [(f"! {visible(warning)}", 0) for warning in plan.warnings]


def _blocked(change: Change) -> list[tuple[str, int]]:
    if change.blocked is None:
        return []
    return [
        (f"{_SIGNS[change.action]} {visible(change.summary)}", 1),
        (f"  because {visible(change.blocked.reason)}; an administrator has to run:", 0),
        (f"  {visible(change.blocked.statement)}{'' if change.blocked.outside else ';'}", 0),
    ]


def _row(line: Line) -> str:
    hazards = "".join(f" ! {hazard}" for hazard in line.hazards)
    return f"{_SIGNS[line.action]} {line.words} {line.where}".rstrip() + hazards


def _section(
    title: str, language: str, rows: Sequence[tuple[str, int]], room: int, *, fold: bool
) -> tuple[str, int]:
    """As many rows as there is room for, and how many changes the others stand for."""
    short = [(_short(text), number) for text, number in rows]
    fence = "`" * max(3, 1 + max((_backticks(text) for text, _ in short), default=0))
    opening = f"<details><summary>{title}</summary>\n\n" if fold else f"**{title}**\n\n"
    opening += f"{fence}{language}\n"
    closing = f"{fence}\n\n</details>" if fold else fence
    used = len(opening) + len(closing) + 40
    kept: list[str] = []
    for text, _ in short:
        if used + len(text) + 1 > room:
            break
        used += len(text) + 1
        kept.append(text)
    left = short[len(kept) :]
    if left:
        kept.append(f"... {len(left)} more")
    return opening + "\n".join([*kept, ""]) + closing, sum(number for _, number in left)


def _short(text: str) -> str:
    return text if len(text) <= _LONG_LINE else f"{text[: _LONG_LINE - 4]} ..."


def _backticks(text: str) -> int:
    """The longest run of them."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _code(text: str) -> str:
    """A code span, in which no mark, mention or link means anything."""
    text = _short(visible(text))
    fence = "`" * (_backticks(text) + 1)
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _html(text: str) -> str:
    """The same in a <summary>."""
    return f"<code>{html.escape(_short(visible(text)))}</code>"
