"""When backups run: a word, or the five fields of a crontab."""

from __future__ import annotations

import re

WORDS = ("hourly", "daily", "weekly", "monthly")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAYS = "sun mon tue wed thu fri sat".split()
# Lowest and highest number of each field, and the names that stand for numbers.
_FIELDS: tuple[tuple[int, int, list[str]], ...] = (
    (0, 59, []),
    (0, 23, []),
    (1, 31, []),
    (1, 12, _MONTHS),
    (0, 7, _DAYS),
)
_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/([1-9][0-9]?))?")


def is_schedule(text: str) -> bool:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return text in WORDS
    return all(
        _is_part(part, *limits)
        for field, limits in zip(fields, _FIELDS, strict=True)
        for part in field.split(",")
    )


def _is_part(part: str, low: int, high: int, names: list[str]) -> bool:
    match = _PART.fullmatch(part)
    if match is None:
        return False
    ends = [end for end in match.groups()[:2] if end is not None]
    numbers = [int(end) for end in ends if end.isascii() and end.isdigit() and len(end) < 3]
    if len(numbers) != len(ends):
        return all(end.lower() in names for end in ends)
    return numbers == sorted(numbers) and all(low <= number <= high for number in numbers)
