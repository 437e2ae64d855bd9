"""What the stores hold: each backup once, with its copies and what was proven of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from chiro_db.backup.manifest import NAME, Manifest, loads
from chiro_db.backup.settings import Settings
from chiro_db.backup.store import Store
from chiro_db.errors import ChirodbError

VERIFIED = "verified.json"
DRILLED = "drilled.json"


@dataclass(frozen=True)
class Proof:
    """The last word on a backup in one store: of a full read, or of a restore."""

    at: datetime
    ok: bool
    problem: str | None = None
    seconds: float | None = None

    def dumps(self) -> bytes:
        content = {
            "at": self.at.isoformat(timespec="seconds"),
            "ok": self.ok,
            "problem": self.problem,
            "seconds": self.seconds,
        }
        return json.dumps(content).encode() + b"\n"


@dataclass(frozen=True)
class Copy:
    """A backup in one store."""

    store: Store
    manifest: Manifest | None
    problem: str | None = None
    verified: Proof | None = None
    drilled: Proof | None = None

    @property
    def good(self) -> bool:
        """Read back whole when it was made, and nothing worse was found since."""
        return self.manifest is not None and all(p.ok for p in (self.verified, self.drilled) if p)


class Elsewhere(NamedTuple):
    """What else than the service on the target a backup in the same store is of."""

    kind: Literal["database", "target", "replaced"]
    name: str = ""

    def __str__(self) -> str:
        return "what a restore replaced" if self.kind == "replaced" else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Backup:
    """One backup of a service, with its copies."""

    service: str
    id: str
    copies: tuple[Copy, ...]  # in the order of the stores
    elsewhere: Elsewhere | None = None

    @property
    def manifest(self) -> Manifest | None:
        return next((c.manifest for c in self.copies if c.manifest is not None), None)

    @property
    def good(self) -> bool:
        return any(copy.good for copy in self.copies)

    @property
    def started(self) -> datetime:
        """By its manifest, else by its name."""
        if self.manifest is not None:
            return self.manifest.started
        return datetime.strptime(self.id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    def last(self, proof: str) -> Proof | None:
        """The newest `verified` or `drilled` of all copies."""
        found = [p for copy in self.copies if (p := getattr(copy, proof)) is not None]
        return max(found, key=lambda p: p.at, default=None)


@dataclass(frozen=True)
class Inventory:
    """What was found; a store that cannot be read does not hide the others."""

    backups: tuple[Backup, ...]  # of a service the newest first
    problems: tuple[ChirodbError, ...] = ()

    def every(self, service: str) -> list[Backup]:
        """Those of other databases and targets, and of what was replaced, too."""
        return [backup for backup in self.backups if backup.service == service]

    def of(self, service: str) -> list[Backup]:
        """Those of the spec's database on the target."""
        return [backup for backup in self.every(service) if backup.elsewhere is None]


def take(chosen: Iterable[tuple[Settings, Sequence[Store]]]) -> Inventory:
    """Of the chosen services, in their stores."""
    given = list(chosen)
    listed: dict[str, set[tuple[str, str]]] = {}
    problems: list[ChirodbError] = []
    for store in {s.where: s for _, stores in given for s in stores}.values():
        try:
            listed[store.where] = set(store.ids())
        except ChirodbError as error:
            problems.append(error)
    backups: list[Backup] = []
    for settings, stores in given:
        found: dict[str, list[Copy]] = {}
        for store in stores:
            for service, backup in listed.get(store.where, ()):
                if service == settings.service:
                    try:
                        copy = _copy(store, service, backup)
                    except ChirodbError as error:
                        problems.append(error)
                        continue
                    found.setdefault(backup, []).append(copy)
        own = [
            Backup(settings.service, backup, tuple(c), _elsewhere(settings, c))
            for backup, c in found.items()
        ]
        backups += sorted(own, key=lambda backup: (backup.started, backup.id), reverse=True)
    return Inventory(tuple(backups), tuple(problems))


def _elsewhere(settings: Settings, copies: Sequence[Copy]) -> Elsewhere | None:
    """What cannot be read is taken for one of here, so that it is seen."""
    made = next((copy.manifest for copy in copies if copy.manifest is not None), None)
    if made is None:
        return None
    if made.database != settings.database:
        return Elsewhere("database", made.database)
    if made.target and settings.target and made.target != settings.target:
        return Elsewhere("target", made.target)
    return Elsewhere("replaced") if made.replaced else None


def _copy(store: Store, service: str, backup: str) -> Copy:
    content = store.read(service, backup, NAME)
    if content is None:
        return Copy(store, None, "its manifest went while it was read")
    proofs = {
        name: _proof(store.read(service, backup, file))
        for name, file in (("verified", VERIFIED), ("drilled", DRILLED))
    }
    try:
        return Copy(store, loads(content, service, backup), None, **proofs)
    except ChirodbError as error:
        return Copy(store, None, error.message, **proofs)


def _proof(content: bytes | None) -> Proof | None:
    if content is None:
        return None
    try:
        found: Mapping[str, Any] = json.loads(content)
        at = datetime.fromisoformat(found["at"])
        return Proof(at, bool(found["ok"]), found.get("problem"), found.get("seconds"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # as if it had not been tried
