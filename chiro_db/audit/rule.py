"""What a rule is: a module with these names, a page in docs/rules, and its tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from chiro_db.audit.seen import Seen
from chiro_db.model.finding import Finding


class Rule(Protocol):
    """One module in `audit/rules/`, one entry in RULES."""

    @property
    def SLUG(self) -> str:  # noqa: N802 - a module's constant
        """Its name in `policies:` and of its page."""

    @property
    def SEVERITY(self) -> str:  # noqa: N802 - a module's constant
        """`error`, `warning` or `off`, unless the spec says otherwise."""

    def findings(self, seen: Seen) -> Iterator[Finding]:
        """What is not as it should be; the severity is set later."""
