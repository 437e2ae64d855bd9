"""The names in a spec, read without checking it: for shells that complete them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from yaml.nodes import MappingNode, Node, ScalarNode

from chiro_db.spec.files import read
from chiro_db.spec.nodes import Problems, compose

_ROLE_KEYS = ("owner", "app", "reader", "migrator")


def keys(path: Path, section: str) -> list[str]:
    """The keys of `services`, `targets`, ... in all files that can be read."""
    return list(dict.fromkeys(key for key, _ in _entries(path, section)))


def roles(path: Path, *, with_password: bool = False) -> list[str]:
    """Those under `roles:`, and unless it is about passwords those that services declare."""
    found = [
        name
        for name, body in _entries(path, "roles")
        if not with_password or any(key == "password" for key, _ in _pairs(body))
    ]
    if not with_password:
        found += [
            value.value
            for _, body in _entries(path, "services")
            for key, value in _pairs(body)
            if key in _ROLE_KEYS and isinstance(value, ScalarNode)
        ]
    return list(dict.fromkeys(found))


def _entries(path: Path, section: str) -> Iterator[tuple[str, Node]]:
    for source in read(path)[0]:
        root = compose(source.text, Problems(source.name))
        for key, value in _pairs(root):
            if key == section:
                yield from _pairs(value)


def _pairs(node: Node | None) -> Iterator[tuple[str, Node]]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode):
                yield key.value, value
