"""When the spec wants backups: as lines of cron, units of systemd or CronJobs; pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chiro_db.errors import ChirodbError

# A minute of their own: at full hours everybody's jobs begin.
_WORDS = {
    "hourly": "7 * * * *",
    "daily": "23 2 * * *",
    "weekly": "23 2 * * 0",
    "monthly": "23 2 1 * *",
}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAYS = "sun mon tue wed thu fri sat sun".split()


# Once a day, when the backups of the night are made.
_PRUNE = "53 3 * * *"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the spec says of one service."""

    service: str
    schedule: str | None
    kept: bool  # by rules, so that there is something to prune


@dataclass(frozen=True, slots=True)
class Job:
    """A command, when it runs, and what a unit or a CronJob of it is called."""

    name: str
    title: str
    cron: str  # five fields
    command: tuple[str, ...]


def jobs(
    wanted: Sequence[Wanted],
    program: Sequence[str],
    options: Sequence[str],
    *,
    only: Collection[str] = (),
) -> list[Job]:
    """One for each schedule, and one that prunes; of some services or of all."""
    chosen = [one for one in wanted if not only or one.service in only]
    by_schedule: dict[str, list[str]] = {}
    for one in chosen:
        if one.schedule is not None:
            by_schedule.setdefault(_WORDS.get(one.schedule, one.schedule), []).append(one.service)
    if not by_schedule:
        raise ChirodbError(
            "no service has a schedule", hint="add `backup: {schedule: daily}` to the spec"
        )
    found: list[Job] = []
    for cron, services in by_schedule.items():
        name = _name(services, [job.name for job in found])
        command = (*program, "backup", "run", *options, *_named(services, wanted))
        found.append(Job(name, f"Back up {', '.join(services)}", cron, command))
    kept = [one.service for one in chosen if one.kept and one.schedule is not None]
    if kept:
        command = (*program, "backup", "prune", "--yes", *options, *_named(kept, wanted))
        title = f"Prune the backups of {', '.join(kept)}"
        name = _name(kept, [], "prune") if _named(kept, wanted) else "chirodb-prune"
        found.append(Job(name, title, _PRUNE, command))
    return found


def _named(services: Sequence[str], wanted: Sequence[Wanted]) -> Sequence[str]:
    """All that the spec has need no names, so that a new one is among them."""
    return () if len(services) == len(wanted) else services


def _name(services: Sequence[str], taken: Sequence[str], work: str = "backup") -> str:
    """Of the services' letters, short enough for a CronJob."""
    slug = re.sub(r"[^a-z0-9]+", "-", "-".join(services).lower()).strip("-")
    name = f"chirodb-{work}-{slug}"[:45].rstrip("-")
    return name if name not in taken else f"{name}-{len(taken) + 1}"


def cron(found: Sequence[Job]) -> str:
    """For `crontab -e`; in a crontab a `%` has to be escaped."""
    lines = []
    for job in found:
        lines.append(f"# {job.title}")
        command = shlex.join(job.command).replace("%", "\\%")
        lines.append(f"{job.cron} {command}")
    return "\n".join(lines) + "\n"


def systemd(found: Sequence[Job]) -> dict[str, str]:
    """Unit files by name: a service and a timer for each job."""
    units: dict[str, str] = {}
    for job in found:
        command = " ".join(_systemd_word(word) for word in job.command)
        title = job.title.replace("%", "%%")
        times = "\n".join(f"OnCalendar={when}" for when in calendar(job.cron))
        units[f"{job.name}.service"] = (
            f"[Unit]\nDescription={title}\n"
            "Wants=network-online.target\nAfter=network-online.target\n\n"
            f"[Service]\nType=oneshot\nExecStart={command}\n"
        )
        units[f"{job.name}.timer"] = (
            f"[Unit]\nDescription=When: {title}\n\n"
            f"[Timer]\n{times}\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
        )
    return units


def _systemd_word(word: str) -> str:
    """In double quotes, with what systemd expands taken as it is."""
    quoted = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{quoted}"' if quoted != word or re.search(r"[^\w@+=:,./-]", word) else word


def calendar(cron_line: str) -> list[str]:
    """As systemd writes it. Where cron has a day of the month or of the week, either will do."""
    minute, hour, day, month, weekday = cron_line.split()
    days = _field(weekday, _DAYS, names=True)
    time = f"{_field(hour)}:{_field(minute)}:00"
    date = f"*-{_field(month, _MONTHS, first=1)}"
    if day.startswith("*") or weekday.startswith("*"):
        prefix = "" if weekday == "*" else f"{days} "
        return [f"{prefix}{date}-{_field(day, first=1)} {time}"]
    return [f"{date}-{_field(day, first=1)} {time}", f"{days} {date}-* {time}"]


def _field(text: str, words: Sequence[str] = (), *, first: int = 0, names: bool = False) -> str:
    parts = []
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        if span == "*":
            if names and step:  # systemd has no steps of weekdays
                parts += [words[n].title() for n in range(0, 7, int(step))]
            else:
                parts.append(f"{first}/{step}" if step else "*")
            continue
        low, _, high = span.partition("-")
        numbers = [
            words.index(end) + first if end in words else int(end) for end in (low, high or low)
        ]
        if names:
            width = int(step or 1)
            parts += [words[n].title() for n in range(numbers[0], numbers[1] + 1, width)]
        elif high:
            parts.append(f"{numbers[0]}..{numbers[1]}" + (f"/{step}" if step else ""))
        else:
            parts.append(f"{numbers[0]}" + (f"/{step}" if step else ""))
    return ",".join(dict.fromkeys(parts))


def kubernetes(
    found: Sequence[Job], *, image: str, secret: str, config: str
) -> list[dict[str, object]]:
    """CronJobs: the environment by a Secret, the spec by a ConfigMap."""
    return [
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": job.name},
            "spec": {
                "schedule": job.cron,
                "concurrencyPolicy": "Forbid",
                "jobTemplate": {
                    "spec": {"backoffLimit": 1, "template": _pod(job, image, secret, config)}
                },
            },
        }
        for job in found
    ]


def _pod(job: Job, image: str, secret: str, config: str) -> dict[str, object]:
    mounts = [
        {"name": "spec", "mountPath": "/etc/chirodb", "readOnly": True},
        {"name": "temp", "mountPath": "/tmp"},  # noqa: S108  where an archive is made
    ]
    return {
        "spec": {
            "restartPolicy": "Never",
            "containers": [
                {
                    "name": "chirodb",
                    "image": image,
                    "command": list(job.command),
                    "envFrom": [{"secretRef": {"name": secret}}],
                    "volumeMounts": mounts,
                }
            ],
            "volumes": [
                {"name": "spec", "configMap": {"name": config}},
                {"name": "temp", "emptyDir": {}},
            ],
        }
    }
