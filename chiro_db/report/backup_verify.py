"""What verifying backups found, a line for each copy or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chiro_db.backup.verify import Verified

_WORDS = {
    "read": "read whole",
    "checksums": "checksums are right; --identity FILE reads it whole",
    "drill": "restored alone, all rows there",
}


def verified_text(found: Verified) -> str:
    outcome = _WORDS[found.depth] if found.proof.ok else f"FAILED: {found.proof.problem}"
    line = f"{found.service}  {found.id}  {found.store}: {outcome}, {found.proof.seconds:.1f} s"
    lines = [line, *(f"  without {name}" for name in found.left_out)]
    lines += (f"  there is no {name}" for name in found.lacking)
    return "\n".join(lines)


def verified_json(found: Sequence[Verified]) -> dict[str, Any]:
    return {
        "format_version": "1.0",
        "verified": [
            {
                "service": one.service,
                "id": one.id,
                "store": one.store,
                "ok": one.proof.ok,
                "problem": one.proof.problem,
                "seconds": one.proof.seconds,
                "depth": one.depth,
                "left_out": list(one.left_out),
                "lacking": list(one.lacking),
                "unkept": one.unkept,
            }
            for one in found
        ],
        "errored": not all(one.proof.ok for one in found),
    }
