"""Functions as a spec names them: `f`, `f_*`, `f(int, own_type)`; compared with the catalog's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# pg_catalog's names behind SQL's (gram.y, SimpleTypename); format_type() prints the right side.
_ALIASES = {
    "int": "integer",
    "int4": "integer",
    "int8": "bigint",
    "int2": "smallint",
    "bool": "boolean",
    "float": "double precision",
    "float8": "double precision",
    "float4": "real",
    "decimal": "numeric",
    "dec": "numeric",
    "varchar": "character varying",
    "char varying": "character varying",
    "char": "character",
    "bpchar": "character",
    "nchar": "character",
    "nchar varying": "character varying",
    "national char": "character",
    "national char varying": "character varying",
    "national character": "character",
    "national character varying": "character varying",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "timetz": "time with time zone",
    "time": "time without time zone",
    "varbit": "bit varying",
}
_GLOB = re.compile(r"[*?\[]")
# What may stand before an argument's type: its mode and its name.
_MODE = re.compile(r"(in\s+out|inout|in|out|variadic)\s+", flags=re.I)
_NAMED = re.compile(r"""("(?:[^"]|"")+"|[^\W\d][\w$]*)\s+(?=["\w])(?!array\b)""", flags=re.I)
# Types whose names have several words begin with these, and no argument has such a name.
_TYPES = frozenset("bit char character interval national nchar time timestamp".split())
_PART = re.compile(r'"((?:[^"]|"")+)"|([^\s".\[\]()]+)')


def is_glob(name: str) -> bool:
    return _GLOB.search(name) is not None


def parted(text: str) -> tuple[str, str | None]:
    """The name, and what stands behind its `(`; a name with a `(` of its own is in quotes."""
    if quoted := re.match(r'"((?:[^"]|"")+)"\s*(?:\((.*))?$', text, flags=re.S):
        return quoted[1].replace('""', '"'), quoted[2]
    name, bracket, rest = text.partition("(")
    return (name.strip(), rest) if bracket else (text, None)


def _split(arguments: str) -> list[str]:
    """At the commas outside of quotes and parentheses."""
    parts, depth, quoted, start = [], 0, False, 0
    for i, character in enumerate(arguments):
        if character == '"':
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, ")": -1}.get(character, 0)
            if character == "," and depth == 0:
                parts.append(arguments[start:i])
                start = i + 1
    parts.append(arguments[start:])
    return [part.strip() for part in parts] if arguments.strip() else []


def _arguments(text: str) -> tuple[str, ...]:
    """The types alone, as in `f(a integer, VARIADIC b text[])`; OUT does not count."""
    types = []
    for part in _split(text):
        mode = _MODE.match(part)
        if mode is not None and mode[1].lower() == "out":
            continue
        rest = part[mode.end() :] if mode is not None else part
        name = _NAMED.match(rest)
        if name is not None and name[1].lower() not in _TYPES:
            is_double = re.match(r"double\s+precision\b", rest, flags=re.I) is not None
            rest = rest if is_double else rest[name.end() :]
        types.append(rest)
    return () if types == ["*"] else tuple(types)  # an aggregate of no arguments


@lru_cache(maxsize=4096)
def _type(text: str, schema: str | None) -> tuple[str, ...]:
    """A type's name in parts and its array brackets; modifiers such as (10,2) do not count."""
    text = text.strip()
    dimensions = re.search(r"(\[\d*\]|\s+array)$", text, flags=re.I) is not None
    text = re.sub(r"(\[\d*\])+$|\s+array$", "", text, flags=re.I)
    if '"' not in text:
        precision = re.fullmatch(r"float\s*\(\s*(\d+)\s*\)", text, flags=re.I)
        text = re.sub(r"\s*\([^()]*\)", "", text)
        words = " ".join(text.lower().split())
        words = words.removeprefix("pg_catalog.")
        if precision is not None and int(precision[1]) < 25:
            words = "real"
        elif words.startswith("interval "):  # such as `interval day to second`
            words = "interval"
        text = _ALIASES.get(words, words)
    parts = [text]
    if '"' in text or "." in text:
        parts = [q.replace('""', '"') if q else w for q, w in _PART.findall(text)]
    suffix = "[]" if dimensions else ""
    if schema is not None and len(parts) == 1:
        parts = [schema, parts[0]]
    return (*parts[:-1], parts[-1] + suffix)


def type_name(text: str) -> str:
    """A type in one spelling, every part of its name quoted: `int[]` is `"integer[]"`."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in _type(text, None))


@dataclass(frozen=True, slots=True)
class Signature:
    """A function's name and, where given, its argument types as the spec wrote them."""

    name: str
    arguments: tuple[str, ...] | None
    schema: str

    @classmethod
    def parse(cls, text: str, schema: str) -> Signature:
        """`schema` is where unqualified types are looked for after PostgreSQL's own."""
        name, rest = parted(text)
        if rest is None:
            return cls(name, None, schema)
        return cls(name, _arguments(rest.rstrip().removesuffix(")")), schema)

    @property
    def is_glob(self) -> bool:
        return is_glob(self.name)

    def accepts(self, arguments: str) -> bool:
        """Whether the catalog's argument types (qualified, as by oidvectortypes) are meant."""
        if self.arguments is None:
            return True
        actual = _split(arguments.removeprefix("IN "))  # which tells two of one spelling apart
        return len(actual) == len(self.arguments) and all(
            _type(have, None) in (_type(want, None), _type(want, self.schema))
            for have, want in zip(actual, self.arguments, strict=True)
        )
