"""When the spec wants backups: as lines of cron, units of systemd or CronJobs; pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Job:
    """The services that have one schedule, and the command that backs them up."""

    cron: str  # five fields
    services: tuple[str, ...]
    command: tuple[str, ...]

    @property
    def name(self) -> str:
        """Of a unit or a CronJob: of the services' letters, short enough for both."""
        slug = re.sub(r"[^a-z0-9]+", "-", "-".join(self.services).lower()).strip("-")
        return f"chirodb-backup-{slug}"[:45].rstrip("-")


def jobs(
    schedules: Sequence[tuple[str, str | None]], command: Sequence[str], *, every: int
) -> list[Job]:
    """One for each schedule; `every` is how many services the spec has, which need no names."""
    by_schedule: dict[str, list[str]] = {}
    for service, schedule in schedules:
        if schedule is not None:
            by_schedule.setdefault(_WORDS.get(schedule, schedule), []).append(service)
    if not by_schedule:
        raise ChirodbError(
            "no service has a schedule", hint="add `backup: {schedule: daily}` to the spec"
        )
    return [
        Job(
            cron,
            tuple(services),
            tuple(command) if len(services) == every else (*command, *services),
        )
        for cron, services in by_schedule.items()
    ]


def cron(found: Sequence[Job]) -> str:
    """For `crontab -e`; in a crontab a `%` has to be escaped."""
    lines = []
    for job in found:
        lines.append(f"# {', '.join(job.services)}")
        command = shlex.join(job.command).replace("%", "\\%")
        lines.append(f"{job.cron} {command}")
    return "\n".join(lines) + "\n"


def systemd(found: Sequence[Job]) -> dict[str, str]:
    """Unit files by name: a service and a timer for each job."""
    units: dict[str, str] = {}
    for job in found:
        command = " ".join(_systemd_word(word) for word in job.command)
        services = ", ".join(job.services).replace("%", "%%")
        times = "\n".join(f"OnCalendar={when}" for when in calendar(job.cron))
        units[f"{job.name}.service"] = (
            f"[Unit]\nDescription=Back up {services}\n"
            "Wants=network-online.target\nAfter=network-online.target\n\n"
            f"[Service]\nType=oneshot\nExecStart={command}\n"
        )
        units[f"{job.name}.timer"] = (
            f"[Unit]\nDescription=When to back up {services}\n\n"
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
