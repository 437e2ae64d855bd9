"""Rules about single values: empty ones, names, schedules, thresholds and dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from chiro_db.kinds.signature import parted
from chiro_db.model.spec import ONE_WAY, Target
from chiro_db.model.spec_grant import NARROWING
from chiro_db.spec.positions import Path
from chiro_db.spec.survey import Finding, Survey, bodies, flag, mapping, sections, texts

_TARGET_KEYS = frozenset(Target.model_fields)
_MAX_NAME = 63  # bytes; NAMEDATALEN - 1
_SHORT = _MAX_NAME // 4  # characters, of which none takes more than four bytes
_MAY_BE_EMPTY: tuple[Path, ...] = (("roles",), ("database", "extensions"))
# Key, what it looks like, what it is, how to write it; -1 switches off, as in PostgreSQL.
_QUANTITIES = (
    (
        "threshold",
        re.compile(r"\d+(\.\d+)?\s*(us|ms|s|min|h|d)?"),
        "a duration",
        "write 250ms, or a number of milliseconds",
    ),
    (
        "log_temp_files",
        re.compile(r"\d+(\.\d+)?\s*(B|kB|MB|GB|TB)?"),
        "a size",
        "write 10MB, or a number of kilobytes",
    ),
)


def nothing_written(survey: Survey) -> Iterator[Finding]:
    """`tables:` with nothing behind it must not read as "all tables"."""
    for path in _nulls(survey.values, ()):
        if path[:-1] not in _MAY_BE_EMPTY:
            last = path[-1]
            name = f"`{last}`" if isinstance(last, str) else f"entry {last + 1} of the list"
            yield Finding(path, f"{name} is empty", "write a value, or remove the line")


def _nulls(value: Any, path: Path) -> Iterator[Path]:
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        if item is None:
            yield (*path, key)
        elif isinstance(item, dict | list):
            yield from _nulls(item, (*path, key))


def empty_list(survey: Survey) -> Iterator[Finding]:
    for grant in survey.grants:
        for key in ("to", "on", *NARROWING):
            if grant.body.get(key) in ([], {}):
                hint = "leave the key out to mean the whole schema" if key in NARROWING else None
                yield Finding((*grant.path, key), f"`{key}` is an empty list", hint)
        for table, columns in mapping(grant.body.get("columns")).items():
            if columns == []:
                path = (*grant.path, "columns", table)
                yield Finding(path, f"no columns of `{table}` are named")


def object_name(survey: Survey) -> Iterator[Finding]:
    for grant in survey.grants:
        for key in ("tables", "sequences", "types"):
            words = grant.body.get(key)
            if isinstance(words, list) and all(
                isinstance(word, str) and 0 < len(word) <= _SHORT for word in words
            ):
                continue  # there may be hundreds of thousands
            for path, name in texts(words, (*grant.path, key)):
                yield from _name(path, name)
        for path, name in texts(grant.body.get("functions"), (*grant.path, "functions")):
            yield from _signature(path, name)
        for table, columns in mapping(grant.body.get("columns")).items():
            here: Path = (*grant.path, "columns", table)
            yield from _name(here, table)
            for path, name in texts(columns, here):
                yield from _name(path, name)


def _name(path: Path, name: str) -> Iterator[Finding]:
    size = len(name.encode(errors="surrogatepass"))
    if not name:
        yield Finding(path, "an empty name")
    elif size > _MAX_NAME and not re.search(r"[*?\[]", name):
        hint = f"PostgreSQL cuts names at {_MAX_NAME} bytes"
        yield Finding(path, f"the name is {size} bytes long", hint)


def _signature(path: Path, text: str) -> Iterator[Finding]:
    """`f`, `f*` or `f(integer, text)`."""
    name, arguments = parted(text)
    if arguments is None:
        if ")" in name and name == text:
            yield Finding(path, f"`{text}` has a `)` without a `(`")
        yield from _name(path, name)
        return
    example = "write it as `name(integer, text)`"
    depth = 1
    for i, character in enumerate(arguments):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            if arguments[i + 1 :].strip():
                yield Finding(path, f"`{text}` goes on after its arguments", example)
            elif not name:
                yield Finding(path, f"`{text}` has no name before its arguments", example)
            elif arguments[:i].strip() and not all(
                part.strip() for part in arguments[:i].split(",")
            ):
                yield Finding(path, f"`{text}` has an argument without a type", example)
            break
    else:
        yield Finding(path, f"`{text}` has a `(` that is not closed", example)
    yield from _name(path, name or text)


def target_way(survey: Survey) -> Iterator[Finding]:
    for name, body in bodies(survey.values.get("targets")).items():
        if set(body) <= _TARGET_KEYS and flag(body.get("embedded")) == ("url" in body):
            yield Finding(("targets", name), ONE_WAY)


def threshold(survey: Survey) -> Iterator[Finding]:
    for path, body in sections(survey):
        slow = mapping(body.get("slow_queries"))
        for key, pattern, expected, hint in _QUANTITIES:
            given = slow.get(key)
            is_quantity = isinstance(given, str | int) and not isinstance(given, bool)
            if is_quantity and given != -1 and not pattern.fullmatch(str(given).strip()):
                yield Finding((*path, "slow_queries", key), f"`{given}` is not {expected}", hint)


def past_date(survey: Survey) -> Iterator[Finding]:
    for grant in survey.grants:
        until = _day(grant.body.get("until"))
        if until is not None and until <= survey.today:
            message = f"this grant ended on {until}; the plan revokes it"
            yield Finding((*grant.path, "until"), message, "remove the grant", "warning")
    for role, body in survey.roles.items():
        until = _day(body.get("valid_until"))
        if until is not None and until < survey.today:
            message = f"the password of `{role}` is valid no longer, since {until}"
            yield Finding(("roles", role, "valid_until"), message, severity="warning")


def _day(value: Any) -> date | None:
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if instant is None:
        return None
    return (instant.astimezone(UTC) if instant.tzinfo else instant).date()
