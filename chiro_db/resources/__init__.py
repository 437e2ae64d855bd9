"""Where the shipped files are: in the wheel beside this module, else in the checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGED = Path(__file__).parent
_CHECKOUT = _PACKAGED.parent.parent


def folder(name: str) -> Path:
    """The folder `sql_templates` or `schema_specs`."""
    packaged = _PACKAGED / name
    return packaged if packaged.is_dir() else _CHECKOUT / name


@cache
def text(path: str) -> str:
    """The text of a shipped file such as `sql_templates/role/inspect.sql`."""
    root, _, rest = path.partition("/")
    return (folder(root) / rest).read_text(encoding="utf-8")
