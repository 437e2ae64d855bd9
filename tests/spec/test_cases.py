"""The tables of specs with what is wrong with them: `cases/*.yml`, a case for each behaviour."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from chiro_db.errors import Diagnostic, SpecError
from chiro_db.spec.check import RULES
from chiro_db.spec.load import load

PRELUDE = "version: 1\ndatabase: {name: d}\n"
TODAY = date(2027, 1, 15)
CASES: list[dict[str, Any]] = [
    case
    for file in sorted((Path(__file__).parent / "cases").glob("*.yml"))
    for case in yaml.safe_load(file.read_text())
]


def text_of(case: dict[str, Any]) -> str:
    return str(case.get("whole") or PRELUDE + case["spec"])


def problems(path: Path) -> str:
    try:
        return shown(load(path, TODAY).warnings)
    except SpecError as error:
        return shown(error.diagnostics)


def shown(diagnostics: tuple[Diagnostic, ...]) -> str:
    """Line and column, severity unless it is an error, message; the hint on its own line."""
    lines = []
    for found in diagnostics:
        where = f"{found.place.line}:{found.place.column} " if found.place else ""
        severity = "" if found.severity == "error" else f"{found.severity}: "
        lines.append(f"{where}{severity}{found.message}")
        lines += [f"  {found.hint}"] if found.hint else []
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_says_exactly_what_is_wrong(case: dict[str, Any], here: Path) -> None:
    (here / "spec.yaml").write_text(text_of(case))
    assert problems(Path("spec.yaml")) == case.get("problems", "")


def test_every_rule_has_a_bad_and_a_good_case() -> None:
    names = {rule.__name__ for rule in RULES}
    assert {case["rule"] for case in CASES if "rule" in case and case.get("problems")} == names
    assert {case["rule"] for case in CASES if "rule" in case and not case.get("problems")} == names


def test_no_two_cases_have_one_name() -> None:
    names = [case["case"] for case in CASES]
    assert len(set(names)) == len(names)


def test_no_secret_shows() -> None:
    assert not any("hunter2" in str(case.get("problems")).lower() for case in CASES)
