"""From a path through the spec, such as `("roles", "bi", "login")`, to the line that says so."""

from __future__ import annotations

from collections.abc import Sequence

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from chiro_db.errors import Place
from chiro_db.spec.nodes import merged_in, place

Path = tuple[str | int, ...]


class Positions:
    """The root nodes of all files; looked into on demand, as few paths ever are asked for."""

    def __init__(self, roots: Sequence[tuple[str, Node]]) -> None:
        self._roots = tuple(roots)
        self._indexes: dict[int, dict[str, tuple[Node, Node]]] = {}

    @property
    def several(self) -> bool:
        """Whether the spec has more than one file."""
        return len(self._roots) > 1

    def place(self, path: Path) -> Place | None:
        """Where the deepest existing node of the path begins; of a mapping's entry, its key."""
        found = self._deepest(path)
        return place(found[0], found[1]) if found else None

    def source(self, path: Path) -> str | None:
        """The scalar as it is written, if the whole path leads to an unquoted one."""
        found = self._deepest(path)
        if found and found[3] == len(path) and isinstance(found[2], ScalarNode):
            return str(found[2].value)
        return None

    def of_value(self, path: Path) -> Place | None:
        """Where the value begins, if the whole path leads to one."""
        found = self._deepest(path)
        return place(found[0], found[2]) if found and found[3] == len(path) else None

    def _deepest(self, path: Path) -> tuple[str, Node, Node, int] | None:
        best: tuple[str, Node, Node, int] | None = None
        for file, root in self._roots:
            shown, value, depth = root, root, 0
            for part in path:
                step = self._step(value, part)
                if step is None:
                    break
                (shown, value), depth = step, depth + 1
            if best is None or depth > best[3]:
                best = (file, shown, value, depth)
        return best

    def _step(self, node: Node, part: str | int) -> tuple[Node, Node] | None:
        if isinstance(node, MappingNode):
            return self._index(node).get(str(part))
        if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            return node.value[part], node.value[part]
        return None

    def _index(self, node: MappingNode) -> dict[str, tuple[Node, Node]]:
        index = self._indexes.get(id(node))
        if index is None:
            own: dict[str, tuple[Node, Node]] = {
                key.value: (key, value)
                for key, value in reversed(node.value)
                if isinstance(key, ScalarNode)
            }
            for other in merged_in(node):
                own = {**self._index(other), **own}
            self._indexes[id(node)] = index = own
        return index
