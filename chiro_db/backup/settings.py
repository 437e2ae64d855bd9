"""What the spec says about the backups of one service: the nearest line goes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chiro_db.backup.schedule import Wanted
from chiro_db.errors import ChirodbError
from chiro_db.model.spec import Backup, Keep, Spec


@dataclass(frozen=True, slots=True)
class Settings:
    """The backups of one service on one target."""

    service: str
    schema: str
    role: str  # who reads
    to: str
    copies: tuple[str, ...]
    recipients: tuple[str, ...]
    schedule: str | None
    keep: Keep | None
    database: str
    target: str  # empty where a URL was given
    governed: tuple[str, ...] = ()  # roles whose default privileges an apply brings back

    @property
    def stores(self) -> tuple[str, ...]:
        """Addresses, each once."""
        return tuple(dict.fromkeys((self.to, *self.copies)))


def settings(spec: Spec, target: str, service: str, to: str | None = None) -> Settings:
    """The target's own keys, then the service's, then the top level's; `to` before them all."""
    body = spec.services[service]
    sections = _sections(spec, target, service)
    store = to or _first(sections, "to")
    if store is None:
        raise ChirodbError(
            f"the spec does not say where backups of `{service}` go",
            hint="add `backup: {to: ./backups}`, or use --store",
        )
    copies = () if to else _first(sections, "copies") or ()
    return Settings(
        service=service,
        schema=body.schema_name,
        role=_first(sections, "role") or body.owner,
        to=store,
        copies=copies,
        recipients=_first(sections, "encrypt") or (),
        schedule=_first(sections, "schedule"),
        keep=_keep(sections),
        database=spec.database.name,
        target=target,
        governed=_governed(spec),
    )


def _governed(spec: Spec) -> tuple[str, ...]:
    """Nobody's where nothing is revoked: an additive spec makes no global rows."""
    if spec.enforce == "additive":
        return ()
    return tuple(
        sorted({role for body in spec.services.values() for role in (body.owner, *body.creators)})
    )


def wanted(spec: Spec, target: str, service: str) -> Wanted:
    """Its schedule, wherever the backups go."""
    sections = _sections(spec, target, service)
    return Wanted(service, _first(sections, "schedule"), _keep(sections) is not None)


def _sections(spec: Spec, target: str, service: str) -> list[Backup]:
    """The nearest first."""
    of_target = spec.targets[target].backup if target in spec.targets else None
    given = (of_target, spec.services[service].backup, spec.backup)
    return [section for section in given if section is not None]


def _first(sections: Sequence[Backup], key: str) -> Any:
    return next((v for s in sections if (v := getattr(s, key)) is not None), None)


def _keep(sections: Sequence[Backup]) -> Keep | None:
    """`retention: {days: 30}` is `keep: {within: 30d}`."""
    for section in sections:
        if section.keep is not None:
            return section.keep
        if section.retention is not None:
            return Keep(within=f"{section.retention.days}d")
    return None
