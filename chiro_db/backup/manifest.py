"""`manifest.json`: what a backup is, by which it is known and checked."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from chiro_db.errors import ChirodbError

NAME = "manifest.json"
FORMAT_VERSION = "1.0"
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)?")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Manifest:
    """All of it in plain text, whether the archive is encrypted or not."""

    id: str
    service: str
    schema: str
    database: str
    server: str
    system: str  # the cluster's identifier
    pg_dump: str
    chirodb: str
    spec: str  # its digest
    role: str  # who read
    start: str
    end: str
    snapshot: str
    lsn: str | None
    format: str  # `custom` or `directory`
    encrypted: bool
    files: Mapping[str, Mapping[str, Any]]  # size and sha256 of each
    rows: Mapping[str, int]  # in the snapshot, by table
    requires: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, list[str]] = field(default_factory=dict)
    read_back: Mapping[str, Any] = field(default_factory=dict)
    target: str = ""  # its name in the spec; empty where a URL was given
    replaced: bool = False  # made by a restore, of what it then replaced

    @property
    def size(self) -> int:
        return sum(int(file["size"]) for file in self.files.values())

    @property
    def started(self) -> datetime:
        return datetime.fromisoformat(self.start)

    @property
    def archive(self) -> str:
        """The name of its file or folder."""
        name = next((n for n in self.files if n.startswith("archive")), "")
        return name.partition("/")[0]


def dumps(manifest: Manifest) -> str:
    """With a seal over the rest, so that a changed number shows."""
    content = {"format_version": FORMAT_VERSION, **asdict(manifest)}
    return json.dumps({**content, "sha256": _seal(content)}, indent=2, ensure_ascii=False) + "\n"


def loads(text: str | bytes, service: str, backup: str) -> Manifest:
    """ChirodbError where it is damaged, or not the manifest of this backup."""
    try:
        content = json.loads(text)
        seal = content.pop("sha256")
        version = str(content.pop("format_version"))
    except (ValueError, AttributeError, KeyError, TypeError):
        raise ChirodbError("the manifest is damaged: it is no manifest at all") from None
    if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise ChirodbError(
            f"the manifest is of version {version}; this chirodb reads {FORMAT_VERSION}",
            hint="a newer chirodb reads it",
        )
    if seal != _seal({"format_version": version, **content}):
        raise ChirodbError("the manifest is damaged: its checksum is another")
    try:
        known = {f.name for f in fields(Manifest)}
        found = Manifest(**{name: value for name, value in content.items() if name in known})
    except TypeError as error:
        raise ChirodbError(f"the manifest is damaged: {error}") from None
    if (found.service, found.id) != (service, backup):
        raise ChirodbError(f"the manifest is that of `{found.service}`, {found.id}")
    for name, file in found.files.items():
        if not _SAFE.fullmatch(name) or not _SHA256.fullmatch(str(file.get("sha256"))):
            raise ChirodbError(f"the manifest names a file `{name}` that cannot be one of a backup")
    return found


def _seal(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def new_id(now: datetime, token: str) -> str:
    """Sorts by time, and is another for each backup."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{token}"


ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
