"""Times, sizes and shares as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime

_TIMES = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms"))
_SIZES = ((1024**4, "TB"), (1024**3, "GB"), (1024**2, "MB"), (1024, "kB"))


def duration(milliseconds: float) -> str:
    """
    >>> duration(0.0042), duration(12.34), duration(90_000), duration(0)
    ('0.004 ms', '12.3 ms', '1.5 min', '0 ms')
    """
    for factor, unit in _TIMES:
        if milliseconds >= factor:
            return f"{_short(milliseconds / factor)} {unit}"
    return f"{_short(milliseconds)} ms"


def size(octets: float) -> str:
    """
    >>> size(512), size(8192), size(3.5 * 1024**3)
    ('512 B', '8 kB', '3.5 GB')
    """
    for factor, unit in _SIZES:
        if octets >= factor:
            return f"{_short(octets / factor)} {unit}"
    return f"{octets:.0f} B"


def share(part: float | None) -> str:
    """
    >>> share(0.4213), share(None), share(1)
    ('42.1%', '-', '100.0%')
    """
    return "-" if part is None else f"{100 * part:.1f}%"


def moment(epoch: float) -> str:
    """An instant in UTC, to the second."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(epoch: float) -> str:
    """An instant in UTC as ISO 8601 has it."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="seconds")


def _short(number: float) -> str:
    """Three digits that count."""
    if number >= 100 or number == int(number):
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 1 else f"{number:.3f}"
