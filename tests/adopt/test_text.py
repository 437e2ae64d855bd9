"""What is written reads back as itself, however hostile, and looks as if a person wrote it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from chiro_db.adopt.text import Lined, Noted, Remark, comment, dump
from chiro_db.spec.nodes import Builder, Problems, compose
from tests.properties.names import names

_TRAPS = "no on Off y n true NULL ~ 010 12:30 1e3 0x1f .5 -1 +1 .inf <<  = 2027-06-30 30s".split()
_TEXT = st.one_of(
    st.sampled_from([*_TRAPS, "", " ", "a: b", "a #b", "- a", "? a", "a\n# b", "\ufeff", "\x85a"]),
    st.text(max_size=20).filter(lambda text: "\0" not in text),
    names(1, globs=True).map(lambda found: found[0]),
)
_SCALARS = st.one_of(_TEXT, st.booleans(), st.integers(-5, 10**6))


def _noted(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.builds(Noted, values, st.tuples(_TEXT), _TEXT))


def _above(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    mappings = st.dictionaries(_TEXT, _noted(inner), min_size=1, max_size=4)
    mappings = st.one_of(mappings, mappings.map(Lined))
    return st.one_of(
        mappings, st.lists(_noted(st.one_of(_SCALARS, mappings)), min_size=1, max_size=4)
    )


_VALUES = _noted(st.recursive(_SCALARS, _above, max_leaves=20))


def _read(text: str) -> Any:
    problems = Problems("spec.yaml")
    root = compose(text, problems)
    value = Builder(text, problems).build(root) if root is not None else None
    assert problems == []
    return value


def _bare(value: Any) -> Any:
    if isinstance(value, Noted):
        return _bare(value.value)
    if isinstance(value, dict):
        return {k: _bare(v) for k, v in value.items() if not isinstance(v, Remark)}
    return [_bare(v) for v in value] if isinstance(value, list) else value


@settings(deadline=None)
@given(st.dictionaries(_TEXT, _VALUES, min_size=1, max_size=4))
def test_it_reads_back_as_itself(document: dict[str, Any]) -> None:
    assert _read(dump(document)) == _bare(document)


@settings(deadline=None)
@given(_TEXT)
def test_a_name_is_the_same_for_readers_of_yaml_1_1(name: str) -> None:
    written = dump({"roles": [name], "of": {name: name}})
    assert yaml.safe_load(written)["roles"] == [name] or name in ("2027-06-30", "1e3")


@settings(deadline=None)
@given(_TEXT)
def test_a_comment_stays_on_its_line(text: str) -> None:
    assert len(comment(text).splitlines()) == 1
    assert _read(dump({"": Remark((text,)), "a": Noted(1, (text,), text)})) == {"a": 1}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Products, orders, payments", "a: Products, orders, payments\n"),
        (["a", "b_2", "no"], 'a: [a, b_2, "no"]\n'),
        ({"statement_timeout": "30s", "work_mem": "64MB"}, None),
        ([{"to": "r", "level": "read"}], "a:\n  - {to: r, level: read}\n"),
        (Lined(schema="s"), "a:\n  schema: s\n"),
        (Noted(["x"], beside="y"), "a: [x]  # y\n"),
        ("2027-06-30", "a: 2027-06-30\n"),
        ("#x", 'a: "#x"\n'),
        (True, "a: true\n"),
    ],
)
def test_it_looks_as_a_person_would_write_it(value: Any, written: str | None) -> None:
    shown = dump({"a": value})
    assert shown == (written or "a: {statement_timeout: 30s, work_mem: 64MB}\n")


def test_lines_stay_short() -> None:
    long = {f"key{i}": "value" * 3 for i in range(10)}
    shown = dump({"a": [long, {"columns": {"t": [f"c{i}" for i in range(60)]}}]})
    assert _read(shown) == {"a": [long, {"columns": {"t": [f"c{i}" for i in range(60)]}}]}
    assert len(shown.splitlines()) > 10
