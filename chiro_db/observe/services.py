"""Which roles are whose."""

from __future__ import annotations

from collections.abc import Mapping

from chiro_db.model.spec import Spec


def services_of_roles(spec: Spec) -> Mapping[str, str]:
    """Each role that is one service's alone; one that several share is nobody's.

    What a creator does counts for the service that it creates for, unless it is a role of one.
    """
    declared: dict[str, set[str]] = {}
    creating: dict[str, set[str]] = {}
    for name, service in spec.services.items():
        for role in service.roles:
            declared.setdefault(role, set()).add(name)
        for role in service.creators:
            creating.setdefault(role, set()).add(name)
    found = {**creating, **declared}
    return {role: next(iter(names)) for role, names in found.items() if len(names) == 1}
