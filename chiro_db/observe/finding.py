"""What the doctor says of one thing that it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What was not looked at is never `ok`."""

    OK = "ok"
    FINDING = "finding"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Result:
    """One step of a check-up; a finding has evidence and what mends it."""

    subject: str  # `connection`, or a service
    step: str
    state: State
    what: str
    evidence: tuple[str, ...] = ()
    mend: str | None = None


def ok(subject: str, step: str, what: str) -> Result:
    return Result(subject, step, State.OK, what)


def found(subject: str, step: str, what: str, *evidence: str, mend: str | None = None) -> Result:
    return Result(subject, step, State.FINDING, what, evidence, mend)


def unchecked(subject: str, step: str, why: str) -> Result:
    return Result(subject, step, State.NOT_CHECKED, why)


@dataclass(frozen=True, slots=True)
class Checkup:
    """All results, in the order in which a connection meets them."""

    database: str
    host: str
    results: tuple[Result, ...]

    @property
    def findings(self) -> tuple[Result, ...]:
        return tuple(r for r in self.results if r.state is State.FINDING)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on something is a finding."""

    full: float = 0.9  # of a limit on connections
    idle_in_transaction: float = 60  # seconds
    blocked: float = 1
    leaked: int = 5  # sessions of one application, all idle ...
    leaked_after: float = 600  # ... for so many seconds
    large: int = 10_000  # rows
    scans: int = 50  # sequential ones of a large table
    dead: float = 0.2  # of the rows
    cached: float = 0.9  # of the blocks
    read: int = 100_000  # blocks, before the cache is judged
