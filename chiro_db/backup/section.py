"""What pg_restore writes, made fit for a server that may be older, and for sending without psql."""

from __future__ import annotations

import re
from collections.abc import Collection

_SETTING = re.compile(r"SET (\w+) = ")
_ENTRY = re.compile(r"^--\n-- (?:Data for )?Name: ", re.M)
_NAMED = re.compile(r"^-- (?:Data for )?Name: (.*); Type: (.*); Schema: ", re.M)
_OURS = frozenset({"lock_timeout"})  # set for the whole transaction


def fit(text: str, known: Collection[str]) -> str:
    """Without psql's commands around it, and without settings that the server does not know."""
    first = _ENTRY.search(text)
    top, rest = (text[: first.start()], text[first.start() :]) if first else (text, "")
    kept = [line for line in top.splitlines() if _is_for_server(line, known)]
    body, mark, _ = rest.rpartition("\n\\unrestrict ")
    return "\n".join(kept) + "\n" + (body if mark else rest)


def _is_for_server(line: str, known: Collection[str]) -> bool:
    if line.startswith("\\"):
        return False
    setting = _SETTING.match(line)
    return setting is None or (setting[1] in known and setting[1] not in _OURS)


def entry(text: str, position: int) -> str | None:
    """The entry of the archive that a place in the text belongs to."""
    found = None
    for named in _NAMED.finditer(text, 0, position):
        found = f"{named[2]} {named[1]}"
    return found
