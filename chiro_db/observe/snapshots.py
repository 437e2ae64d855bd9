"""Counters that earlier runs saw, for `--since`: files of the user in the state directory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from chiro_db.errors import ChirodbError
from chiro_db.files import state_root, write_private
from chiro_db.observe.statements import COUNTERS, Counted, Reading, difference

KEPT = 31 * 86_400  # seconds
_MOST = 200  # files
_APART = 60  # seconds between two that are kept


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The counters of one moment, by service and queryid."""

    at: float
    since: float  # of the counters' reset
    counters: Mapping[tuple[str, str], Mapping[str, float]]


def folder(system_identifier: str, database: str) -> Path:
    """Of one database of one server, whatever name it was reached by."""
    name = "".join(c if c.isalnum() or c in "-_" else f"%{ord(c):x}" for c in database)
    return state_root() / "slow" / f"{system_identifier}-{name}"


def remember(place: Path, reading: Reading) -> None:
    """One more snapshot, unless the last one is of the same minute; old ones go."""
    known = _times(place)
    if known and 0 <= reading.at - known[-1] < _APART:
        return
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    rows = [
        [s.service or "", s.queryid, *(getattr(s, name) for name in COUNTERS)]
        for s in reading.statements
        if s.queryid is not None
    ]
    document = {"at": reading.at, "since": reading.since, "columns": COUNTERS, "rows": rows}
    write_private(_file(place, reading.at), json.dumps(document))
    known.append(reading.at)
    for at in known[: max(0, len(known) - _MOST)] + [at for at in known if at < reading.at - KEPT]:
        _file(place, at).unlink(missing_ok=True)


def before(place: Path, at: float) -> Snapshot | None:
    """The last one that is not younger than `at`, else the oldest there is."""
    known = _times(place)
    if not known:
        return None
    chosen = max((t for t in known if t <= at), default=known[0])
    path = _file(place, chosen)
    try:
        return _read(path)
    except (ValueError, KeyError, TypeError):
        hint = "delete it"
        raise ChirodbError("this snapshot is damaged", where=str(path), hint=hint) from None
    except OSError as error:
        raise ChirodbError(f"cannot read `{path}`: {error.strerror}") from None


def _read(path: Path) -> Snapshot:
    document = json.loads(path.read_text(encoding="utf-8"))
    columns = document["columns"]
    return Snapshot(
        document["at"],
        document["since"],
        {
            (service, queryid): dict(zip(columns, values, strict=True))
            for service, queryid, *values in document["rows"]
        },
    )


def since(reading: Reading, snapshot: Snapshot) -> Iterable[Counted]:
    """What was counted after the snapshot; all of it where the counters were reset since."""
    if reading.since > snapshot.at:
        return reading.statements
    found = snapshot.counters
    return [
        difference(s, found.get((s.service or "", s.queryid or ""))) for s in reading.statements
    ]


def _file(place: Path, at: float) -> Path:
    return place / f"{at:.3f}.json"


def _times(place: Path) -> list[float]:
    """Of the snapshots that are there, the oldest first."""
    found = []
    for path in place.glob("*.json") if place.is_dir() else ():
        try:
            found.append(float(path.stem))
        except ValueError:
            continue
    return sorted(found)
