"""The valid name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class Vocabulary:
    """Valid names; looking for a near one takes time, so that the first misses alone get it."""

    def __init__(self, names: Iterable[str], misses: int = 20) -> None:
        self.names = frozenset(names)
        self._misses = misses
        self._hints: dict[str, str | None] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def hint(self, word: str, otherwise: str | None = None) -> str | None:
        """A question that names the nearest name, if one is near."""
        if word not in self._hints and len(self._hints) < self._misses:
            self._hints[word] = self._nearest(word)
        nearest = self._hints.get(word)
        return f"did you mean `{nearest}`?" if nearest else otherwise

    def _nearest(self, word: str) -> str | None:
        lowered = {name.lower(): name for name in sorted(self.names)}
        close = get_close_matches(word.lower(), lowered, n=1)
        return lowered[close[0]] if close else None
