"""A plan's changes as lines: by service, and one line for many that say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chiro_db.model.plan import Action, Change, Hazard
from chiro_db.report.words import tokens, visible

SHARED = "Cluster and database"  # what belongs to no service
ALIKE = 8  # so many alike each keep a line of their own
_NAMED = 8  # names that a shared line lists
_NAMED_HAZARDS = 100  # ... and where someone loses something
_LONG = 40  # words; a line of more is not compared with others

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What a reader sees of one change, or of many that say the same."""

    action: Action
    words: str
    changes: tuple[Change, ...]

    @property
    def hazards(self) -> list[str]:
        found: frozenset[Hazard] = frozenset().union(*(c.hazards for c in self.changes))
        return sorted(found)

    @property
    def where(self) -> str:
        """`[file:line]`, or the origin of what no line of the spec asks for."""
        places = list(dict.fromkeys(c.place for c in self.changes if c.place))
        if places:
            more = f" and {len(places) - 1} more" if len(places) > 1 else ""
            return f"[{visible(places[0])}{more}]"
        origins = dict.fromkeys(c.origin for c in self.changes if c.origin)
        return visible(f"({'; '.join(origins)})") if origins else ""


def by_service(changes: Iterable[Change]) -> dict[str | None, list[Change]]:
    """In plan order within each group; what belongs to no service comes first."""
    groups: dict[str | None, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.service, []).append(change)
    return dict(sorted(groups.items(), key=lambda item: (item[0] is not None, item[0] or "")))


def lines(changes: Sequence[Change], *, whole: bool = False) -> list[Line]:
    """`whole`: each change on a line of its own, with every name in it."""
    if whole:
        return [Line(c.action, visible(c.summary), (c,)) for c in changes]
    split = {id(c): tokens(visible(c.summary)) for c in changes}
    kinds = {id(c): _common(c, split[id(c)]) for c in changes}
    many = {kind for kind, number in Counter(kinds.values()).items() if number > ALIKE}
    keys = {
        id(c): _keys(kinds[id(c)], c, split[id(c)]) if kinds[id(c)] in many else [] for c in changes
    }
    counts = Counter(key for found in keys.values() for _, key in found)
    members: dict[_Key, list[Change]] = {}
    at: dict[_Key, int] = {}
    for change in changes:
        for position, key in keys[id(change)]:
            if counts[key] > ALIKE:
                members.setdefault(key, []).append(change)
                at[key] = position
    return list(_merged(changes, split, keys, counts, members, at))


def _merged(
    changes: Sequence[Change],
    split: dict[int, list[str]],
    keys: dict[int, list[tuple[int, _Key]]],
    counts: Counter[_Key],
    members: dict[_Key, list[Change]],
    at: dict[_Key, int],
) -> Iterable[Line]:
    done: set[int] = set()
    for change in changes:
        if id(change) in done:
            continue
        best = max((k for _, k in keys[id(change)]), key=counts.__getitem__, default=None)
        alike = [c for c in members.get(best, ()) if id(c) not in done] if best else []
        if best is None or len(alike) <= ALIKE:
            done.add(id(change))
            yield Line(change.action, _capped(change, split[id(change)]), (change,))
            continue
        done.update(map(id, alike))
        yield _shared(alike, [split[id(c)] for c in alike], at[best])


def _common(change: Change, words: list[str]) -> _Key:
    """What changes on one line are the same in, besides all words but one."""
    return (change.step, change.action, change.kind, change.hazards, change.origin, len(words))


def _keys(common: _Key, change: Change, words: list[str]) -> list[tuple[int, _Key]]:
    """What the change has in common with those that differ from it in one word alone."""
    if change.kind == "role" or len(words) > _LONG:
        return []  # each role is worth a line
    return [
        (i, (*common, i, tuple(words[:i]), tuple(words[i + 1 :])))
        for i, word in enumerate(words)
        if i > 0 and not word.isdigit()
    ]


def _shared(alike: list[Change], split: list[list[str]], position: int) -> Line:
    names = list(dict.fromkeys(words[position] for words in split))
    end = next((e for e in (":", ",") if all(n.endswith(e) for n in names)), "")
    names = [name.removesuffix(end) for name in names]
    limit = _NAMED_HAZARDS if alike[0].hazards else _NAMED
    listed = ", ".join(names[:limit])
    if len(names) > limit:
        listed += f" and {len(names) - limit} more"
    words = [*split[0][:position], listed + end, *split[0][position + 1 :]]
    return Line(alike[0].action, " ".join(words), tuple(alike))


def _capped(change: Change, words: list[str]) -> str:
    """A grant to very many names the first of them."""
    if change.kind != "grant" or change.hazards or "to" not in words:
        return " ".join(words)
    first = len(words) - words[::-1].index("to")
    end = len(words) - 3 if words[-3:] == ["with", "grant", "option"] else len(words)
    if end - first <= _NAMED + 2:
        return " ".join(words)
    kept = [*words[: first + _NAMED - 1], words[first + _NAMED - 1].removesuffix(",")]
    return " ".join([*kept, f"and {end - first - _NAMED} more", *words[end:]])
