"""What each role may do with each object, as a list: for a closer look, and for auditors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chiro_db.access.effective import Held, Reason, all_of, holders, unlimited
from chiro_db.access.matrix import Share, shares
from chiro_db.access.pattern import Pattern
from chiro_db.access.world import DATABASE, Group, World
from chiro_db.model.acl import Grantee
from chiro_db.model.privilege import known


@dataclass(frozen=True, slots=True)
class Line:
    """Something that one role may do in one schema, or with the database."""

    role: Grantee
    schema: str
    share: Share
    usable: bool  # False: the role lacks USAGE on the schema


def chosen(
    world: World, schemas: Collection[str] | None, patterns: Sequence[Pattern]
) -> tuple[Group, ...]:
    """The groups of the schemas, and of them what any of the patterns names."""
    groups = tuple(
        group
        for group in world.groups
        if schemas is None or group.schema in schemas or (patterns and group.schema == DATABASE)
    )
    if not patterns:
        return groups
    found = (pattern.narrowed(group) for group in groups for pattern in patterns)
    return tuple(dict.fromkeys(group for group in found if group is not None))


def listing(
    world: World, groups: Sequence[Group], roles: Collection[Grantee] | None = None
) -> Iterator[Line]:
    """By schema and role; a superuser has one line for everything in a schema."""
    by_schema: dict[str, list[Group]] = {}
    for group in groups:
        by_schema.setdefault(group.schema, []).append(group)
    everyone = unlimited(world.roles)
    for schema, inside in by_schema.items():
        found = [(group, holders(world, group)) for group in inside]
        named: set[Grantee] = {role for _, held in found for role in held} | set(everyone)
        if roles is not None:
            named = set(roles)
        for role in sorted(named, key=lambda role: (role is not None, role or "")):
            usable = schema == DATABASE or world.usable(role, schema)
            for share in shares(_each(world, role, found)):
                yield Line(role, schema, share, usable)


def _each(
    world: World, role: Grantee, found: Sequence[tuple[Group, Mapping[Grantee, Held]]]
) -> Iterator[tuple[Group, Held]]:
    for group, held in found:
        if role in world.roles.superusers and role is not None:
            if group.objects:
                reason = (Reason("superuser", (role,), grantable=True),)
                yield group, dict.fromkeys(known(group.type, world.version), reason)
            continue
        yield group, all_of(world, role, group, held)
