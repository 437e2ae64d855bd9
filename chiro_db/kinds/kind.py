"""What a kind of managed object is: a module with these names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from chiro_db.kinds.scope import Request, Scope
from chiro_db.model.plan import Change


class Kind(Protocol):
    """One module in `kinds/`, one folder in `sql_templates/`, one entry in KINDS."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """The folder of its SQL and the type of its changes."""

    @property
    def Fact(self) -> type[Any]:  # noqa: N802 - a module's class
        """A frozen dataclass whose fields are the columns of inspect.sql."""

    def parameters(self, request: Request) -> Mapping[str, Any]:
        """The values for the placeholders of inspect.sql."""

    def changes(self, scope: Scope) -> Iterable[Change]:
        """What differs between the spec and the server, in any order."""
