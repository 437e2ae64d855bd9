"""Who can do what, on a terminal: the matrix, and the closer look."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chiro_db.access.listing import Line
from chiro_db.access.matrix import Cell, Level, Matrix, Row
from chiro_db.report import access_words as words
from chiro_db.report.words import cells, counted, visible

_STYLES = {
    Level.NONE: "dim",
    Level.OTHER: "cyan",
    Level.READ: "green",
    Level.WRITE: "yellow",
    Level.OWNER: "magenta",
    Level.SUPERUSER: "bold red",
}
_LETTERS = {
    Level.NONE: "",
    Level.OTHER: "x",
    Level.READ: "r",
    Level.WRITE: "w",
    Level.OWNER: "O",
    Level.SUPERUSER: "S",
}


def matrix_text(matrix: Matrix, *, color: bool, width: int) -> str:
    """In words where they fit, else in letters, else a list of what each role reaches."""
    hidden = sum(not row.cells for row in matrix.rows)
    rows = [row for row in matrix.rows if row.cells]
    if not rows:
        return "No role reaches anything in these services"
    roles = max(cells(_role(row)) for row in rows)
    longest = {
        service: max(
            *(cells(part) for part in _heading(service).split("\n")),
            *(cells(words.cell(row.cells[service])) for row in rows if service in row.cells),
        )
        for service in matrix.services
    }
    if roles + sum(longest.values()) + 3 * len(longest) <= width:
        table = _table(matrix, rows)
        notes = _notes(rows, letters=False)
    elif roles + 6 * len(longest) <= width:
        table = _lettered(matrix, rows)
        notes = [*_numbers(matrix), *_notes(rows, letters=True)]
    else:
        table = _listed(rows)
        notes = _notes(rows, letters=False)
    if hidden:
        notes.append(f"{counted(hidden, 'role')} of the spec with nothing here")
    return _drawn([table, *[Text(note, style="dim") for note in notes]], color, width)


def _heading(service: str) -> str:
    """A long name on several lines."""
    return visible(service).replace("-", "-\n") if len(service) > 9 else visible(service)


def _role(row: Row) -> str:
    mark = "" if row.declared else " *"
    return f"{words.name(row.role)}{mark}"


def _table(matrix: Matrix, rows: Sequence[Row]) -> Table:
    table = _frame()
    table.add_column("role", no_wrap=True)
    for service in matrix.services:
        table.add_column(_heading(service), no_wrap=True)
    for row in rows:
        found = [_cell(row.cells.get(service)) for service in matrix.services]
        table.add_row(Text(_role(row)), *found)
    return table


def _cell(cell: Cell | None) -> Text:
    if cell is None:
        return Text("-", style="dim")
    return Text(words.cell(cell), style=_STYLES[cell.level])


def _lettered(matrix: Matrix, rows: Sequence[Row]) -> Table:
    table = _frame()
    table.add_column("role", no_wrap=True)
    for i, _ in enumerate(matrix.services, 1):
        table.add_column(str(i), no_wrap=True)
    for row in rows:
        found = [_letter(row.cells.get(service)) for service in matrix.services]
        table.add_row(Text(_role(row)), *found)
    return table


def _letter(cell: Cell | None) -> Text:
    if cell is None:
        return Text("-", style="dim")
    text = _LETTERS[cell.level] + ("~" if cell.partial else "") + ("+" if cell.writes else "")
    text += "" if cell.usable else "!"
    if cell.becomes:
        text += f"({_LETTERS[cell.becomes_level]})"
    return Text(text, style=_STYLES[cell.level])


def _numbers(matrix: Matrix) -> list[str]:
    return [", ".join(f"{i} {visible(name)}" for i, name in enumerate(matrix.services, 1))]


def _listed(rows: Sequence[Row]) -> Table:
    """Where no table fits: the services of each role, by level."""
    table = _frame()
    table.add_column("role", no_wrap=True)
    table.add_column("reaches", overflow="fold")
    for row in rows:
        by_word: dict[str, list[str]] = {}
        for service, cell in row.cells.items():
            by_word.setdefault(words.cell(cell), []).append(visible(service))
        reached = "; ".join(f"{word}: {', '.join(found)}" for word, found in by_word.items())
        table.add_row(Text(_role(row)), Text(reached))
    return table


def _notes(rows: Iterable[Row], *, letters: bool) -> list[str]:
    """What the marks mean that stand in the matrix."""
    found = [cell for row in rows for cell in row.cells.values()]
    notes = []
    if letters:
        levels = {cell.level for cell in found} | {cell.becomes_level for cell in found}
        said = [f"{_LETTERS[level]} {level.word}" for level in sorted(levels, reverse=True)]
        notes.append(", ".join(text for text in said if not text.startswith(" ")))
        if any(cell.partial for cell in found):
            notes.append("~ not all tables")
        if any(cell.writes for cell in found):
            notes.append("+ writes some tables, too")
    elif any(cell.partial or cell.writes for cell in found):
        notes.append("n/m: n of the m tables")
    if any(not cell.usable and cell.level for cell in found):
        notes.append(f"! {words.NO_USAGE}: nothing in it is reached")
    if any(cell.becomes for cell in found):
        notes.append("(level): after SET ROLE")
    if any(row.role is None for row in rows):
        notes.append("what PUBLIC may, every role may")
    if any(not row.declared for row in rows):
        notes.append("* not in the spec")
    return notes


def listing_text(lines: Iterable[Line], *, color: bool, width: int, verbose: bool = False) -> str:
    """`verbose` names each object where there are several."""
    table = _frame()
    table.add_column("role", overflow="fold")
    table.add_column("on", overflow="fold", ratio=3)
    table.add_column("privileges", overflow="fold", ratio=2)
    table.add_column("why", overflow="fold", ratio=3)
    before: tuple[str, str] = ("", "")
    for line in lines:
        on = words.subject(line.share)
        if verbose and line.share.number > 1:
            on = ", ".join(visible(item) for item in line.share.objects())
        why = words.reasons(line.share)
        if not line.usable and line.share.type != "schema":
            why += f" ({words.NO_USAGE})"
        here = (words.name(line.role), line.schema)
        table.add_row(
            Text("" if here == before else here[0]),
            Text(on),
            Text(words.privileges(line.share)),
            Text(why),
        )
        before = here
    if not table.row_count:
        return "Nobody may do anything there"
    return _drawn([table], color, width)


def _frame() -> Table:
    return Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1), header_style="bold"
    )


def _drawn(parts: Iterable[Table | Text], color: bool, width: int) -> str:
    screen = io.StringIO()
    console = Console(
        file=screen,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    for part in parts:
        console.print(part)
    return "\n".join(row.rstrip() for row in screen.getvalue().splitlines())
