"""Colours of a terminal, and lines that fit into it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chiro_db.report.words import cells, tokens


class Style(StrEnum):
    """The codes of ECMA-48; nothing is said by colour alone."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"


@dataclass(frozen=True, slots=True)
class Span:
    """Words of one style."""

    text: str
    style: Style = Style.PLAIN
    whole: bool = False  # not to be broken


@dataclass(frozen=True, slots=True)
class Screen:
    """How wide it is and whether it has colours."""

    width: int
    color: bool

    def paint(self, text: str, style: Style) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.color and style and text else text

    def wrapped(self, spans: Iterable[Span], *, indent: int, hang: int) -> str:
        """Broken between words, never inside a name; later lines start at `hang`."""
        spans = [span for span in spans if span.text]
        if self._fits(spans, indent):
            return " " * indent + self._row([(span.text, span.style) for span in spans])
        rows: list[list[tuple[str, Style]]] = [[]]
        used = indent
        for span in spans:
            for token in [span.text] if span.whole else tokens(span.text):
                size = cells(token)
                if rows[-1] and used + 1 + size > self.width:
                    rows.append([])
                    used = hang
                used += size + (1 if rows[-1] else 0)
                rows[-1].append((token, span.style))
        starts = [" " * indent, *[" " * hang] * (len(rows) - 1)]
        return "\n".join(s + self._row(row) for s, row in zip(starts, rows, strict=True))

    def _fits(self, spans: Sequence[Span], indent: int) -> bool:
        """Whether one line takes it as it is, which is most often so; else word by word."""
        return indent + len(spans) - 1 + sum(len(s.text) for s in spans) <= self.width and all(
            s.text.isascii() and "  " not in s.text and s.text == s.text.strip() for s in spans
        )

    def _row(self, row: Sequence[tuple[str, Style]]) -> str:
        """Neighbours of one style are painted together."""
        runs: list[tuple[list[str], Style]] = []
        for token, style in row:
            if runs and runs[-1][1] == style:
                runs[-1][0].append(token)
            else:
                runs.append(([token], style))
        return " ".join(self.paint(" ".join(words), style) for words, style in runs)
