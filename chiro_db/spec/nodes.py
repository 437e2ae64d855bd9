"""YAML text as a tree of nodes, and as plain values with the scalars of YAML 1.2's core schema."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from chiro_db.errors import Diagnostic, Place
from chiro_db.spec.syntax import explain

_PLAIN, _TEXT, _COLLECTION = "plain", "tag:yaml.org,2002:str", "collection"
_TAGS = frozenset({_PLAIN, _TEXT, _COLLECTION, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_MAX_DEPTH = 100  # of nested collections; libyaml's wrapper overflows the stack at some 50,000
_MAX_EXPANSION = 500_000  # nodes and characters that aliases may add to a file
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_SECRET = frozenset({"password", "url"})
_NUMBER_STARTS = frozenset("0123456789+-.")
_NUMBER = re.compile(
    r"0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
)
_INT = re.compile(r"[-+]?[0-9]+|0[ox].*")
_LEADING_ZERO = re.compile(r"([-+]?)0+(?=[0-9])(.*)")

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Composer(_Base):  # type: ignore[misc]
    """Tells plain scalars from quoted ones in place of YAML 1.1's guesses at types."""

    depth = 0

    def resolve(self, kind: type[Node], _value: Any, implicit: Any) -> str:
        if kind is not ScalarNode:
            return _COLLECTION
        return _PLAIN if implicit[0] else _TEXT

    def descend_resolver(self, _parent: Any, _index: Any) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem="nested too deep", problem_mark=self._mark(_parent))

    def ascend_resolver(self) -> None:
        self.depth -= 1

    @staticmethod
    def _mark(parent: Any) -> Any:
        return parent.start_mark if parent is not None else None


class Problems(list[Diagnostic]):
    """The diagnostics of one file, added by node."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file

    def at(self, node: Node, message: str, hint: str | None = None) -> None:
        self.append(Diagnostic(message, place(self.file, node), hint))


def place(file: str, node: Node) -> Place:
    """Where a node begins."""
    return Place(file, node.start_mark.line + 1, node.start_mark.column + 1)


def compose(text: str, problems: Problems) -> Node | None:
    """The root node; None for a file without content and for one with a syntax error."""
    try:
        loader = _Composer(text)
        try:
            return loader.get_single_node()  # type: ignore[no-any-return]
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        problems.append(explain(error, text, problems.file))
        return None


def merged_in(node: MappingNode) -> list[MappingNode]:
    """The mappings that `<<` keys name, the strongest first."""
    found: list[MappingNode] = []
    for key, value in node.value:
        if key.value == "<<" and key.tag == _PLAIN:
            values = value.value if isinstance(value, SequenceNode) else [value]
            found += [item for item in values if isinstance(item, MappingNode)]
    return found


class Builder:
    """Plain values of nodes; what cannot be one is a problem and reads as what is nearest."""

    def __init__(self, text: str, problems: Problems) -> None:
        self.problems = problems
        self.gave_up = False  # the values are not those of the file
        self.budget = 2 * len(text) + _MAX_EXPANSION
        self.open: set[int] = set()

    def build(self, node: Node) -> Any:
        if node.tag not in _TAGS:
            self.problems.at(node, f"the tag `{_short_tag(node.tag)}`; a spec has no YAML tags")
        self.budget -= 1
        if type(node) is ScalarNode:
            self.budget -= len(node.value)
            if self.budget < 0:
                return self._refuse(node)
            return self.scalar(node) if node.tag == _PLAIN else node.value
        if self.budget < 0 or id(node) in self.open:
            return self._refuse(node)
        self.open.add(id(node))
        if isinstance(node, MappingNode):
            value: Any = self.mapping(node)
        else:
            value = [self.build(item) for item in node.value]
        self.open.discard(id(node))
        return value

    def _refuse(self, node: Node) -> None:
        self.gave_up = True
        if id(node) in self.open:
            self.problems.at(node, "an anchor that contains itself")
        elif self.budget > -(10**9):  # once
            self.budget = -(10**12)
            self.problems.at(node, "the aliases (`*name`) of this file expand to too much")

    def scalar(self, node: ScalarNode) -> Any:
        """The value of an unquoted scalar."""
        text: str = node.value
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _NUMBER_STARTS or not _NUMBER.fullmatch(text):
            return text
        if zeros := _LEADING_ZERO.fullmatch(text):
            self.problems.at(
                node,
                f"`{text}` has a leading zero, which YAML's versions read differently",
                f'write `{zeros[1]}{zeros[2]}`, or quote it: "{text}"',
            )
            return _number(zeros[1] + zeros[2])
        return _number(text)

    def mapping(self, node: MappingNode) -> dict[str, Any]:
        value: dict[str, Any] = {}
        first: dict[str, Node] = {}
        for key, item in node.value:
            if type(key) is not ScalarNode:
                self.problems.at(key, "a key that is a list or a mapping", "a key is one word")
            elif key.tag not in _TAGS:
                self.build(key)
            elif key.tag == _PLAIN and key.value == "<<":
                self._check_merge(item)
            elif key.value in first:
                self.problems.at(
                    key,
                    f"the key `{key.value}` stands twice in one mapping",
                    f"it stands in line {first[key.value].start_mark.line + 1} already",
                )
            else:
                first[key.value] = key
                value[key.value] = self._secret(item) if key.value in _SECRET else self.build(item)
        for other in merged_in(node):
            inherited = self.build(other)
            for name in inherited or ():
                value.setdefault(name, inherited[name])
        return value

    def _secret(self, node: Node) -> Any:
        """Always text: no message about a number may show it."""
        if isinstance(node, ScalarNode) and node.tag == _PLAIN and node.value not in _WORDS:
            return node.value
        return self.build(node)

    def _check_merge(self, node: Node) -> None:
        items = node.value if isinstance(node, SequenceNode) else [node]
        if not all(isinstance(item, MappingNode) for item in items):
            self.problems.at(node, "`<<` merges mappings alone", "write `<<: *anchor`")


def _number(text: str) -> int | float | str:
    if _INT.fullmatch(text):
        # int() refuses thousands of digits; no parameter has them
        return int(text, 0 if text[:2] in ("0x", "0o") else 10) if len(text) < 100 else text
    number = float(text)
    return number if isfinite(number) else text  # JSON has no infinity


def _short_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
