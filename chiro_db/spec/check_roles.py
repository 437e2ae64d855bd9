"""Rules about roles: who is declared, who is absent, who is a member of whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import translate

from chiro_db.model.predefined import PREDEFINED_ROLES
from chiro_db.spec.nearest import Vocabulary
from chiro_db.spec.positions import Path
from chiro_db.spec.survey import Finding, Survey, memberships, texts

_DECLARE = "declare it under `roles`"
_PREDEFINED_TOO = ("to", "member_of")
_ABSENT_KEYS = ("state", "reassign_to")


def unknown_role(survey: Survey) -> Iterator[Finding]:
    near = Vocabulary([*survey.declared, *PREDEFINED_ROLES, "public"])
    for mention in survey.mentions:
        name, use = mention.name, mention.use
        if use == "database.owner" or name in survey.declared:
            continue
        if use in _PREDEFINED_TOO and name in PREDEFINED_ROLES:
            if (use, name) == ("member_of", "pg_database_owner"):
                hint = "the database's owner is its only one"
                yield Finding(mention.path, "`pg_database_owner` takes no members", hint)
        elif not (use == "to" and name == "public"):
            vocabulary = near if use in _PREDEFINED_TOO else survey.role_names
            yield Finding(mention.path, f"unknown role `{name}`", vocabulary.hint(name, _DECLARE))


def absent_role_in_use(survey: Survey) -> Iterator[Finding]:
    for mention in survey.mentions:
        if mention.name in survey.absent and mention.path[:2] != ("roles", mention.name):
            yield Finding(
                mention.path,
                f"`{mention.use}` names the role `{mention.name}`, which is to be absent",
                "it is `state: absent` in",
                also=("roles", mention.name),
            )


def absent_role_with_attributes(survey: Survey) -> Iterator[Finding]:
    for role in survey.absent:
        for key in survey.roles[role]:
            if key not in _ABSENT_KEYS:
                message = f"a role with `state: absent` takes `reassign_to` alone, not `{key}`"
                yield Finding(("roles", role, key), message)


def reassign_to_itself(survey: Survey) -> Iterator[Finding]:
    for role, body in survey.roles.items():
        if "reassign_to" not in body:
            continue
        path: Path = ("roles", role, "reassign_to")
        if role not in survey.absent:
            yield Finding(path, "`reassign_to` goes with `state: absent`")
        elif body["reassign_to"] == role:
            yield Finding(path, f"`{role}` cannot take over what it owns itself")


def circular_membership(survey: Survey) -> Iterator[Finding]:
    """A depth-first walk; an edge back into the path that is being walked closes a circle."""
    groups = _groups(survey)
    done: set[str] = set()
    for start in groups:
        walk = [(start, iter(groups[start]))] if start not in done else []
        path = [start] if walk else []
        on_path = set(path)
        while walk:
            member, rest = walk[-1]
            for group, place in rest:
                if group in on_path:
                    yield _circle(place, member, [*path[path.index(group) :], group])
                elif group in groups and group not in done:
                    walk.append((group, iter(groups[group])))
                    path.append(group)
                    on_path.add(group)
                    break
            else:
                walk.pop()
                done.add(path.pop())
                on_path.discard(member)


def _circle(place: Path, member: str, circle: list[str]) -> Finding:
    if len(circle) == 2:
        return Finding(place, f"`{member}` is a member of itself")
    chain = " → ".join(f"`{role}`" for role in circle)
    hint = "a migrator is a member of its owner" if place[0] == "services" else None
    return Finding(place, f"the memberships form a circle: {chain}", hint)


def _groups(survey: Survey) -> dict[str, list[tuple[str, Path]]]:
    """For each role the groups that it is in, and the place that says so."""
    groups: dict[str, list[tuple[str, Path]]] = {}
    for role, body in survey.roles.items():
        for path, group in memberships(body, ("roles", role)):
            groups.setdefault(role, []).append((group, path))
    for service, body in survey.services.items():
        owner, migrator = body.get("owner"), body.get("migrator")
        if isinstance(owner, str) and isinstance(migrator, str) and owner != migrator:
            groups.setdefault(migrator, []).append((owner, ("services", service, "migrator")))
    return groups


def ignored_role(survey: Survey) -> Iterator[Finding]:
    ignore = survey.values.get("ignore")
    globs = ignore.get("roles") if isinstance(ignore, dict) else None
    for path, glob in texts(globs, ("ignore", "roles")):
        matches = re.compile(translate(glob)).match
        name = next((name for name in survey.declared if matches(name)), None)
        if name is not None:
            message = f"`{glob}` ignores the role `{name}`, which the spec declares"
            yield Finding(path, message, "it stands in", also=survey.declared[name])
