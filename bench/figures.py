"""What comes out of a run: figures, each beside its floor and its target."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.measure import Taken
from bench.traffic import Traffic


@dataclass(frozen=True)
class Target:
    """`times` the floor, or `seconds`; and at most `megabytes`."""

    times: float | None = None
    seconds: float | None = None
    megabytes: float | None = None

    def __str__(self) -> str:
        parts = [
            f"≤ {self.times:g} × floor" if self.times else "",
            f"< {self.seconds:g} s" if self.seconds else "",
            f"< {self.megabytes:g} MB" if self.megabytes else "",
        ]
        return ", ".join(part for part in parts if part)

    def met(self, taken: Taken, floor: Taken | None) -> bool:
        of_floor = True
        if self.times:
            of_floor = floor is not None and taken.wall <= self.times * floor.wall
        return (
            of_floor
            and (not self.seconds or taken.wall < self.seconds)
            and (not self.megabytes or taken.peak < self.megabytes * 1e6)
        )


@dataclass(frozen=True)
class Figure:
    """One line of a table."""

    size: str
    name: str
    taken: Taken
    floor: Taken | None = None  # of the same rounds
    target: Target | None = None
    traffic: Traffic | None = None
    subject: bool = False  # chirodb's, not a floor's or a peer's
    note: str = ""


@dataclass
class Section:
    """One table, and what has to be known to read it."""

    title: str
    text: str = ""
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    products: bool = False  # files are made, not queries

    def add(
        self,
        size: str,
        taken: dict[str, Taken],
        floor: str = "",
        targets: dict[str, Target] | None = None,
        traffic: dict[str, Traffic] | None = None,
    ) -> None:
        """The contenders of one series of rounds; those of chirodb have its name."""
        for name, one in taken.items():
            subject = name.startswith("chirodb")
            self.figures.append(
                Figure(
                    size,
                    name,
                    one,
                    taken.get(floor) if name != floor else None,
                    (targets or {}).get(name),
                    (traffic or {}).get(name),
                    subject,
                )
            )
