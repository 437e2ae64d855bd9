"""The ACL of the database and those of the schemas, which stand above all that is in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from chiro_db import sql
from chiro_db.kinds import grantor, membership
from chiro_db.kinds.acl_changes import (
    Target,
    grant_change,
    merge_change,
    privilege_list,
    revoke_change,
    revokes,
)
from chiro_db.kinds.acl_groups import given, reported, taken
from chiro_db.kinds.scope import Scope
from chiro_db.model import acl, acl_delta
from chiro_db.model.acl import Entry, Grantee, Wanted
from chiro_db.model.acl_delta import Delta
from chiro_db.model.plan import Change, Step
from chiro_db.model.privilege import known


def above(
    scope: Scope,
    target: Target,
    *,
    entries: frozenset[Entry],
    old_owner: str,
    owner: str,
    wanted: Wanted,
    tolerated: Collection[tuple[Grantee, str]] = (),
) -> Iterator[Change]:
    """The changes of the ACL of the database or of one schema."""
    if owner != old_owner:
        target = replace(target, old_owner=old_owner)
        entries = acl.reowned(entries, old_owner, owner)
    owned = known(target.securable, scope.server.version)

    def spared(grantee: Grantee, privilege: str) -> bool:
        if (grantee, privilege) in tolerated or scope.spared(grantee):
            return True
        return target.service is None and not scope.has_role(grantee) and bool(scope.only)

    if not acl_delta.differs(entries, owner, owned, wanted, spared):
        return
    delta = acl_delta.settle(
        entries,
        owner,
        owned,
        wanted,
        spared,
        additive=scope.additive,
        acts_as=membership.acts_as(scope),
    )
    target = replace(target, contested=grantor.contested(entries, owner, delta))
    yield from _changes_of(scope, target, delta, owner)


def _changes_of(scope: Scope, target: Target, delta: Delta, owner: str) -> Iterable[Change]:
    version = scope.server.version
    on = sql.Keyword(target.securable.upper())
    items = taken(delta, target.securable)
    if scope.additive:
        items = reported(delta, target.securable)
    target = replace(target, merged=bool(delta.merged))
    for other in delta.merged:
        texts = [
            sql.statement(f"{target.securable}/owner", name=target.on, owner=sql.Name(role))
            for role in (other, owner)
        ]
        yield merge_change(target, other, owner=owner, step=Step.MERGE_ABOVE, statements=texts)
    for item in items:
        texts = revokes(target, item, version)
        yield revoke_change(target, item, owner=owner, step=Step.REVOKE_ABOVE, statements=texts)
    for new in given(delta, target.securable):
        text = sql.statement(
            "grant/grant",
            privileges=privilege_list(target.securable, new.privileges, version),
            on=on,
            target=target.on,
            grantees=sql.Listed(sql.grantee(g) for g in new.grantees),
            grantable=new.grantable,
        )
        yield grant_change(target, new, owner=owner, step=Step.GRANT_ABOVE, statement=text)
