"""Whose grant a GRANT or REVOKE is taken for, where others than the owner may grant.

A superuser acts as the owner. For anyone else the server takes the first role that it inherits
from and that holds the grant option (select_best_grantor in acl.c), so that it has to become the
owner for the statement.
"""

from __future__ import annotations

from collections.abc import Iterable

from chiro_db.kinds.scope import Scope
from chiro_db.model import acl
from chiro_db.model.acl import Entry
from chiro_db.model.acl_delta import Delta


def contested(entries: Iterable[Entry], owner: str, delta: Delta | None = None) -> bool:
    """Whether someone else holds a grant option, or gets one by the same plan."""
    if delta is not None and any(missing.right.grantable for missing in delta.missing):
        return True
    return any(entry.grantable and entry.grantee != owner for entry in entries)


def on_columns(scope: Scope) -> set[tuple[str, str]]:
    """Tables with a grant option of someone else on a column: their REVOKE goes for it, too."""
    return {
        (fact.schema, fact.relation)
        for fact in scope.facts("column")
        if contested(acl.parse(fact.acl), fact.owner)
    }


def on_tables(scope: Scope) -> set[tuple[str, str]]:
    """Tables with a grant option of someone else: whoever holds it may grant on the columns."""
    return {
        (fact.schema, name)
        for fact in scope.facts("object")
        if fact.type in ("table", "sequence") and contested(acl.parse(fact.acl), fact.owner)
        for name in fact.names
    }
