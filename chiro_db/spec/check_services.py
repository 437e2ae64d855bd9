"""Rules between services: schemas, roles and settings that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import translate
from typing import Any

from chiro_db.model.predefined import DATABASE_OWNER
from chiro_db.spec.positions import Path
from chiro_db.spec.survey import ROLE_KEYS, Finding, Survey, flag, mapping, texts

_LOGIN_KEYS = ("owner", "app", "migrator")
_HISTORY_SCHEMA = "chirodb"
_MANY_MEAN_ONE = "search_path"  # of a role of several services: theirs, one after the other


def schema_of_two(survey: Survey) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for service, body in survey.services.items():
        schema = body.get("schema")
        if isinstance(schema, str) and (other := first.setdefault(schema, service)) != service:
            yield Finding(
                ("services", service, "schema"),
                f"the schema `{schema}` belongs to the service `{other}` already",
                "it stands in",
                also=("services", other, "schema"),
            )


def schema_of_the_history(survey: Survey) -> Iterator[Finding]:
    if "history" in survey.values and not flag(survey.values["history"]):
        return
    for service, body in survey.services.items():
        if body.get("schema") == _HISTORY_SCHEMA:
            yield Finding(
                ("services", service, "schema"),
                f"chirodb keeps its history in the schema `{_HISTORY_SCHEMA}`",
                "name another, or do without it: `history: false`",
            )


def role_named_twice(survey: Survey) -> Iterator[Finding]:
    for service, body in survey.services.items():
        first: dict[str, str] = {}
        for key in ROLE_KEYS:
            name = body.get(key)
            if isinstance(name, str) and (other := first.setdefault(name, key)) != key:
                message = f"`{key}` and `{other}` of one service are the same role, `{name}`"
                yield Finding(("services", service, key), message, "name another, or leave it out")


def migrator_of_database_owner(survey: Survey) -> Iterator[Finding]:
    for service, body in survey.services.items():
        if body.get("owner") == DATABASE_OWNER and "migrator" in body:
            message = f"`{DATABASE_OWNER}` takes no members, so its service has no migrator"
            yield Finding(("services", service, "migrator"), message, "name it under `creators`")


def ignored_schema(survey: Survey) -> Iterator[Finding]:
    schemas = {
        body["schema"]: service
        for service, body in survey.services.items()
        if isinstance(body.get("schema"), str)
    }
    globs = mapping(survey.values.get("ignore")).get("schemas")
    for path, glob in texts(globs, ("ignore", "schemas")):
        matches = re.compile(translate(glob)).match
        schema = next((schema for schema in schemas if matches(schema)), None)
        if schema is not None:
            message = f"`{glob}` ignores the schema `{schema}`, which is a service's"
            owner: Path = ("services", schemas[schema], "schema")
            yield Finding(path, message, "it stands in", also=owner)


def contradicting_settings(survey: Survey) -> Iterator[Finding]:
    """A login role of two services has one value for each setting, unless its own line says."""
    first: dict[tuple[str, str], tuple[str, Any]] = {}
    for service, body in survey.services.items():
        for role in dict.fromkeys(body.get(key) for key in _LOGIN_KEYS if _is_name(body, key)):
            own = mapping(survey.roles.get(str(role), {}).get("settings"))
            for name, value in mapping(body.get("settings")).items():
                if name == _MANY_MEAN_ONE or name in own:
                    continue
                other, given = first.setdefault((str(role), name), (service, value))
                if given != value:
                    yield Finding(
                        ("services", service, "settings", name),
                        f"`{role}` would get two values of `{name}`: "
                        f"`{given}` by the service `{other}`, `{value}` here",
                        f"say which under `roles.{role}.settings`; the other is in",
                        also=("services", other, "settings", name),
                    )


def migrator_of_two_owners(survey: Survey) -> Iterator[Finding]:
    """Its sessions start as one of them, and what it makes is that one's."""
    first: dict[str, tuple[str, str]] = {}
    for service, body in survey.services.items():
        migrator, owner = body.get("migrator"), body.get("owner")
        if not (isinstance(migrator, str) and isinstance(owner, str)):
            continue
        if "role" in mapping(survey.roles.get(migrator, {}).get("settings")):
            continue
        other, given = first.setdefault(migrator, (service, owner))
        if given != owner:
            yield Finding(
                ("services", service, "migrator"),
                f"sessions of `{migrator}` start as `{owner}`, not as `{given}`, whom they have to"
                f" SET ROLE to for the service `{other}`",
                f"each service a migrator of its own, or `roles.{migrator}.settings.role`; see",
                also=("services", other, "migrator"),
                severity="warning",
            )


def setting_named_twice(survey: Survey) -> Iterator[Finding]:
    """PostgreSQL does not tell `TimeZone` from `timezone`."""
    places: list[tuple[Path, Any]] = [
        (("database", "settings"), mapping(survey.values.get("database")).get("settings"))
    ]
    for section, entries in (("services", survey.services), ("roles", survey.roles)):
        places += [((section, k, "settings"), body.get("settings")) for k, body in entries.items()]
    for path, settings in places:
        first: dict[str, str] = {}
        for name in mapping(settings):
            other = first.setdefault(name.lower(), name)
            if other != name:
                yield Finding(
                    (*path, name),
                    f"`{name}` is the parameter `{other}`, which has a value already",
                    "names of parameters are read without case; the other is in",
                    also=(*path, other),
                )


def _is_name(body: dict[str, Any], key: str) -> bool:
    return isinstance(body.get(key), str)
