"""A plan in pieces that can be committed one after the other: `apply --by-service`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chiro_db.model.plan import Change, Plan, Step

_AFTER = (Step.HAND_OVER, Step.DROP_ROLE)


@dataclass(frozen=True, slots=True)
class Part:
    """Changes of one transaction, in order; without a service those that concern them all."""

    service: str | None
    changes: tuple[Change, ...]


def parts(plan: Plan) -> Iterator[Part]:
    """Roles and database first, then each service, then what needs all of them; none is lost.

    The first part is there even if it is empty: in its transaction the plan is compared.
    """
    first: list[Change] = []
    last: list[Change] = []
    services: dict[str, list[Change]] = {}
    for change in plan.runnable:
        if change.step < Step.SCHEMA:
            first.append(change)
        elif change.service is not None and change.step not in _AFTER:
            services.setdefault(change.service, []).append(change)
        else:
            (first if change.step < Step.EXTENSION else last).append(change)
    yield Part(None, tuple(first))
    for service, changes in services.items():
        yield Part(service, tuple(changes))
    if last:
        yield Part(None, tuple(last))
