"""Objects by name: `commerce_schema.*`, `shop.orders`, `"Odd schema".t`, or a schema alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import translate

from chiro_db.access.world import DATABASE, Group

_PART = re.compile(r'"((?:[^"]|"")*)"|([^."][^.]*)')


@dataclass(frozen=True, slots=True)
class Pattern:
    """A glob for the schema and, unless the schema itself is meant, one for what is in it."""

    text: str
    schema: re.Pattern[str]
    name: re.Pattern[str] | None

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """ValueError where it is neither `schema` nor `schema.name`."""
        schema = _PART.match(text)
        if schema is None:
            raise ValueError(f"`{text}` is not a schema or schema.name")
        rest = text[schema.end() :]
        if not rest:
            return cls(text, _compiled(schema), None)
        if rest[0] != "." or len(rest) == 1:
            raise ValueError(f"`{text}` is not a schema or schema.name")
        quoted = _PART.fullmatch(rest[1:]) if rest[1] == '"' else None
        inside = _compiled(quoted) if quoted is not None else re.compile(translate(rest[1:]))
        return cls(text, _compiled(schema), inside)

    def narrowed(self, group: Group) -> Group | None:
        """The objects of the group that it names; None where there are none."""
        if self.name is None:
            whole = group.type in ("schema", "database")
            names = group.schema if group.schema != DATABASE else group.objects[0][0]
            return group if whole and self.schema.match(names) else None
        if group.type in ("schema", "database") or not self.schema.match(group.schema):
            return None
        name = self.name
        if group.relation:
            return group if name.match(group.relation) else None
        chosen = tuple(
            item
            for item in group.objects
            if name.match(item[0]) or (item[1] is not None and name.match(f"{item[0]}({item[1]})"))
        )
        if len(chosen) == len(group.objects):
            return group if chosen else None
        return replace(group, objects=chosen) if chosen else None


def _compiled(part: re.Match[str]) -> re.Pattern[str]:
    if part[1] is not None:
        return re.compile(re.escape(part[1].replace('""', '"')) + r"\Z")
    return re.compile(translate(part[2]))
