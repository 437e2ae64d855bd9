"""A plan as a file: the same value before and after; secrets stay references."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from chiro_db.errors import RefusedError
from chiro_db.model.plan import Action, Blocked, Change, Hazard, Need, Plan, Statement, Step

FORMAT = 1


def dumps(plan: Plan) -> str:
    """The plan as JSON."""
    return json.dumps({"chirodb_plan": FORMAT, **_plain(plan)}, indent=1)


def loads(text: str) -> Plan:
    """RefusedError where the text is no plan of this format."""
    try:
        values = json.loads(text)
        if values.pop("chirodb_plan") != FORMAT:
            raise ValueError("another format")
        values["changes"] = tuple(_change(c) for c in values["changes"])
        values["extras"] = tuple(_change(c) for c in values["extras"])
        values["new_passwords"] = frozenset(values["new_passwords"])
        fields_: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        return Plan(**fields_)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise RefusedError(
            "the file is not a plan of this chirodb", hint="make one with `plan --out FILE`"
        ) from None


def _plain(value: Any) -> Any:
    """Dataclasses, sets and tuples as JSON has them."""
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.compare}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted((_plain(item) for item in value), key=str)
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _change(values: dict[str, Any]) -> Change:
    blocked = values["blocked"]
    return Change(
        **values
        | {
            "action": Action(values["action"]),
            "step": Step(values["step"]),
            "statements": tuple(Statement(**s) for s in values["statements"]),
            "hazards": frozenset(Hazard(h) for h in values["hazards"]),
            "source": tuple(values["source"]),
            "locks": tuple(values["locks"]),
            "needs": frozenset(Need(**n) for n in values["needs"]),
            "blocked": Blocked(**blocked) if blocked is not None else None,
        }
    )
