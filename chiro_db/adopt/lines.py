"""The grants of one schema as the lines that a person would write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chiro_db.adopt.holdings import WORDS, Held, Holdings
from chiro_db.adopt.narrowed import LEVELS, Line, narrowed, ordered
from chiro_db.model.acl import Grantee
from chiro_db.model.privilege import ON, PRIVILEGES, known

Needs = dict[str, frozenset[str]]  # privileges by the spec's word for what they are on
_COVERS = (None, "existing", "future")


class Lines:
    """What each grantee holds in a schema, line by line."""

    def __init__(self, holdings: Holdings, version: int, implied: frozenset[Held]) -> None:
        """`implied` is what they hold on the schema without a line."""
        self.holdings = holdings
        self.version = version
        self.implied = implied
        self.by_grantee: dict[Grantee, list[Line]] = {}
        single = {
            grantable: list(narrowed(holdings, grantable, version)) for grantable in (False, True)
        }
        for grantable in (False, True):
            naming = {grantee for grantee, _ in single[grantable]}
            for grantee in _grantees(holdings, grantable) | naming:
                lines = self.by_grantee.setdefault(grantee, [])
                lines += self._whole(grantee, grantable, is_narrowed=grantee in naming)
        for grantable in (False, True):
            for grantee, line in single[grantable]:
                if not self._uses(grantee):
                    line["usage"] = False
                if grantable:
                    line["grantable"] = True
                self.by_grantee[grantee].append(line)

    def _uses(self, grantee: Grantee) -> bool:
        return any(h.grantee == grantee and h.privilege == "USAGE" for h in self.holdings.above)

    def _whole(self, grantee: Grantee, grantable: bool, *, is_narrowed: bool) -> Iterator[Line]:
        """The lines about all objects of a kind; a narrowed line implies the USAGE by itself."""
        above = _of(self.holdings.above, grantee, grantable)
        unsaid = above - _of(self.implied, grantee, grantable)
        needs: dict[str | None, Needs] = {cover: {} for cover in _COVERS}
        fits: dict[str, frozenset[str]] = {"schema": above}
        for securable, part in self.holdings.parts.items():
            whole = _of(part.whole, grantee, grantable)
            future = _of(part.future, grantee, grantable)
            whole = whole if part.objects else future
            word = WORDS[securable]
            needs[None][word] = fits[word] = whole & future
            needs["existing"][word] = whole - future
            needs["future"][word] = future - whole
        needs[None]["schema"] = unsaid
        for cover in _COVERS:
            for line in self._covering(needs, cover, fits):
                if grantable:
                    line["grantable"] = True
                yield line
        for makers, mine in self._made_by(grantee, grantable):
            for words, privileges in self._combined(mine, {}):
                line = {"privileges": privileges, "on": list(words)}
                line |= {"cover": "future", "made_by": makers}
                yield line | ({"grantable": True} if grantable else {})
        left = needs[None]["schema"]
        if is_narrowed and not grantable:
            left -= {"USAGE"}
        if left:
            line = {"privileges": ordered("schema", left), "on": ["schema"]}
            yield line | ({"grantable": True} if grantable else {})

    def _made_by(self, grantee: Grantee, grantable: bool) -> Iterator[tuple[list[str], Needs]]:
        """What new objects of some makers have beyond everyone's; makers who give the same."""
        found: dict[str, Needs] = {}
        for securable, part in self.holdings.parts.items():
            for maker, held in part.made_by.items():
                if mine := _of(held, grantee, grantable):
                    found.setdefault(maker, {})[WORDS[securable]] = mine
        while found:
            needs = next(iter(found.values()))
            alike = [maker for maker, other in found.items() if other == needs]
            yield sorted(alike), needs
            for maker in alike:
                del found[maker]

    def _covering(
        self, needs: Mapping[str | None, Needs], cover: str | None, fits: Needs
    ) -> Iterator[Line]:
        """Levels where they fit, privileges for the rest; what a line gives leaves `needs`."""
        mine, schema = needs[cover], needs[None]
        extra = {"cover": cover} if cover is not None else {}
        for name, level in LEVELS:
            if cover == "future" or not self._fits(level, mine, cover, fits):
                continue
            for word in ON:
                given = frozenset(level.of(word))
                target = schema if word == "schema" else mine
                target[word] = target.get(word, frozenset()) - given
            yield {"level": name, **extra}
            break
        for words, privileges in self._combined(mine, schema):
            for word in words:
                (schema if word == "schema" else mine)[word] = frozenset()
            yield {"privileges": privileges, "on": list(words), **extra}

    def _fits(self, level: Any, mine: Needs, cover: str | None, fits: Needs) -> bool:
        """Whether the level gives nothing that is not there, and much of what is."""
        if not frozenset(level.schema_) <= fits["schema"] or not mine.get("tables"):
            return False
        for word in ON:
            given = frozenset(level.of(word))
            if word == "schema" or not given:
                continue
            empty = not self.holdings.parts[ON[word]].objects
            if cover == "existing" and empty and not fits[word] and not mine[word]:
                continue
            if not given <= mine[word]:
                return False
        return mine["tables"] == frozenset(level.tables)

    def _combined(self, mine: Needs, schema: Needs) -> list[tuple[tuple[str, ...], list[str]]]:
        """Words that one list of privileges serves together."""
        needs = {word: mine[word] for word in ON if word != "schema" and mine.get(word)}
        if not needs:
            return []
        if schema.get("schema"):
            needs = {"schema": schema["schema"], **needs}
        every = tuple(word for word, found in needs.items() if found == self._all(word))
        result: list[tuple[tuple[str, ...], list[str]]] = []
        if any(word != "schema" and len(needs[word]) > 1 for word in every):
            result.append((every, ["ALL"]))
            needs = {word: found for word, found in needs.items() if word not in every}
        if "schema" in needs and needs["schema"] != {"USAGE"}:  # CREATE is a line of its own
            del needs["schema"]
        groups: list[tuple[list[str], frozenset[str]]] = []
        for word, wanted in needs.items():
            for i, (words, privileges) in enumerate(groups):
                union = privileges | wanted
                if all(self._gives(union, w) == needs[w] for w in (*words, word)):
                    groups[i] = ([*words, word], union)
                    break
            else:
                groups.append(([word], wanted))
        result += [(tuple(w), _in_order(p)) for w, p in groups if w != ["schema"]]
        return result

    def _all(self, word: str) -> frozenset[str]:
        return frozenset(known(ON[word], self.version))

    def _gives(self, privileges: frozenset[str], word: str) -> frozenset[str]:
        return privileges & self._all(word)


