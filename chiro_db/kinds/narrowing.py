"""Which of the names that exist a narrowed grant covers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chiro_db.kinds.access import Narrow
from chiro_db.kinds.scope import Scope
from chiro_db.kinds.signature import Signature
from chiro_db.model.privilege import Securable

HINT = "leave it out until a migration has made it, or use a wildcard"
Object = tuple[str, str | None]  # a name and, of a routine, its argument types
Part = tuple[tuple[int, ...], list[Object]]  # indexes of grants, and what they cover alike


class Narrowing:
    """The narrowed grants of one schema on one type of object, matched name by name."""

    def __init__(self, narrows: Sequence[Narrow], securable: Securable, schema: str) -> None:
        self.narrows = narrows
        self.securable = securable
        self.schema = schema
        self._matched: set[tuple[int, str]] = set()
        self._literals: dict[str, list[tuple[int, str]]] = {}
        self._patterns = [(i, *p[:2]) for i, narrow in enumerate(narrows) for p in narrow.patterns]
        for i, narrow in enumerate(narrows):
            for literal in narrow.literals:
                name = Signature.parse(literal, schema).name if securable == "routine" else literal
                self._literals.setdefault(name, []).append((i, literal))

    def covering(self, item: Object) -> tuple[int, ...]:
        """The indexes of the grants that cover it."""
        name, arguments = item
        found = []
        for i, literal in self._literals.get(name, ()):
            if self._accepts(literal, arguments):
                found.append(i)
                self._matched.add((i, literal))
        for i, text, pattern in self._patterns:
            if pattern.match(name) and self._accepts(text, arguments):
                found.append(i)
                self._matched.add((i, text))
        return tuple(sorted(set(found)))

    def _accepts(self, text: str, arguments: str | None) -> bool:
        return arguments is None or Signature.parse(text, self.schema).accepts(arguments)

    def parts(self, items: Iterable[Object]) -> list[Part]:
        """The items by the grants that cover them."""
        result: dict[tuple[int, ...], list[Object]] = {}
        for item in items:
            result.setdefault(self.covering(item), []).append(item)
        return list(result.items())

    def report_unmatched(self, scope: Scope, word: str) -> None:
        """A name that does not exist is an error, a glob without a match a warning."""
        for i, narrow in enumerate(self.narrows):
            for literal, source in narrow.literals.items():
                if (i, literal) not in self._matched:
                    message = f"there is no {word} `{literal}` in schema `{self.schema}`"
                    scope.report("error", source, message, HINT)
            for text, _, source in narrow.patterns:
                if (i, text) not in self._matched:
                    message = f"no {word} in schema `{self.schema}` matches `{text}`"
                    scope.report("warning", source, message)
