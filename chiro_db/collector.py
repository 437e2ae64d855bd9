"""Python's garbage collector, out of the way of those who build much and throw away little."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Without it the collector looks at every new object again and again: a third of a plan.

    What was made stays to the end of the command: it need not be looked at afterwards either.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.freeze()
            gc.enable()
