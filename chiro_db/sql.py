"""SQL is made here and nowhere else: values that print themselves quoted, and the templates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from chiro_db.resources import folder

if TYPE_CHECKING:
    import jinja2

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_WORDS = re.compile(r"[A-Z]+( [A-Z]+)*")
# Every word of pg_get_keywords() that PostgreSQL does not call unreserved.
_KEYWORDS = frozenset(
    """
all analyse analyze and any array as asc asymmetric authorization between bigint binary bit
boolean both case cast char character check coalesce collate collation column concurrently
constraint create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user dec decimal default deferrable desc distinct do else end except
exists extract false fetch float for foreign freeze from full grant greatest group grouping
having ilike in initially inner inout int integer intersect interval into is isnull join json
json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar
json_serialize json_table json_value lateral leading least left like limit localtime
localtimestamp merge_action national natural nchar none normalize not notnull null nullif
numeric offset on only or order out outer overlaps overlay placing position precision primary
real references returning right row select session_user setof similar smallint some substring
symmetric system_user table tablesample then time timestamp to trailing treat trim true union
unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat
xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
    """.split()
)


class Value:
    """A piece of SQL that is already quoted; templates print nothing else."""

    __slots__ = ()

    def __html__(self) -> str:
        raise NotImplementedError

    def __str__(self) -> str:
        return self.__html__()


@lru_cache(maxsize=65536)  # the same in statement, summary and history
def quote_name(name: str) -> str:
    """As the server's quote_ident: quoted only where it must be."""
    if _PLAIN.fullmatch(name) and name not in _KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A string literal, whatever standard_conforming_strings says."""
    quoted = "'" + text.replace("'", "''") + "'"
    return " E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


@dataclass(frozen=True, slots=True, init=False)
class Name(Value):
    """An identifier, or several joined by dots."""

    parts: tuple[str, ...]

    def __init__(self, *parts: str) -> None:
        object.__setattr__(self, "parts", parts)

    def __html__(self) -> str:
        return ".".join([quote_name(part) for part in self.parts])


@dataclass(frozen=True, slots=True)
class Routine(Value):
    """A function or procedure with the types of its arguments, as the server wrote them."""

    schema: str
    name: str
    arguments: str

    def __html__(self) -> str:
        return f"{Name(self.schema, self.name)}({self.arguments})"


@dataclass(frozen=True, slots=True)
class Text(Value):
    """A string literal."""

    text: str

    def __html__(self) -> str:
        return quote_text(self.text)


@dataclass(frozen=True, slots=True)
class Number(Value):
    """An integer literal."""

    number: int

    def __html__(self) -> str:
        return str(int(self.number))


@dataclass(frozen=True, slots=True)
class Keyword(Value):
    """A word of SQL itself, such as PUBLIC or ON ALL TABLES; capitals only."""

    word: str

    def __post_init__(self) -> None:
        if not _WORDS.fullmatch(self.word):
            raise TypeError(f"not a keyword: {self.word!r}")

    def __html__(self) -> str:
        return self.word


@dataclass(frozen=True, slots=True)
class Verifier(Value):
    """Where the SCRAM verifier of a password goes; filled in when the statement is sent."""

    def __html__(self) -> str:
        return VERIFIER_MARK


VERIFIER_MARK = "\0"  # cannot occur in a name or text of PostgreSQL
PUBLIC = Keyword("PUBLIC")


class Listed(Value):
    """Values joined by commas."""

    __slots__ = ("_text", "texts")

    def __init__(self, values: Iterable[Value]) -> None:
        self.texts = tuple([_checked(value).__html__() for value in values])
        if not self.texts:
            raise ValueError("an empty list in a statement")
        self._text = ", ".join(self.texts)  # several statements may have the same list

    def __html__(self) -> str:
        return self._text


def grantee(role: str | None) -> Value:
    """The role's name, or PUBLIC for None."""
    return PUBLIC if role is None else Name(role)


def _checked(value: Any) -> Any:
    if isinstance(value, Value):
        return value
    raise TypeError(f"not a SQL value: {value!r}")


@cache
def _environment() -> jinja2.Environment:
    import jinja2  # 30 ms that a plan without changes need not spend

    @jinja2.pass_context  # without it jinja2 folds constants before they are checked
    def finalize(_context: jinja2.runtime.Context, value: Any) -> Any:
        return _checked(value)

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder("sql_templates")),
        autoescape=True,
        finalize=finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.clear()  # no template asks for them, and each statement would copy them
    return made


@cache
def _template(name: str) -> jinja2.Template:
    return _environment().get_template(f"{name}.sql.j2")


def statement(template: str, **values: Any) -> str:
    """One statement from `sql_templates/<template>.sql.j2`, on one line, without a semicolon."""
    made = _template(template)
    # as Template.render does, without looking for what globals may be covered: half of the time
    context = made.environment.context_class(made.environment, values, made.name, made.blocks)
    return "".join(made.root_render_func(context)).strip().removesuffix(";")
