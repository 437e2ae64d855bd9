"""Something that a policy or a rule of `audit` does not allow."""

from __future__ import annotations

from dataclasses import dataclass

from chiro_db.model.acl import Source


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, how bad it is, why one knows, and what mends it."""

    rule: str  # the slug of its page in docs/rules
    severity: str  # error or warning
    subject: str  # the object or role, which with the rule names the finding
    message: str
    evidence: str = ""
    fix: str = ""  # a statement or an edit of the spec
    source: Source = ()  # of the policy
    place: str | None = None  # the same as file:line
