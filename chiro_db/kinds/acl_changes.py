"""From the difference of an ACL to GRANT and REVOKE, for anything that has an ACL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from chiro_db import sql
from chiro_db.kinds.acl_groups import Given, Taken
from chiro_db.model.acl import Entry, Grantee, Source
from chiro_db.model.effect import Effect, Granted, On, Owned, Revoked
from chiro_db.model.plan import Action, Change, Hazard, Need, Statement, Step
from chiro_db.model.privilege import Securable, known


@dataclass(frozen=True, slots=True)
class Target:
    """What an ACL is on: for the statement, the address and the reader."""

    securable: Securable
    on: sql.Value
    address: str
    shown: str
    source: Source = ()
    service: str | None = None
    old_owner: str | None = None  # whose it is until its owner is changed by the same plan
    objects: tuple[str, ...] = ()  # all that it is, where `shown` only counts them
    merged: bool = False  # handed to a grantor and back, who would need CREATE above it
    where: On | None = None  # the same as a value
    contested: bool = False  # others may grant it: it takes the owner himself (kinds/grantor.py)

    @property
    def locks(self) -> tuple[str, ...]:
        return (str(self.on),) if self.securable == "column" else self.objects

    def needs(self, owner: str) -> frozenset[Need]:
        """Without the change of owner the new one cannot grant anything."""
        acting = {Need("use", role) for role in (owner, self.old_owner) if role is not None}
        acting |= {Need("as", owner)} if self.contested else set()
        return frozenset(acting | ({Need("superuser")} if self.merged else set()))


def shown(role: Grantee) -> str:
    return "PUBLIC" if role is None else sql.quote_name(role)


def privilege_list(securable: Securable, privileges: Sequence[str], version: int) -> sql.Value:
    """The privileges as words; all that there are is ALL."""
    if tuple(privileges) == known(securable, version) and len(privileges) > 1:
        return sql.Keyword("ALL PRIVILEGES")
    return sql.Listed(sql.Keyword(p) for p in privileges)


def origin(causes: Collection[Entry], owner: str) -> str:
    """Why something is taken away, for a person: what the spec does not have, and who gave it."""
    if not causes:
        return "not in the spec"
    grantors = sorted({entry.grantor for entry in causes})
    by = ", ".join(sql.quote_name(g) for g in grantors)
    return "not in the spec" + ("" if grantors == [owner] else f", granted by {by}")


def revokes(target: Target, item: Taken, version: int) -> list[str]:
    """The REVOKE, and before it the GRANT that gives its cascade something to start from."""
    on = sql.Keyword(target.securable.upper())
    words = privilege_list(target.securable, item.privileges, version)
    grantee = sql.grantee(item.grantee)
    lend = sql.statement(
        "grant/grant",
        privileges=words,
        on=on,
        target=target.on,
        grantees=grantee,
        grantable=True,
    )
    revoke = sql.statement(
        "grant/revoke",
        option_only=item.option_only,
        cascade=item.cascade,
        privileges=words,
        on=on,
        target=target.on,
        grantees=grantee,
    )
    return [lend, revoke] if item.lent else [revoke]


def merge_change(
    target: Target, grantor: str, *, owner: str, step: Step, statements: Sequence[str]
) -> Change:
    """What only a change of owner can take: what `grantor` gave becomes the owner's own."""
    return Change(
        kind="grant",
        address=f"grant.{target.address}.by.{grantor}",
        name=target.shown,
        action=Action.UPDATE,
        summary=f"make what {shown(grantor)} granted on {target.shown} the owner's, to revoke it",
        step=step,
        statements=tuple(Statement(text) for text in statements),
        before={"granted_by": grantor, "objects": list(target.objects)},
        after={"granted_by": owner},
        locks=target.locks,
        hazards=frozenset({Hazard.REVOKES_ACCESS})
        | ({Hazard.TAKES_LOCK} if target.securable in ("table", "sequence") else set()),
        service=target.service,
        origin=f"not in the spec, granted by {sql.quote_name(grantor)}",
        needs=target.needs(owner),
        extra=True,
        effects=_effects(target, lambda on: Owned(on, grantor), lambda on: Owned(on, owner)),
    )


def revoke_change(
    target: Target, item: Taken, *, owner: str, step: Step, statements: Sequence[str]
) -> Change:
    words = ", ".join(item.privileges)
    what = f"grant option for {words}" if item.option_only else words
    summary = f"revoke {what} on {target.shown} from {shown(item.grantee)}"
    others = sorted({e.grantee or "PUBLIC" for e in item.causes if e.grantee != item.grantee})
    if others:
        summary += f" and what it granted to {', '.join(others)}"
    return Change(
        kind="grant",
        address=f"grant.{target.address}.{item.grantee or 'PUBLIC'}.{'+'.join(item.privileges)}",
        name=target.shown,
        action=Action.DELETE,
        summary=summary,
        step=step,
        statements=tuple(Statement(text) for text in statements),
        before={
            "grantee": item.grantee or "PUBLIC",
            "privileges": list(item.privileges),
            "grant_option": item.option_only,
            "objects": list(target.objects),
            "extras": [
                {
                    "grantee": e.grantee or "PUBLIC",
                    "privilege": e.privilege,
                    "granted_by": e.grantor,
                }
                for e in item.causes
            ],
        },
        locks=target.locks,
        hazards=frozenset({Hazard.REVOKES_ACCESS}),
        service=target.service,
        origin=origin(item.causes, owner),
        needs=target.needs(owner),
        extra=True,
        effects=_effects(
            target,
            lambda on: Revoked(
                on, owner, item.grantee, item.privileges, item.option_only, item.lent
            ),
        ),
    )


def grant_change(target: Target, item: Given, *, owner: str, step: Step, statement: str) -> Change:
    words = ", ".join(item.privileges)
    grantees = ", ".join(shown(g) for g in item.grantees)
    names = "+".join(g or "PUBLIC" for g in item.grantees)
    return Change(
        kind="grant",
        address=f"grant.{target.address}.{names}.{'+'.join(item.privileges)}",
        name=target.shown,
        action=Action.CREATE,
        summary=f"grant {words} on {target.shown} to {grantees}"
        + (" with grant option" if item.grantable else ""),
        step=step,
        statements=(Statement(statement),),
        after={
            "grantees": [g or "PUBLIC" for g in item.grantees],
            "privileges": list(item.privileges),
            "grant_option": item.grantable,
            "objects": list(target.objects),
        },
        locks=target.locks,
        service=target.service,
        source=item.source or target.source,
        needs=target.needs(owner),
        effects=_effects(
            target, lambda on: Granted(on, owner, item.grantees, item.privileges, item.grantable)
        ),
    )


def _effects(target: Target, *makes: Callable[[On], Effect]) -> tuple[Effect, ...]:
    return tuple(make(target.where) for make in makes) if target.where is not None else ()
