"""`chirodb apply`: plan, ask, and do it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chiro_db.cli import hazards
from chiro_db.cli.connecting import ServiceOption, SpecOption, TargetOption, UrlOption
from chiro_db.cli.hazards import AllowOption
from chiro_db.cli.options import LockTimeoutOption, WholeSchemasOption
from chiro_db.collector import uncollected
from chiro_db.errors import RefusedError

if TYPE_CHECKING:
    from chiro_db.apply.planning import Job
    from chiro_db.model.plan import Plan

_ROUNDS = 5  # how often the plan may change under our hands before we give up


def apply(
    file: Annotated[
        Path | None, typer.Argument(help="A plan saved by `plan --out`.", metavar="FILE")
    ] = None,
    spec: SpecOption = None,
    target: TargetOption = None,
    url: UrlOption = None,
    service: ServiceOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    allow: AllowOption = None,
    skip_blocked: Annotated[
        bool,
        typer.Option("--skip-blocked", help="Apply what is not blocked, and exit with 2."),
    ] = False,
    by_service: Annotated[
        bool,
        typer.Option(
            "--by-service", help="A transaction for each service; what is done stays done."
        ),
    ] = False,
    whole_schemas: WholeSchemasOption = False,
    access: Annotated[
        bool, typer.Option("--access", help="Say who gains and loses what by it.")
    ] = False,
    lock_timeout: LockTimeoutOption = 5.0,
) -> None:
    """Bring the server in line with the spec, in one transaction."""
    from chiro_db.apply import run, saved
    from chiro_db.apply.planning import plan as make
    from chiro_db.cli.connecting import job

    allowed = hazards.named(allow)
    if by_service and whole_schemas:
        raise _both()
    if file is None:
        about = replace(job(spec, target, url, service), access=access, whole_schemas=whole_schemas)
        made = make(about)
    else:
        if service:
            raise RefusedError("a saved plan is applied whole", hint="leave --service out")
        kept, yes = saved.load(file), True
        if whole_schemas and not kept.whole_schemas:
            raise RefusedError(
                "a saved plan is applied as it was shown",
                hint="make one with `plan --whole-schemas --out FILE`",
            )
        if by_service and kept.whole_schemas:
            raise _both()
        if target is None and url is None:
            target = kept.target or None
        about = replace(job(spec, target, url, list(kept.services)), access=access)
        saved.check_spec(kept, about)
        made = saved.asked_again(kept, about)
        meant = about.loaded.spec.targets.get(made.target)
        if meant is not None and meant.protected:  # also where --url leads to it
            about = replace(about, protected=True)
    asked = _Asked(protected=about.protected, yes=yes, skip_blocked=skip_blocked, allowed=allowed)
    carry_out = partial(run.apply, about, lock_timeout=lock_timeout, by_service=by_service)
    _run(about, made, asked, carry_out, saved=file is not None)


class _Asked:
    """What the user allowed beforehand, and what has to be asked."""

    def __init__(
        self, *, protected: bool, yes: bool, skip_blocked: bool, allowed: frozenset[str]
    ) -> None:
        self.protected = protected
        self.yes = yes
        self.skip_blocked = skip_blocked
        self.allowed = allowed

    def check(self, plan: Plan) -> None:
        """RefusedError where the plan may not run as it is."""
        if plan.standby:
            raise RefusedError(
                "the server is a standby, which takes no changes",
                hint="name its primary; of several hosts in one URL"
                " target_session_attrs=read-write takes that one",
            )
        if plan.blocked and not (self.skip_blocked or plan.skip_blocked):
            number = len(plan.blocked)
            verb = "is" if number == 1 else "are"
            raise RefusedError(
                f"{number} of {len(plan.changes)} changes {verb} blocked",
                hint="an administrator has to run the statements above, which"
                " `chirodb bootstrap` prints together; or use --skip-blocked",
            )
        if self.protected:
            hazards.check(plan.hazards, self.allowed, "the plan")

    def confirm(self, plan: Plan) -> None:
        if self.yes:
            return
        if not sys.stdin.isatty():
            raise RefusedError(
                "there is no terminal to ask on", hint="--yes applies without asking"
            )
        from chiro_db.report.words import visible

        number = len(plan.runnable)
        what = f"{number} change{'' if number == 1 else 's'}"
        if not typer.confirm(f"Apply {what} to {visible(plan.database)}?", err=True):
            raise RefusedError("not confirmed; nothing was changed")


def _both() -> RefusedError:
    """What ALL TABLES IN SCHEMA reached is checked before the one commit."""
    return RefusedError(
        "--whole-schemas is for one transaction, --by-service for one for each service",
        hint="choose one of them",
    )


@uncollected()
def _run(
    about: Job, made: Plan, asked: _Asked, carry_out: Callable[[Plan], Plan], *, saved: bool
) -> None:
    from chiro_db.access.policy import uphold
    from chiro_db.apply.run import PlanChangedError, read_passwords
    from chiro_db.cli.showing import about_line, show_plan

    if not (sys.stdout.isatty() and sys.stderr.isatty()):  # else the plan begins with it
        typer.echo(about_line(made), err=True)
    started = time.monotonic()
    for _ in range(_ROUNDS):
        show_plan(made, "text")
        uphold(made.breaches)
        if not made.runnable:
            break
        asked.check(made)
        read_passwords(about, made)
        asked.confirm(made)
        started = time.monotonic()
        try:
            done = carry_out(made)
        except PlanChangedError as changed:
            if saved:
                raise
            typer.echo("the database changed meanwhile; planned again", err=True)
            made = changed.now
            continue
        _say_done(done, made, time.monotonic() - started)
        break
    else:
        raise RefusedError("the database keeps changing", hint="try again when it is quiet")
    if made.blocked:
        asked.check(made)
        if not made.skip_blocked:
            raise typer.Exit(2)


def _say_done(done: Plan, made: Plan, seconds: float) -> None:
    from chiro_db.report.summary import subject

    if not done.runnable:
        typer.echo("Another run has done it already; nothing was left to do")
        return
    for warning in (w for w in done.warnings if w not in made.warnings):
        typer.echo(f"warning: {warning}", err=True)
    number = len(done.runnable)
    what = f"{number} change{'' if number == 1 else 's'}"
    blocked = len(done.blocked)
    state = f"{made.database} lacks {blocked} blocked change{'' if blocked == 1 else 's'}"
    if not done.blocked:
        state = f"{subject(made)} as declared"
    typer.echo(f"Applied {what} in {seconds:.1f} s; {state}")
