"""What a plan changes in access, in words, for every format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chiro_db.model.acl import Grantee
from chiro_db.model.privilege import PRIVILEGES
from chiro_db.model.turn import Turn, Turns
from chiro_db.report.words import counted, visible
from chiro_db.sql import quote_name

TITLE = "What it changes in access"
NOTHING = "nobody gains or loses anything"
_NAMED = 3  # objects that a line lists
_NOUNS = {"routine": "function"}


def name(role: Grantee) -> str:
    return "PUBLIC" if role is None else visible(quote_name(role))


def by_role(turns: Turns) -> dict[Grantee, tuple[list[str], list[Turn]]]:
    """Notes and turns; PUBLIC first."""
    found: dict[Grantee, tuple[list[str], list[Turn]]] = {}
    roles: list[Grantee] = [turn.role for turn in turns.turns]
    roles += [role for role, _ in turns.notes]
    for role in sorted(set(roles), key=lambda role: (role is not None, role or "")):
        found[role] = ([], [])
    for role, note in turns.notes:
        found[role][0].append(note)
    for turn in turns.turns:
        found[turn.role][1].append(turn)
    return found


def heading(role: Grantee, notes: Sequence[str]) -> str:
    return f"{name(role)} ({visible(', '.join(notes))})" if notes else name(role)


def rows(turns: Sequence[Turn]) -> Iterator[tuple[str, str]]:
    """Sign and words: one line for each schema."""
    places: dict[tuple[bool, str], list[Turn]] = {}
    for turn in turns:
        places.setdefault((turn.gained, turn.schema), []).append(turn)
    for (gained, schema), inside in places.items():
        said = ", ".join(_said(inside))
        where = visible(quote_name(schema)) if schema else "database"
        yield "+" if gained else "-", f"{where}: {said}"


def _said(turns: Sequence[Turn]) -> Iterator[str]:
    """What will be made, too, goes with what is there."""
    future = {(turn.type, turn.privileges) for turn in turns if turn.future}
    now = {(turn.type, turn.privileges) for turn in turns if not turn.future}
    for turn in turns:
        privileges = _privileges(turn)
        key = (turn.type, turn.privileges)
        noun = _NOUNS.get(turn.type, turn.type)
        if turn.type in ("schema", "database"):
            yield privileges
        elif not turn.future:
            also = f" and future {noun}s" if key in future else ""
            yield f"{privileges} on {_objects(turn, noun)}{also}"
        elif key not in now:
            yield f"{privileges} on future {noun}s"


def _privileges(turn: Turn) -> str:
    every = {p for p in PRIVILEGES[turn.type] if p != "MAINTAIN"}
    if turn.type == "table" and every <= set(turn.privileges):
        return "ALL"
    return " + ".join(turn.privileges) if len(turn.privileges) > 1 else turn.privileges[0]


def _objects(turn: Turn, noun: str) -> str:
    of = f" of {visible(quote_name(turn.relation))}" if turn.relation else ""
    if len(turn.objects) > _NAMED:
        return f"{counted(len(turn.objects), noun)}{of}"
    listed = " and ".join(visible(item) for item in turn.objects)
    return f"{noun}{'s' if len(turn.objects) > 1 else ''} {listed}{of}"


def as_json(turns: Turns) -> list[dict[str, Any]]:
    """`access[]` of a plan; docs/json.md."""
    return [
        {
            "role": "PUBLIC" if role is None else role,
            "notes": notes,
            "changes": [
                {
                    "gained": turn.gained,
                    "schema": turn.schema or None,
                    "type": turn.type,
                    "relation": turn.relation or None,
                    "privileges": list(turn.privileges),
                    "objects": list(turn.objects),
                    "future": turn.future,
                }
                for turn in found
            ],
        }
        for role, (notes, found) in by_role(turns).items()
    ]
