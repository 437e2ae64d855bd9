"""A change seen from the other side: not what to do, but what is missing, extra or different."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chiro_db.model.plan import Action, Change, Plan, Step
from chiro_db.sql import quote_name

KINDS = {Action.CREATE: "missing", Action.UPDATE: "differs", Action.DELETE: "extra"}
_MEMBER = re.compile(r"make (.*) a member of (.*)", re.S)
_VERB = re.compile(r"(create|grant|make|set|revoke|drop) ")
_HOLDER = re.compile(
    r"(.*) from (PUBLIC|[^\s\"]+|\"(?:[^\"]|\"\")*\")( and what it granted .*)?", re.S
)
_COMMENT = 60  # characters of one that say which it is
_MEANS = frozenset(("PREPARE", "REACH"))  # what the administrator needs to make the others


def differences(plan: Plan) -> tuple[Change, ...]:
    """What counts as drift: without the means, and without blocked changes that are skipped."""
    return tuple(c for c in _found(plan) if c.blocked is None or not plan.skip_blocked)


def tolerated(plan: Plan) -> tuple[Change, ...]:
    """Blocked changes where the target skips them: warnings."""
    return tuple(c for c in _found(plan) if c.blocked is not None and plan.skip_blocked)


def _found(plan: Plan) -> tuple[Change, ...]:
    return tuple(c for c in plan.changes if Step(c.step).name not in _MEANS)


def shown(change: Change) -> Change:
    """The same with before and after of a comment, and with who granted what is extra."""
    summary = change.summary
    if "comment" in (change.after or ()) and summary.startswith("comment of "):
        before, after = ((side or {}).get("comment") for side in (change.before, change.after))
        summary += f": {_quoted(before)} -> {_quoted(after)}"
    origin = _origin(change)
    if (summary, origin) == (change.summary, change.origin):
        return change
    return replace(change, summary=summary, origin=origin)


def reported(change: Change) -> Change:
    """The same with the words for a difference, and with who granted what is extra."""
    return replace(change, summary=worded(change), origin=_origin(change))


def sentence(change: Change) -> str:
    """A difference by itself: `extra: SELECT on table s.t held by x (not in the spec, ...)`."""
    origin = _origin(change)
    why = f" ({origin})" if origin else ""
    blocked = f"; blocked: {change.blocked.reason}" if change.blocked is not None else ""
    return f"{KINDS[change.action]}: {worded(change)}{why}{blocked}"


def worded(change: Change) -> str:
    """`SELECT on table s.t held by x`, `statement_timeout of role x: is 5s, declared 30s`."""
    summary = change.summary
    if summary.startswith("role ") and change.kind == "role" and change.after:
        return f"role {quote_name(change.name)}: {_attributes(change.before or {}, change.after)}"
    member = _MEMBER.fullmatch(summary)
    if member:
        return f"membership of {member[1]} in {member[2]}"
    if change.action is Action.DELETE and (held := _HOLDER.fullmatch(summary)):
        summary = f"{held[1]} held by {held[2]}{held[3] or ''}"
    return (
        _VERB.sub("", _declared(change, summary), count=1)
        if _VERB.match(summary)
        else (_declared(change, summary))
    )


def _declared(change: Change, summary: str) -> str:
    """`a -> b` is how it changes; a difference is that it is a, and b is declared."""
    before, after = change.before or {}, change.after or {}
    if "comment" in after and summary.startswith("comment of "):
        said = f"is {_quoted(before.get('comment'))}, declared {_quoted(after['comment'])}"
        return f"{summary}: {said}"
    for key, value in after.items():
        arrow = f"{before.get(key)} -> {value}"
        if key in before and summary.endswith(arrow):
            return f"{summary.removesuffix(arrow)}is {before[key]}, declared {value}"
    return summary


def _attributes(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    said = [
        f"{name} is {_word(before[name])}, declared {_word(value)}"
        for name, value in after.items()
        if name in before
    ]
    if "password" in after:
        said.append("password is another than the declared one")
    return "; ".join(said)


def _quoted(comment: str | None) -> str:
    if not comment:
        return "none"
    short = comment if len(comment) <= _COMMENT else f"{comment[:_COMMENT]}…"
    return f'"{short}"'


def _word(value: Any) -> str:
    return {True: "on", False: "off", None: "none"}.get(value, str(value))


def _origin(change: Change) -> str | None:
    """Who granted it, also where it was the owner."""
    if change.origin is None or "granted by" in change.origin or change.before is None:
        return change.origin
    grantors = sorted({extra["granted_by"] for extra in change.before.get("extras", ())})
    if not grantors:
        return change.origin
    return f"{change.origin}, granted by {', '.join(quote_name(g) for g in grantors)}"
