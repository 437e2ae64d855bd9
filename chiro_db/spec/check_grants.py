"""Rules about levels and grants: what can be granted on what, and to whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chiro_db.model.predefined import DATABASE_OWNER
from chiro_db.model.privilege import ON, PRIVILEGES
from chiro_db.model.spec_grant import BUILT_IN_LEVELS, NARROWING, Grant, grant_contradiction
from chiro_db.spec.positions import Path
from chiro_db.spec.survey import (
    ROLE_KEYS,
    Finding,
    RawGrant,
    Survey,
    bodies,
    flag,
    mapping,
    texts,
)

_KEYS = frozenset(Grant.model_fields)
_ALIASES = {"TEMP": "TEMPORARY", "ALL PRIVILEGES": "ALL"}
_KNOWN = frozenset({"ALL", *(p for listed in PRIVILEGES.values() for p in listed)})
# What of a server can be covered: `on` and the narrowing keys, in the spec's words.
_VALID: Mapping[str, tuple[str, ...]] = {
    **{word: PRIVILEGES[securable] for word, securable in ON.items()},
    "columns": PRIVILEGES["column"],
    "database": PRIVILEGES["database"],
}


def contradicting_keys(survey: Survey) -> Iterator[Finding]:
    for grant in survey.grants:
        keys = {key for key, value in grant.body.items() if value is not None}
        if grant.service and keys <= _KEYS and (wrong := grant_contradiction(keys)):
            message, _, hint = wrong.partition("; ")
            yield Finding(grant.path, message, hint or None)


def maker_of_nothing(survey: Survey) -> Iterator[Finding]:
    """Default privileges of those alone who make objects in the schema."""
    for grant in survey.grants:
        if grant.service is None or "made_by" not in grant.body:
            continue
        path = (*grant.path, "made_by")
        if grant.body["made_by"] == []:
            yield Finding(path, "`made_by` names nobody", "leave it out: then it is all who make")
        if grant.body.get("cover") == "existing":
            message = "`made_by` is about what is made later, `cover: existing` about what is there"
            yield Finding(path, message, "write `cover: future`")
        body = survey.services[grant.service]
        makers = [name for key in ("owner", "creators") for _, name in texts(body.get(key), ())]
        for place, name in texts(grant.body["made_by"], path):
            if name not in makers or name == DATABASE_OWNER:
                message = f"`{name}` makes nothing here: it is neither owner nor creator"
                yield Finding(place, message, f"name it under `creators` of `{grant.service}`")


def unknown_level(survey: Survey) -> Iterator[Finding]:
    for grant in survey.grants:
        level = grant.body.get("level")
        if grant.service and isinstance(level, str) and level not in survey.level_names:
            names = ", ".join(f"`{name}`" for name in sorted(survey.level_names.names))
            hint = survey.level_names.hint(level, f"known are {names}")
            yield Finding((*grant.path, "level"), f"unknown level `{level}`", hint)


def built_in_level(survey: Survey) -> Iterator[Finding]:
    for name in mapping(survey.values.get("levels")):
        if name in BUILT_IN_LEVELS:
            message = f"the level `{name}` is built in and cannot be redefined"
            yield Finding(("levels", name), message, "give yours another name")


def level_privileges(survey: Survey) -> Iterator[Finding]:
    for name, body in bodies(survey.values.get("levels")).items():
        for part in ON:
            for path, given in _privileges(body.get(part), ("levels", name, part)):
                if given not in ("ALL", *_VALID[part]):
                    yield _invalid(path, given, (part,))
        if not any(body.get(part) for part in ON):
            yield Finding(("levels", name), f"the level `{name}` gives nothing")


def grant_privileges(survey: Survey) -> Iterator[Finding]:
    """Each privilege is valid for something that the grant covers, and each of these gets one."""
    for grant in survey.grants:
        if grant.service is None or "privileges" not in grant.body:
            continue
        covered = _covered(grant)
        given = list(_privileges(grant.body["privileges"], (*grant.path, "privileges")))
        wrong = 0
        for path, name in given:
            if covered and not any(name in ("ALL", *_VALID[word]) for word in covered):
                wrong += 1
                yield _invalid(path, name, covered)
        for word in covered if given and not wrong else ():
            if not any(name in ("ALL", *_VALID[word]) for _, name in given):
                key = word if word in grant.body else "on"
                valid = ", ".join((*_VALID[word], "ALL"))
                message = f"none of the privileges is valid for {word}"
                yield Finding((*grant.path, key), message, f"valid for {word}: {valid}")


def level_without_part(survey: Survey) -> Iterator[Finding]:
    """A narrowed grant takes of a level only the parts for what it names."""
    custom = bodies(survey.values.get("levels"))
    for grant in survey.grants:
        level = grant.body.get("level")
        if grant.service is None or not isinstance(level, str):
            continue
        narrowing = [key for key in NARROWING if key in grant.body]
        empty = [key for key in narrowing if _part(level, custom, key) == ()]
        for key in empty:
            gives = "gives nothing" if empty == narrowing else f"gives nothing on {key}"
            yield Finding(
                (*grant.path, key),
                f"the level `{level}` has no privileges for {key}; the grant {gives}",
                "write `privileges` in place of `level`",
                "error" if empty == narrowing else "warning",
            )


def database_privileges(survey: Survey) -> Iterator[Finding]:
    for grant in survey.grants:
        if grant.service is None:
            path = (*grant.path, "privileges")
            for place, name in _privileges(grant.body.get("privileges"), path):
                if name not in ("ALL", *_VALID["database"]):
                    yield _invalid(place, name, ("database",))


def grantable_to_public(survey: Survey) -> Iterator[Finding]:
    for grant in survey.grants:
        to = [name for _, name in texts(grant.body.get("to"), ())]
        if flag(grant.body.get("grantable")) and "public" in to:
            message = "`public` cannot have a grant option"
            yield Finding((*grant.path, "grantable"), message, "name the roles that may grant")


def cross_service_grant(survey: Survey) -> Iterator[Finding]:
    policy = mapping(survey.values.get("policies")).get("cross-service-grant")
    severity = mapping(policy).get("severity", "error")
    if policy is None or severity not in ("error", "warning"):
        return
    services: dict[str, str] = {}
    own: dict[str, set[Any]] = {}
    for name, body in survey.services.items():
        own[name] = {body.get(key) for key in ROLE_KEYS if isinstance(body.get(key), str)}
        services |= {role: name for role in own[name] if role not in services}
    for grant in survey.grants:
        missing = [key for key in ("reason", "until") if not grant.body.get(key)]
        if grant.service is None or not missing:
            continue
        for path, name in texts(grant.body.get("to"), (*grant.path, "to")):
            if name in services and name not in own[grant.service]:
                wanted = " and ".join(f"`{key}`" for key in missing)
                message = f"a grant to `{name}` of the service `{services[name]}` without {wanted}"
                hint = "the policy `cross-service-grant` wants both"
                yield Finding(path, message, hint, severity)


def _privileges(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """The known ones; pydantic reports the others."""
    for place, given in texts(value, path):
        name = _ALIASES.get(given.upper(), given.upper())
        if name in _KNOWN:
            yield place, name


def _covered(grant: RawGrant) -> tuple[str, ...]:
    named = tuple(key for key in NARROWING if key in grant.body)
    return named or tuple(word for _, word in texts(grant.body.get("on"), ()) if word in ON)


def _part(level: str, custom: dict[str, dict[str, Any]], key: str) -> tuple[str, ...] | None:
    """What a level gives for a narrowing key; None where that is not known."""
    part = "tables" if key == "columns" else key
    if (built_in := BUILT_IN_LEVELS.get(level)) is not None:
        given = built_in.of(part)
    elif level in custom:
        given = tuple(name for _, name in _privileges(custom[level].get(part), ()))
    else:
        return None
    return tuple(name for name in given if name in ("ALL", *_VALID[key]))


def _invalid(path: Path, name: str, covered: tuple[str, ...]) -> Finding:
    words = " or ".join(dict.fromkeys(covered))
    valid = "; ".join(f"{word}: {', '.join((*_VALID[word], 'ALL'))}" for word in covered)
    return Finding(path, f"`{name}` is not a privilege of {words}", f"valid for {valid}")
