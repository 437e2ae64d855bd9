"""What a plan is about and what it comes to, in a line each."""

from __future__ import annotations

from collections import Counter

from chiro_db.model.plan import Action, Plan
from chiro_db.report.words import counted, visible


def about(plan: Plan) -> str:
    """Target, database, server and user, as far as they are known."""
    parts = [f"database {plan.database}" + (" (to be created)" if plan.creates_database else "")]
    if plan.server:
        parts.append(f"PostgreSQL {plan.server}" + (f" at {plan.host}" if plan.host else ""))
    if plan.user:
        parts.append(f"connected as {plan.user}")
    if plan.services:
        parts.append(f"only {', '.join(plan.services)}")
    return visible((f"{plan.target}: " if plan.target else "") + ", ".join(parts))


def counts(plan: Plan) -> dict[str, int]:
    """How many changes of each action will run, and how many will not."""
    found = Counter(change.action for change in plan.runnable)
    return {action.value: found[action] for action in Action} | {
        "blocked": len(plan.blocked),
        "extras": len(plan.extras),
    }


def total(plan: Plan, database: str | None = None) -> str:
    """`Plan: 12 to create, 3 to change, 1 to remove`; `database`: its name as it is to be shown."""
    number = counts(plan)
    if not plan.changes:
        alone = f"; {counted(len(plan.extras), 'extra')} left alone" if plan.extras else ""
        return f"Nothing to do: {subject(plan, database)} as declared{alone}"
    text = (
        f"Plan: {number['create']} to create, {number['update']} to change,"
        f" {number['delete']} to remove"
    )
    if plan.blocked:
        text += f", {number['blocked']} blocked" + (" and skipped" if plan.skip_blocked else "")
    if plan.extras:
        text += f", {counted(len(plan.extras), 'extra')} left alone"
    return text


def subject(plan: Plan, database: str | None = None) -> str:
    """`shop is`, or of a narrowed plan `orders, billing in shop are`: what was looked at."""
    name = visible(plan.database) if database is None else database
    if not plan.services:
        return f"{name} is"
    verb = "is" if len(plan.services) == 1 else "are"
    return f"{visible(', '.join(plan.services))} in {name} {verb}"


def hazards(plan: Plan) -> str:
    """`revokes-access (3 changes), takes-lock (1 change)`; empty without hazards."""
    found = Counter(hazard.value for change in plan.runnable for hazard in change.hazards)
    return ", ".join(f"{name} ({counted(n, 'change')})" for name, n in sorted(found.items()))
