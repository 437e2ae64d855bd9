"""Output that is kept in files, for eyes as much as for tests.

`python -m tests.report.screens` writes them anew.
"""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path

from chiro_db.access.listing import listing
from chiro_db.report.access_text import listing_text, matrix_text
from chiro_db.report.doctor import doctor_text
from chiro_db.report.drift import drift_text
from chiro_db.report.github import drift_github
from chiro_db.report.history import entry_text, history_text
from chiro_db.report.json import plan_json
from chiro_db.report.junit import drift_junit
from chiro_db.report.markdown import plan_markdown
from chiro_db.report.sarif import drift_sarif
from chiro_db.report.script import plan_sql
from chiro_db.report.slow import slow_text
from chiro_db.report.text import plan_text
from tests.report import checkups, deeds, loads
from tests.report.accesses import drawn, many, small
from tests.report.plans import ACCESS, ADDITIVE, FULL, IN_STEP, NAMED, SKIPPED

FOLDER = Path(__file__).parent / "golden"
SERVICES = ("commerce", "core", "finance")


def screens() -> dict[str, str]:
    """Each file's name, and what has to be in it."""
    found = {}
    for width in (80, 140):
        for name, color in (("plain", False), ("color", True)):
            text = plan_text(FULL, color=color, width=width)
            found[f"plan_{width}_{name}.txt"] = text
            found[f"drift_{width}_{name}.txt"] = drift_text(FULL, color=color, width=width)
        found[f"doctor_{width}.txt"] = doctor_text(checkups.ILL, color=False, width=width)
        found[f"history_{width}.txt"] = history_text(
            deeds.ENTRIES, color=False, width=width, zone=UTC
        )
        found[f"slow_{width}.txt"] = slow_text(loads.TOTAL, color=False, width=width)
    found["history_entry.txt"] = entry_text(deeds.ENTRIES[0], zone=UTC)
    found["plan_verbose.txt"] = plan_text(FULL, color=False, width=100, verbose=True)
    for name, plan in (("additive", ADDITIVE), ("skipped", SKIPPED), ("in_step", IN_STEP)):
        found[f"plan_{name}.txt"] = plan_text(plan, color=False, width=100)
        found[f"drift_{name}.txt"] = drift_text(plan, color=False, width=100)
    found["slow_io.txt"] = slow_text(loads.IO, color=False, width=80)
    found["slow_empty.txt"] = slow_text(loads.EMPTY, color=False, width=80)
    wide = many(f"service-{i:02d}-of-many" for i in range(8))[1]
    large = many(f"service_{i:02d}" for i in range(40))[1]
    for width in (80, 140):
        for name, matrix in (("", drawn()), ("_services", wide), ("_large", large)):
            found[f"access{name}_{width}.txt"] = matrix_text(matrix, color=False, width=width)
        lines = list(listing(small(), small().groups, ["analyst", "clerk", None]))
        found[f"access_role_{width}.txt"] = listing_text(lines, color=False, width=width)
    for width in (80, 140):
        found[f"plan_access_{width}.txt"] = plan_text(ACCESS, color=False, width=width)
    found["plan_access.md"] = plan_markdown(ACCESS)
    found["plan.sql"] = plan_sql(FULL)
    found["plan.json"] = json.dumps(plan_json(FULL), indent=2)
    found["plan.md"] = plan_markdown(FULL)
    found["drift.xml"] = drift_junit(FULL, SERVICES)
    found["drift.sarif"] = json.dumps(drift_sarif(FULL, "schema_specs/database.yaml"), indent=2)
    found["drift.github"] = drift_github(FULL)
    found["strange.md"] = plan_markdown(NAMED["strange"])
    return found


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in screens().items():
        (FOLDER / name).write_text(text.rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
