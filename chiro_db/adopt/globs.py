"""Lists of names as short as a person would write them: wildcards where they cover just these."""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from chiro_db.kinds.narrowing import Object

_ENOUGH = 3  # names that one wildcard has to stand for


def written(name: str) -> str:
    """One name, so that nothing in it is a wildcard."""
    return glob.escape(name)


def function(name: str, arguments: str | None) -> str:
    """A function as the spec names it; `name` may be a pattern."""
    if re.search(r'[("]|^\s|\s$', name):
        name = '"' + name.replace('"', '""') + '"'
    return name if arguments is None else f"{name}({arguments})"


def listed(objects: Collection[Object], everything: Iterable[Object]) -> list[str]:
    """The objects as names, signatures and wildcards, in order."""
    everything = list(everything)
    chosen = set(objects)
    covered: set[Object] = set()
    result: list[str] = []
    for pattern, found in _patterns(chosen, everything):
        new = found - covered
        if len(new) >= _ENOUGH:
            result.append(pattern)
            covered |= found
    overloads = Counter(name for name, _ in everything)
    left = chosen - covered
    whole = Counter(name for name, _ in left)
    for name, arguments in left:
        if arguments is None:
            result.append(written(name))
        else:
            alone = overloads[name] == whole[name]
            result.append(function(written(name), None if alone else arguments))
    return sorted(set(result))


def _patterns(
    chosen: Collection[Object], everything: Iterable[Object]
) -> Iterator[tuple[str, set[Object]]]:
    """Prefixes and suffixes that end at an underscore and match nothing else, the widest first."""
    there = Counter(part for name, _ in everything for part in _parts(name))
    found: dict[tuple[bool, str], set[Object]] = {}
    for item in chosen:
        for part in _parts(item[0]):
            found.setdefault(part, set()).add(item)
    fitting = [
        (part, items)
        for part, items in found.items()
        if len(items) == there[part] and len(items) >= _ENOUGH
    ]
    for (is_prefix, fragment), items in sorted(
        fitting, key=lambda entry: (-len(entry[1]), not entry[0][0], len(entry[0][1]), entry[0][1])
    ):
        pattern = written(fragment) + "*" if is_prefix else "*" + written(fragment)
        is_routine = next(iter(items))[1] is not None
        yield function(pattern, None) if is_routine else pattern, items


def _parts(name: str) -> Iterator[tuple[bool, str]]:
    for match in re.finditer("_", name):
        if 1 < match.end() < len(name):
            yield True, name[: match.end()]
        if 0 < match.start() < len(name) - 1:
            yield False, name[match.start() :]
