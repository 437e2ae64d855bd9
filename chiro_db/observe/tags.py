"""Tags that applications write into their statements: https://google.github.io/sqlcommenter/spec/."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

_PAIR = r"[\w%.\-]+='(?:[^'\\]|\\.)*'"
_COMMENT = re.compile(rf"/\*\s*({_PAIR}(?:\s*,\s*{_PAIR})*)\s*\*/")
_PARTS = re.compile(r"([\w%.\-]+)='((?:[^'\\]|\\.)*)'")


def split(query: str) -> tuple[str, Mapping[str, str]]:
    """The statement without the comment, and what the comment says.

    >>> split("SELECT 1 /*route='%2Forders%2F%3Aid',db_driver='a\\\\'b'*/")
    ('SELECT 1', {'route': '/orders/:id', 'db_driver': "a'b"})
    """
    found = _COMMENT.search(query)
    if found is None:
        return query.strip(), {}
    tags = {
        unquote(key): unquote(re.sub(r"\\(.)", r"\1", value))
        for key, value in _PARTS.findall(found[1])
    }
    rest = query[: found.start()] + query[found.end() :]
    return rest.strip().removesuffix(";").strip(), tags
