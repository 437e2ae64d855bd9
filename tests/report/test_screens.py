"""Screens and files as they are kept in golden/."""

from __future__ import annotations

import re

import pytest

from chiro_db.report.drift import drift_text
from chiro_db.report.slow import slow_text
from chiro_db.report.text import plan_text
from chiro_db.report.words import cells
from tests.report import screens
from tests.report.loads import TOTAL
from tests.report.plans import FULL, NAMED

SCREENS = screens.screens()


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_as_it_was(name: str) -> None:
    kept = (screens.FOLDER / name).read_text(encoding="utf-8")
    assert SCREENS[name].rstrip("\n") + "\n" == kept, "python -m tests.report.screens writes it"


def test_no_screen_is_left_over() -> None:
    assert {path.name for path in screens.FOLDER.iterdir()} == set(SCREENS)


@pytest.mark.parametrize("width", [80, 140])
def test_colours_say_nothing_of_their_own(width: int) -> None:
    for write in (plan_text, drift_text):
        colored = write(FULL, color=True, width=width)
        assert re.sub(r"\x1b\[\d*m", "", colored) == write(FULL, color=False, width=width)


@pytest.mark.parametrize("width", [80, 140])
def test_highlighted_statements_are_the_same_statements(width: int) -> None:
    colored = slow_text(TOTAL, color=True, width=width)
    plain = slow_text(TOTAL, color=False, width=width)
    assert colored.count("\x1b[") > plain.count("SELECT")
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain
    assert all(cells(row) <= width for row in plain.splitlines())


@pytest.mark.parametrize("width", [80, 140])
def test_only_what_cannot_be_broken_is_wider_than_the_screen(width: int) -> None:
    for row in plan_text(FULL, color=False, width=width).splitlines():
        assert cells(row) <= width, row


def test_a_name_is_never_broken() -> None:
    for width in range(20, 140):
        assert f'"{"Long Name " * 6}"' in plan_text(FULL, color=False, width=width)


@pytest.mark.parametrize("name", NAMED)
def test_a_terminal_gets_no_control_characters(name: str) -> None:
    for write in (plan_text, drift_text):
        text = write(NAMED[name], color=False, width=80)
        assert all(c.isprintable() or c == "\n" for c in text)
