"""What the rules look at: the spec resolved against one server, and what audit read besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chiro_db.access.effective import held
from chiro_db.access.world import World
from chiro_db.kinds.scope import Scope
from chiro_db.model.acl import Grantee, Source
from chiro_db.model.finding import Finding

Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class Seen:
    """One moment of one server."""

    scope: Scope
    world: World
    rows: Mapping[str, Rows] = field(default_factory=dict)  # by query of sql_templates/audit

    def strangers(self) -> Iterable[Any]:
        """Roles that are the spec's business by their attributes: none of these is exempt."""
        for name, account in sorted(self.world.roles.accounts.items()):
            if name.startswith("pg_") or self.scope.ignored(name):
                continue
            if name == self.scope.server.bootstrap or name in self.scope.administrators:
                continue
            yield account

    def declared(self, role: str) -> bool:
        return role in self.scope.named

    def connects(self, role: str) -> list[Grantee]:
        """Whose CONNECT on the database it uses: its own, a group's, PUBLIC's."""
        groups = (group for group in self.world.groups if group.type == "database")
        reasons = (r for group in groups for r in held(self.world, role, group).get("CONNECT", ()))
        return list(dict.fromkeys(r.path[-1] if r.path else None for r in reasons))


def finding(
    slug: str,
    subject: str,
    message: str,
    *,
    evidence: str = "",
    fix: str = "",
    source: Source = (),
) -> Finding:
    """Of a rule; its severity is the registry's."""
    return Finding(slug, "", subject, message, evidence, fix, source)
