"""What a grantor himself has to take back, since no REVOKE of the owner ends it.

Two who granted each other the option hold on to it, as does a member of the owner
(docs/decisions/0010). The statements run as the grantor, who has to be able to see the schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from chiro_db import sql
from chiro_db.kinds.acl_changes import Target, shown
from chiro_db.kinds.acl_groups import ordered
from chiro_db.kinds.scope import Scope
from chiro_db.model import acl
from chiro_db.model.acl import Grantee
from chiro_db.model.acl_delta import Delta
from chiro_db.model.effect import Effect, Granted, Revoked
from chiro_db.model.plan import Action, Change, Hazard, Need, Statement, Step
from chiro_db.model.privilege import Securable


@dataclass(frozen=True, slots=True)
class Retracted:
    """Privileges that a grantor takes back from one grantee alike."""

    grantor: str
    grantee: Grantee
    privileges: tuple[str, ...]
    option_only: bool
    lent: bool
    held: bool


class Said(Protocol):
    """The GRANT or REVOKE of the privileges on the target."""

    def __call__(self, template: str, grantee: Grantee, **options: bool) -> str: ...


def possible(scope: Scope) -> Callable[[str], bool]:
    """Not as a superuser, whose statements are taken for the owner's."""
    return lambda role: role not in scope.superusers


def retracted(delta: Delta, securable: Securable) -> list[Retracted]:
    groups: dict[Retracted, list[str]] = {}
    for grantor, grantee, privilege, option_only, lent, held in delta.retracted:
        alike = Retracted(grantor, grantee, (), option_only, lent, held)
        groups.setdefault(alike, []).append(privilege)
    return [
        replace(alike, privileges=ordered(securable, privileges))
        for alike, privileges in groups.items()
    ]


def change(
    scope: Scope, target: Target, item: Retracted, owner: str, said: Said, *, step: Step
) -> Change:
    words = ", ".join(item.privileges)
    what = f"grant option for {words}" if item.option_only else words
    return Change(
        kind="grant",
        address=f"grant.{target.address}.{item.grantee or 'PUBLIC'}.{'+'.join(item.privileges)}"
        f".by.{item.grantor}",
        name=target.shown,
        action=Action.DELETE,
        summary=f"revoke {what} on {target.shown} from {shown(item.grantee)}, as"
        f" {shown(item.grantor)}",
        step=step,
        statements=tuple(Statement(text) for text in _statements(scope, target, item, said)),
        before={
            "grantee": item.grantee or "PUBLIC",
            "privileges": list(item.privileges),
            "grant_option": item.option_only,
            "granted_by": item.grantor,
            "objects": list(target.objects),
        },
        locks=target.locks,
        hazards=frozenset({Hazard.REVOKES_ACCESS}),
        service=target.service,
        origin=f"not in the spec, granted by {sql.quote_name(item.grantor)}",
        needs=frozenset({Need("superuser")}),
        extra=True,
        effects=tuple(_effects(target, item, owner)),
    )


def _statements(scope: Scope, target: Target, item: Retracted, said: Said) -> list[str]:
    """As the grantor, and around it what he is lent for it."""
    become, back = f"SET ROLE {sql.Name(item.grantor)}", "RESET ROLE"
    revoke = said("revoke", item.grantee, option_only=item.option_only, cascade=True)
    texts = [become, revoke, back]
    if item.lent:
        lend = said("grant", item.grantor, grantable=True)
        texts = [lend, *texts, said("revoke", item.grantor, option_only=item.held, cascade=True)]
    if target.where is None or _keeps_usage(scope, target.where.schema, item.grantor):
        return texts
    schema = target.where.schema
    usage = {
        "privileges": sql.Keyword("USAGE"),
        "on": sql.Keyword("SCHEMA"),
        "target": sql.Name(schema),
        "grantees": sql.grantee(item.grantor),
    }
    texts.insert(0, sql.statement("grant/grant", grantable=False, **usage))
    if (item.grantor, "USAGE") not in scope.access[schema].above:
        texts.append(sql.statement("grant/revoke", option_only=False, cascade=False, **usage))
    return texts


def _keeps_usage(scope: Scope, schema: str, role: str) -> bool:
    """Whether he has USAGE by himself that no change of the plan is about."""
    if role == scope.owners[schema]:
        return True
    entries = (
        entry
        for fact in scope.facts("schema")
        if fact.name == schema
        for entry in acl.reowned(acl.parse(fact.acl), fact.owner, scope.owners[schema])
    )
    return scope.spared(role) and any(entry[:2] == (role, "USAGE") for entry in entries)


def _effects(target: Target, item: Retracted, owner: str) -> list[Effect]:
    on, by, words = target.where, item.grantor, item.privileges
    if on is None:
        return []
    taken: list[Effect] = [Revoked(on, owner, item.grantee, words, item.option_only, False, by)]
    if not item.lent:
        return taken
    lent, unlent = (
        Granted(on, owner, (by,), words, True),
        Revoked(on, owner, by, words, item.held, False),
    )
    return [lent, *taken, unlent]
