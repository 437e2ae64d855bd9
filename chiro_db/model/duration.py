"""Spans of time as the spec and the options write them: 36h, 7d, 1y6m."""

from __future__ import annotations

import re
from datetime import timedelta

from chiro_db.errors import ChirodbError

# A month has 30 days and a year 365, as good as any for how long to keep something.
_UNITS = {"y": 365 * 86400, "m": 30 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "min": 60}
_PART = re.compile(r"([0-9]{1,6}) ?(min|[ymwdh])")


def is_duration(text: str) -> bool:
    return re.fullmatch(rf"({_PART.pattern} ?)+", text.strip()) is not None


def duration(text: str) -> timedelta:
    """ChirodbError where it is none."""
    if not is_duration(text):
        raise ChirodbError(
            f"`{text}` is not a span of time",
            hint="write 15min, 36h, 7d, 4w, 6m (months), 1y, or several together: 1y6m",
        )
    parts = _PART.findall(text)
    return timedelta(seconds=sum(int(count) * _UNITS[unit] for count, unit in parts))
