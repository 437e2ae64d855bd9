"""How many scenarios a property test tries."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def as_asked(asked: int | None, bounded: int) -> settings:
    """New ones as many as `--properties` says, otherwise the same few in each run."""
    return settings(
        max_examples=asked or bounded,
        derandomize=not asked,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        print_blob=False,
    )
