"""YAML 1.2's scalars, and files that are made to exhaust their reader."""

from __future__ import annotations

import time
from typing import Any

import pytest

from chiro_db.spec.nodes import Builder, Problems, compose

SCALARS: list[tuple[str, Any]] = [
    ("", None),
    ("~", None),
    ("null", None),
    ("nUll", "nUll"),
    ("true", True),
    ("FALSE", False),
    ("yes", "yes"),
    ("no", "no"),
    ("on", "on"),
    ("off", "off"),
    ("y", "y"),
    ("12", 12),
    ("-12", -12),
    ("+12", 12),
    ("0", 0),
    ("0o17", 15),
    ("0x1F", 31),
    ("0xZZ", "0xZZ"),
    ("0b1", "0b1"),
    ("1_000", "1_000"),
    ("12:30", "12:30"),
    ("1:2:3", "1:2:3"),
    ("2027-06-30", "2027-06-30"),
    ("1.5", 1.5),
    ("-.5", -0.5),
    ("5.", 5.0),
    ("0.5", 0.5),
    ("1e3", 1000.0),
    ("1.2.3", "1.2.3"),
    (".", "."),
    ("+", "+"),
    ("-", [None]),
    ("1e999", "1e999"),
    (".inf", ".inf"),
    (".nan", ".nan"),
    ("9" * 5000, "9" * 5000),
    ("'1'", "1"),
    ('"true"', "true"),
    ("!!str 1", "1"),
    ("=", "="),
    ("<<", "<<"),
]


def read(text: str) -> tuple[Any, list[str]]:
    problems = Problems("f")
    node = compose(text, problems)
    value = Builder(text, problems).build(node) if node is not None else None
    return value, [found.message for found in problems]


@pytest.mark.parametrize(("text", "value"), SCALARS, ids=lambda v: repr(v)[:20])
def test_scalars_of_the_core_schema(text: str, value: Any) -> None:
    found, problems = read(f"- {text}\n")
    assert not problems
    assert found == [value]
    assert type(found[0]) is type(value)


def test_keys_are_text_as_it_is_written() -> None:
    text = "on: a\n1: b\ntrue: c\n~: d\n0x1F: e\n2027-06-30: f\n010: g\n"
    assert list(read(text)[0]) == ["on", "1", "true", "~", "0x1F", "2027-06-30", "010"]


def test_a_merge_gives_way_to_own_keys_and_to_earlier_ones() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 0}\nd: {x: 0, <<: *b}\n"
    value, problems = read(text)
    assert not problems
    assert value["c"] == {"x": 0, "y": 1, "z": 2}
    assert value["d"] == {"x": 0, "y": 2, "z": 2}


def test_a_merge_of_a_merge() -> None:
    value, _ = read("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n")
    assert value["c"] == {"x": 1, "y": 2}


def _laughs(first: str, item: str) -> str:
    """Each line names the one above nine times."""
    lines = [f"a0: &a0 {first}"]
    for i in range(1, 12):
        lines.append(f"a{i}: &a{i} " + item.format(", ".join([f"*a{i - 1}"] * 9)))
    return "\n".join(lines)


BOMBS: dict[str, tuple[str, str]] = {
    "lists of lists": (_laughs("[x]", "[{}]"), "expand to too much"),
    "merges of merges": (_laughs("{x: 1}", "{{<<: [{}]}}"), "expand to too much"),
    "one long text many times": (
        f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 100_000)}]",
        "expand to too much",
    ),
    "lists in lists": ("a: " + "[" * 300_000, "nested too deep"),
    "lists in lists in lines": ("- " * 300_000, "nested too deep"),
    "mappings in mappings": ("{a: " * 30_000, "nested too deep"),
    "keys of keys": ("? " * 3_000, "nested too deep"),
    "an anchor in its mapping": ("a: &a {b: {c: *a}}", "contains itself"),
    "an anchor in its list": ("a: &a [1, [*a]]", "contains itself"),
    "an anchor merged into itself": ("a: &a {<<: *a, b: 1}", "contains itself"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_explodes_is_an_error_at_once(name: str) -> None:
    text, message = BOMBS[name]
    start = time.process_time()
    _, problems = read(text)
    assert len(problems) == 1
    assert message in problems[0]
    assert time.process_time() - start < 2  # seconds; generous, the worst takes 0.3
