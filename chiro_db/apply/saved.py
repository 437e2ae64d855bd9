"""A saved plan is run as it was shown, or refused with the reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from chiro_db import __version__
from chiro_db.apply.planning import Job, planned
from chiro_db.catalog.connect import connected_if_exists
from chiro_db.catalog.inspect import snapshot
from chiro_db.errors import ChirodbError, RefusedError
from chiro_db.model.plan import Plan
from chiro_db.plan.saved import loads

_AGAIN = "make a new one with `plan --out FILE`"


def load(file: Path) -> Plan:
    """The plan in the file."""
    try:
        return loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ChirodbError(f"cannot read `{file}`: {reason}") from None


def check_spec(plan: Plan, job: Job) -> None:
    """RefusedError where it was made by another chirodb, from another spec or database."""
    reasons = []
    if plan.chirodb != __version__:
        reasons.append(f"it was made by chirodb {plan.chirodb}, this is {__version__}")
    if plan.digest != job.loaded.digest:
        reasons.append("the spec has changed since")
    if plan.database != job.to.database:
        reasons.append(f"it is for the database {plan.database}")
    if reasons:
        raise RefusedError(f"the saved plan is stale: {', '.join(reasons)}", hint=_AGAIN)


def asked_again(kept: Plan, job: Job) -> Plan:
    """With what no file says but the server now: policies, and who gains and loses what.

    RefusedError where it is stale.
    """
    with connected_if_exists(job.to) as connection:
        now = planned(
            connection,
            job,
            moment=snapshot(connection),
            new_passwords=kept.new_passwords,
            for_saving=True,
        )
    check(kept, now)
    return replace(kept, breaches=now.breaches, access=now.access, standby=now.standby)


def check(shown: Plan, now: Plan) -> None:
    """RefusedError where the server or what was observed on it is another one by now.

    A plan that was not saved has no fingerprint; it is compared by its statements.
    """
    if not shown.fingerprint:
        return
    if now.system_identifier != shown.system_identifier:
        raise RefusedError(
            "the saved plan is for another server: the system identifiers differ", hint=_AGAIN
        )
    if now.fingerprint != shown.fingerprint:
        raise RefusedError(
            "the saved plan is stale: the database has changed since it was made", hint=_AGAIN
        )
