"""References to secrets in the spec's text: `${env:NAME}` and `${file:PATH}`."""

from __future__ import annotations

import re
from collections.abc import Callable

_REFERENCE = re.compile(r"\$\{(env|file):([^{}]+)\}")


def is_secret(value: str) -> bool:
    """Whether the whole value is one reference, such as `${env:NAME}`."""
    return _REFERENCE.fullmatch(value) is not None


def references(value: str) -> list[tuple[str, str]]:
    """The (source, name) pairs of all references in the value."""
    return _REFERENCE.findall(value)


def with_references(value: str, read: Callable[[str, str], str]) -> str:
    """The value with each reference replaced by what `read(source, name)` gives."""
    return _REFERENCE.sub(lambda found: read(found[1], found[2]), value)


def is_malformed(value: str) -> bool:
    """Whether a `$` begins something else than a reference."""
    return any(not _REFERENCE.match(value, found.start()) for found in re.finditer(r"\$", value))
