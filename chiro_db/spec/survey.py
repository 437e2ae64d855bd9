"""The spec's raw values, read leniently: what is ill-typed is skipped, pydantic reports it.

The rules look at these and not at the models, so that a mistake in one line hides no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from chiro_db.model.spec_grant import BUILT_IN_LEVELS
from chiro_db.spec.nearest import Vocabulary
from chiro_db.spec.positions import Path

ROLE_KEYS = ("owner", "app", "reader", "migrator")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has to say about the value at a path."""

    path: Path
    message: str
    hint: str | None = None
    severity: str = "error"
    also: Path | None = None  # a second place, for the end of the hint


@dataclass(frozen=True, slots=True)
class Mention:
    """One place that names a role; `use` is the key: `owner`, `to`, `member_of`, ..."""

    path: Path
    name: str
    use: str
    service: str | None = None


@dataclass(frozen=True, slots=True)
class RawGrant:
    path: Path
    body: Mapping[str, Any]
    service: str | None  # None: on the database


@dataclass(frozen=True)
class Survey:
    """The spec as it is written, and lookups that several rules share."""

    values: dict[str, Any]
    today: date

    @cached_property
    def services(self) -> dict[str, dict[str, Any]]:
        return bodies(self.values.get("services"))

    @cached_property
    def roles(self) -> dict[str, dict[str, Any]]:
        return bodies(self.values.get("roles"))

    @cached_property
    def absent(self) -> frozenset[str]:
        return frozenset(n for n, body in self.roles.items() if body.get("state") == "absent")

    @cached_property
    def declared(self) -> dict[str, Path]:
        """Every role that a section declares, with the first place that does."""
        found: dict[str, Path] = {name: ("roles", name) for name in self.roles}
        for mention in self.mentions:
            if mention.use in ROLE_KEYS and mention.service is not None:
                found.setdefault(mention.name, mention.path)
        return found

    @cached_property
    def role_names(self) -> Vocabulary:
        return Vocabulary(self.declared)

    @cached_property
    def level_names(self) -> Vocabulary:
        return Vocabulary([*BUILT_IN_LEVELS, *mapping(self.values.get("levels"))])

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        return tuple(_mentions(self))

    @cached_property
    def grants(self) -> tuple[RawGrant, ...]:
        database = mapping(self.values.get("database"))
        found = list(_grants(database, ("database", "grants"), None))
        for name, body in self.services.items():
            found += _grants(body, ("services", name, "grants"), name)
        return tuple(found)


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def bodies(value: Any) -> dict[str, dict[str, Any]]:
    """The entries of a section; `name:` with nothing behind it has an empty body."""
    entries = mapping(value).items()
    return {k: v or {} for k, v in entries if isinstance(v, dict) or v is None}


def texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """The words of a list, or the one word in its place."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        yield from (((*path, i), item) for i, item in enumerate(value) if isinstance(item, str))


def flag(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.lower() in ("yes", "on"))


def sections(survey: Survey, *more: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The whole spec and each service, both of which can have such a section."""
    yield (), survey.values
    for section in ("services", *more):
        for name, body in mapping(survey.values.get(section)).items():
            yield (section, name), mapping(body)


def backups(survey: Survey) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each `backup:` of the spec; a target can have one too."""
    for path, body in sections(survey, "targets"):
        if "backup" in body:
            yield (*path, "backup"), mapping(body["backup"])


def _grants(body: dict[str, Any], path: Path, service: str | None) -> Iterator[RawGrant]:
    grants = body.get("grants")
    for i, grant in enumerate(grants if isinstance(grants, list) else ()):
        if isinstance(grant, dict):
            yield RawGrant((*path, i), grant, service)


def _mentions(survey: Survey) -> Iterator[Mention]:
    owner = mapping(survey.values.get("database")).get("owner")
    for path, name in texts(owner, ("database", "owner")):
        yield Mention(path, name, "database.owner")
    for service, body in survey.services.items():
        here = ("services", service)
        for key in ROLE_KEYS:
            for path, name in texts(body.get(key), (*here, key)):
                yield Mention(path, name, key, service)
        for path, name in texts(body.get("creators"), (*here, "creators")):
            yield Mention(path, name, "creators", service)
    for role, body in survey.roles.items():
        here = ("roles", role)
        for path, name in memberships(body, here):
            yield Mention(path, name, "member_of")
        for path, name in texts(body.get("reassign_to"), (*here, "reassign_to")):
            yield Mention(path, name, "reassign_to")
    for backup, body in backups(survey):
        for path, name in texts(body.get("role"), (*backup, "role")):
            yield Mention(path, name, "backup.role")
    for grant in survey.grants:
        for path, name in texts(grant.body.get("to"), (*grant.path, "to")):
            yield Mention(path, name, "to", grant.service)


def memberships(body: Mapping[str, Any], here: Path) -> Iterator[tuple[Path, str]]:
    """The groups of a role, written as words or as mappings."""
    listed = body.get("member_of")
    yield from texts(listed, (*here, "member_of"))
    for i, item in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(name := mapping(item).get("role"), str):
            yield (*here, "member_of", i, "role"), name
