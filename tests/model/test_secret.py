"""A secret shows itself to nobody who does not ask."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from chiro_db.model.secret import Secret

SECRET = Secret("hunter2")


@dataclasses.dataclass(frozen=True)
class _Holder:
    password: Secret


@pytest.mark.parametrize(
    "shown",
    [
        str(SECRET),
        repr(SECRET),
        f"{SECRET}",
        f"{SECRET!r:>10}",
        f"{SECRET:>10}",
        "%s" % SECRET,  # noqa: UP031  one more way to print
        str([SECRET]),
        str(_Holder(SECRET)),
        str(dataclasses.asdict(_Holder(SECRET))),
        str({"a": SECRET}),
    ],
)
def test_shows_stars(shown: str) -> None:
    assert "***" in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps, vars])
def test_is_not_written(write: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError) as raised:
        write(SECRET)
    assert "hunter2" not in str(raised.value)


def test_is_equal_by_value() -> None:
    assert SECRET.reveal() == "hunter2"
    assert SECRET == Secret("hunter2") == copy.deepcopy(SECRET) == copy.copy(SECRET)
    assert hash(SECRET) == hash(Secret("hunter2"))
    assert Secret("hunter3") != SECRET
    assert SECRET != "hunter2"
    assert Secret("é\ud800") == Secret("é\ud800")
