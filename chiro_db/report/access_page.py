"""Who can do what as one HTML page that needs nothing else: docs/commands/access.md."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chiro_db.access.matrix import Cell, Level, Matrix, Row
from chiro_db.report import access_words as words
from chiro_db.report.words import visible

_FILES = Path(__file__).parent / "page"


def access_html(matrix: Matrix, *, server: Mapping[str, Any], target: str = "") -> str:
    """Names stand in JSON alone, which the page's script writes as text."""
    lines: dict[tuple[str, str], int] = {}
    where = f"{target}, " if target else ""
    found = {
        "database": visible(matrix.database),
        "about": visible(f"{where}PostgreSQL {server['version']} at {server['host']}"),
        "services": [visible(service) for service in matrix.services],
        "roles": [_row(row, matrix, lines) for row in matrix.rows if row.cells],
        "lines": [],
    }
    found["lines"] = list(lines)
    parts = {
        "title": html.escape(f"Access: {visible(matrix.database)}"),
        "style": _text("access.css"),
        "script": _text("access.js"),
        "data": _inside_script(found),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: parts[mark[1]], _text("access.html"))


def _text(name: str) -> str:
    return (_FILES / name).read_text(encoding="utf-8")


def _inside_script(value: Any) -> str:
    """JSON that cannot end the element that it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _row(row: Row, matrix: Matrix, lines: dict[tuple[str, str], int]) -> dict[str, Any]:
    index = {service: i for i, service in enumerate(matrix.services)}
    return {
        "name": words.name(row.role),
        "login": row.login,
        "declared": row.declared,
        "service": None if row.service is None else visible(row.service),
        "remarks": words.remarks(row),
        "cells": [
            _cell(index[service], cell, lines)
            for service, cell in sorted(row.cells.items(), key=lambda item: index[item[0]])
        ],
    }


def _cell(service: int, cell: Cell, lines: dict[tuple[str, str], int]) -> dict[str, Any]:
    """Lines are many times the same, so that each stands in the page once."""
    return {
        "service": service,
        "level": cell.level.word,
        "part": words.part(cell),
        "writes": bool(cell.writes),
        "usable": cell.usable or cell.level is Level.NONE,
        "becomes": cell.becomes_level.word if cell.becomes else "",
        "lines": [lines.setdefault(line, len(lines)) for line in words.explained(cell)],
    }
