"""Values of parameters: what a spec's value is in SQL, and when two of them are one."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from chiro_db.model.spec_values import SettingValue
from chiro_db.model.state import Parameter

# GUC_LIST_QUOTE: their elements are identifiers (variable_is_guc_list_quote in dumputils.c).
QUOTED_LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)
# GUC_LIST_INPUT without quoting: one string, spaces and case do not count.
_PLAIN_LISTS = frozenset(
    {
        "createrole_self_grant",
        "datestyle",
        "debug_io_direct",
        "log_connections",
        "log_destination",
        "restrict_nonsystem_relation_kind",
        "wal_consistency_checking",
    }
)
_WORDS = (
    ("true", 1),
    ("yes", 1),
    ("on", 2),
    ("1", 1),
    ("false", 1),
    ("no", 1),
    ("off", 2),
    ("0", 1),
)
_BOOLEANS = {  # the server takes any beginning that is one word's alone
    word[:length]: word in ("true", "yes", "on", "1")
    for word, shortest in _WORDS
    for length in range(shortest, len(word) + 1)
}
_HIDDEN_CHOICES = {"debug": "debug2"}  # of levels of messages; pg_settings does not list it
_MEMORY = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
_TIME = {
    "us": Decimal("0.001"),
    "ms": Decimal(1),
    "s": Decimal(1000),
    "min": Decimal(60_000),
    "h": Decimal(3_600_000),
    "d": Decimal(86_400_000),
}
_NUMBER = re.compile(
    r"\s*([-+]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))\s*(\w*)\s*"
)

_OTHER_BASE = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[0-7]+)")


def words(name: str, value: SettingValue) -> tuple[str, ...]:
    """The literals that SET takes: one, or an element each for a list of identifiers.

    None for the word `default`, which means no setting at all, as in SET ... TO DEFAULT.
    """
    if value == "default":
        return ()
    if isinstance(value, tuple):
        elements = tuple(_word(item) for item in value)
        return (elements or ("",)) if name.lower() in QUOTED_LISTS else (", ".join(elements),)
    if name.lower() in QUOTED_LISTS and isinstance(value, str):
        return split_identifiers(value) or ("",)
    return (_word(value),)


def _word(value: bool | int | float | str) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def is_custom(name: str) -> bool:
    """Whether it may be an extension's parameter (valid_custom_variable_name in guc.c)."""
    return re.fullmatch(r"[^\W\d][\w$]*(\.[^\W\d][\w$]*)+", name) is not None


def split_identifiers(text: str) -> tuple[str, ...]:
    """As the server's SplitIdentifierString: unquoted ones are folded to lower case."""
    found = re.findall(r'\s*(?:"((?:[^"]|"")*)"|([^",]+?))\s*(?:,|$)', text)
    return tuple(
        quoted.replace('""', '"') if not plain else plain.strip().lower()
        for quoted, plain in found
        if quoted or plain.strip()
    )


def same(known: Parameter | None, name: str, stored: str, wanted: tuple[str, ...]) -> bool:
    """Whether the stored text means what is wanted, so that SET would change nothing."""
    if name in QUOTED_LISTS:
        return split_identifiers(stored) == tuple(w for w in wanted if w)
    value = wanted[0]
    if stored == value:
        return True
    if name in _PLAIN_LISTS:
        return _plain(stored) == _plain(value)
    if known is None:
        return False
    if known.type == "bool":
        truth = is_true(stored)
        return truth is not None and truth == is_true(value)
    if known.type == "enum":
        return _choice(stored) == _choice(value)
    if known.type in ("integer", "real"):
        number = number_of(known, stored)
        return number is not None and number == number_of(known, value)
    return name in ("timezone", "log_timezone") and stored.lower() == value.lower()


def _plain(text: str) -> list[str]:
    return [part.strip().lower() for part in text.split(",")]


def _choice(text: str) -> str | bool:
    """Enumerated values are compared without case; boolean words among them are aliases."""
    lower = text.lower()
    return _BOOLEANS.get(lower, _HIDDEN_CHOICES.get(lower, lower))


def is_true(text: str) -> bool | None:
    """None where it is no boolean."""
    return _BOOLEANS.get(text.lower())


def number_of(known: Parameter, text: str) -> Decimal | None:
    """The number in the parameter's own unit, rounded as the server does."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    literal, unit = match[1], match[2]
    try:
        number = Decimal(_integer(literal)) if _OTHER_BASE.fullmatch(literal) else Decimal(literal)
    except InvalidOperation:
        return None
    if unit:
        factor = _factor(known.unit or "", unit)
        if factor is None:
            return None
        number *= factor
    if known.type == "integer":
        return number.to_integral_value(ROUND_HALF_EVEN)
    return number.normalize()


def _integer(literal: str) -> int:
    """As strtol with base 0: hexadecimal after 0x, octal after 0."""
    sign = -1 if literal.startswith("-") else 1
    digits = literal.lstrip("+-").lower()
    return sign * (int(digits, 16) if digits.startswith("0x") else int(digits, 8))


def _factor(base: str, unit: str) -> Decimal | None:
    """How many of the parameter's unit, such as 8kB or ms, make one of the given unit."""
    match = re.fullmatch(r"(\d*)(\w+)", base)
    if match is None:
        return None
    multiple, word = Decimal(match[1] or 1), match[2]
    if word in _MEMORY and unit in _MEMORY:
        return Decimal(_MEMORY[unit]) / (_MEMORY[word] * multiple)
    if word in _TIME and unit in _TIME:
        return _TIME[unit] / (_TIME[word] * multiple)
    return None


def milliseconds(text: str) -> float | None:
    """A duration as the server reads one whose unit is ms."""
    found = number_of(Parameter("", "real", "ms", None, "", None), text)
    return None if found is None else float(found)


def problem(known: Parameter, wanted: tuple[str, ...]) -> str | None:
    """Why the server would refuse the value, as far as that can be told from here."""
    value = wanted[0]
    if known.type == "bool" and is_true(value) is None:
        return f"`{known.name}` is a boolean; `{value}` is none"
    if known.type in ("integer", "real") and number_of(known, value) is None:
        unit = f" (unit {known.unit})" if known.unit else ""
        return f"`{known.name}` is a number{unit}; `{value}` is none"
    if known.type == "enum" and known.choices:
        choices = {_choice(choice) for choice in known.choices}
        if _choice(value) not in choices:
            return f"`{known.name}` is one of {', '.join(known.choices)}; `{value}` is none"
    return None
