"""Sizes and times as a person reads them."""

from __future__ import annotations

from datetime import timedelta


def size(count: int) -> str:
    """`317.4 MB`: powers of ten, as disks are sold."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.95 or unit == "TB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def age(since: timedelta) -> str:
    """`3d 4h`: the two largest units."""
    seconds = int(abs(since.total_seconds()))
    parts = []
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count}{unit}")
    text = " ".join(parts[:2]) or "0s"
    return f"in {text}" if since < timedelta(0) else text
