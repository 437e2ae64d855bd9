"""What the text of an option means."""

from __future__ import annotations

import pytest
import typer

from chiro_db.cli.options import seconds


@pytest.mark.parametrize(
    ("given", "meant"),
    [("5", 5), (5.0, 5), ("0.25", 0.25), ("500ms", 0.5), ("5 s", 5), ("1min", 60)],
)
def test_a_time_out_is_seconds_or_as_postgresql_writes_it(given: str | float, meant: float) -> None:
    assert seconds(given) == meant


@pytest.mark.parametrize("given", ["", "0", "0ms", "-1", "5x", "nan", "1e3", "0.0001"])
def test_what_is_no_time_out(given: str) -> None:
    with pytest.raises(typer.BadParameter, match="such as 5, 5s or 500ms"):
        seconds(given)