def _grantees(holdings: Holdings, grantable: bool) -> set[Grantee]:
    found = set(holdings.above)
    for part in holdings.parts.values():
        found |= part.whole.union(part.future, *part.made_by.values())
    return {h.grantee for h in found if h.grantable == grantable}


def _of(found: Iterable[Held], grantee: Grantee, grantable: bool) -> frozenset[str]:
    return frozenset(
        h.privilege for h in found if h.grantee == grantee and h.grantable == grantable
    )


def _in_order(privileges: Iterable[str]) -> list[str]:
    """USAGE and EXECUTE after what tables have, as each kind's own list has it."""
    order = list(dict.fromkeys(p for on in ON.values() for p in PRIVILEGES[on]))
    return sorted(privileges, key=order.index)


def together(by_grantee: Mapping[Grantee, Iterable[Line]]) -> list[Line]:
    """The lines with `to`, those that are the same for several grantees in one."""
    grantees: dict[str, list[Grantee]] = {}
    lines: dict[str, Line] = {}
    for grantee, own in by_grantee.items():
        for line in own:
            key = repr(line) + ("!" if grantee is None else "")
            lines[key] = line
            grantees.setdefault(key, []).append(grantee)
    result = []
    for key, line in lines.items():
        to = sorted("public" if g is None else g for g in grantees[key])
        result.append({"to": to[0] if len(to) == 1 else to, **_unwrapped(line)})
    return sorted(result, key=lambda line: (_first(line["to"]), repr(line)))


def _unwrapped(line: Line) -> Line:
    """A list of one as the word itself."""
    return {
        k: v[0] if k in ("on", "made_by", *ON) and isinstance(v, list) and len(v) == 1 else v
        for k, v in line.items()
    }


def _first(to: str | list[str]) -> str:
    return to if isinstance(to, str) else to[0]
