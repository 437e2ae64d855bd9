"""The kinds of managed objects, in the order in which they are created."""

from __future__ import annotations

from chiro_db.kinds import (
    column,
    database,
    default_privilege,
    extension,
    membership,
    object,  # noqa: A004 - the manual's word for what a schema contains
    role,
    schema,
    setting,
)
from chiro_db.kinds.kind import Kind

KINDS: tuple[Kind, ...] = (
    role,
    membership,
    database,
    schema,
    extension,
    object,
    column,
    default_privilege,
    setting,
)
