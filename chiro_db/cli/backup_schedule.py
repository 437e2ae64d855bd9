"""`chirodb backup schedule`: the spec's schedules for what runs them."""

from __future__ import annotations

import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chiro_db.cli.backup_stores import ServicesArgument
from chiro_db.cli.connecting import SpecOption, TargetOption


class Scheduler(StrEnum):
    """What runs them."""

    CRON = "cron"
    SYSTEMD = "systemd"
    KUBERNETES = "kubernetes"


def schedule(
    service: ServicesArgument = None,
    spec: SpecOption = None,
    target: TargetOption = None,
    output: Annotated[Scheduler, typer.Option("--format", help="What runs them.")] = Scheduler.CRON,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write systemd's units into this folder.", metavar="DIRECTORY"),
    ] = None,
    image: Annotated[
        str, typer.Option("--image", help="Of Kubernetes' jobs: one with chirodb.", metavar="IMAGE")
    ] = "chirodb",
) -> None:
    """Print what makes the backups run when the spec says."""
    import json

    from chiro_db.backup import schedule as scheduling
    from chiro_db.backup.settings import settings, wanted
    from chiro_db.cli.connecting import checked_target, known_services
    from chiro_db.cli.options import spec_path
    from chiro_db.spec.load import load

    loaded = load(spec_path(spec))
    known_services(loaded, service or [])
    name = checked_target(loaded, target)
    in_cluster = output is Scheduler.KUBERNETES
    program = ["chirodb"] if in_cluster else _program()
    place = "/etc/chirodb" if in_cluster else str(loaded.path.resolve())
    options = ["--spec", place, *(["--target", name] if name else [])]
    every = [wanted(loaded.spec, name, one) for one in loaded.spec.services]
    found = scheduling.jobs(every, program, options, only=service or ())
    for one in every:
        if one.schedule is not None:  # where they go is asked now, not at night
            stores = settings(loaded.spec, name, one.service).stores
            if folders := [store for store in stores if in_cluster and "://" not in store]:
                typer.echo(
                    f"warning: backups of {one.service} go to {folders[0]} in a pod, and with it:"
                    " name a bucket, or mount a volume there",
                    err=True,
                )
    if output is Scheduler.CRON:
        typer.echo(scheduling.cron(found), nl=False)
    elif in_cluster:
        objects = scheduling.kubernetes(found, image=image, secret="chirodb", config="chirodb")  # noqa: S106 - a name
        document = {"apiVersion": "v1", "kind": "List", "items": objects}
        typer.echo(json.dumps(document, indent=2))
    else:
        for unit, text in scheduling.systemd(found).items():
            if out is None:
                typer.echo(f"# /etc/systemd/system/{unit}\n{text}")
            else:
                out.mkdir(parents=True, exist_ok=True)
                (out / unit).write_text(text, encoding="utf-8")
                typer.echo(f"wrote {out / unit}", err=True)


def _program() -> list[str]:
    """This very chirodb, by its whole path: timers have a PATH of their own."""
    beside = Path(sys.executable).with_name("chirodb")
    if beside.exists():
        return [str(beside)]
    found = shutil.which("chirodb")
    return [found] if found else [sys.executable, "-m", "chiro_db"]
