"""Rules about backups: when they run, how long they stay, and who may read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from chiro_db.model.duration import is_duration
from chiro_db.spec.cron import is_schedule
from chiro_db.spec.survey import Finding, Survey, backups, mapping, texts

_RECIPIENT = re.compile(r"age1[0-9a-z]{50,}|ssh-(ed25519|rsa) [A-Za-z0-9+/=]+( .*)?")
_IDENTITY = "AGE-SECRET-KEY-"


def schedule(survey: Survey) -> Iterator[Finding]:
    for path, backup in backups(survey):
        given = backup.get("schedule")
        if isinstance(given, str) and not is_schedule(given):
            yield Finding(
                (*path, "schedule"),
                f"`{given}` is not a schedule",
                "write hourly, daily, weekly, monthly or a cron line such as `30 2 * * *`",
            )


def retention(survey: Survey) -> Iterator[Finding]:
    for path, backup in backups(survey):
        keep: dict[str, Any] = mapping(backup.get("keep"))
        if "keep" in backup and "retention" in backup:
            yield Finding(
                (*path, "retention"),
                "`retention` and `keep` exclude each other",
                "`retention: {days: 30}` is short for `keep: {within: 30d}`",
            )
        if backup.get("keep") == {}:
            hint = "write how many stay, such as `keep: {last: 3, daily: 7}`"
            yield Finding((*path, "keep"), "`keep` keeps nothing", hint)
        within = keep.get("within")
        if isinstance(within, str) and not is_duration(within):
            yield Finding(
                (*path, "keep", "within"),
                f"`{within}` is not a span of time",
                "write 36h, 7d, 4w, 6m (months), 1y, or several together: 1y6m",
            )


def recipient(survey: Survey) -> Iterator[Finding]:
    for path, backup in backups(survey):
        for at, text in texts(backup.get("encrypt"), (*path, "encrypt")):
            if text.startswith(_IDENTITY):
                yield Finding(
                    at,
                    "a secret identity of age; the spec has recipients alone",
                    "make a new one, for this one is no secret any more; `age-keygen -y FILE`"
                    " prints its recipient",
                )
            elif not _RECIPIENT.fullmatch(text):
                hint = "`age-keygen` prints one, which begins with age1; ssh-ed25519 keys serve too"
                yield Finding(at, f"`{text}` is no recipient of age", hint)
