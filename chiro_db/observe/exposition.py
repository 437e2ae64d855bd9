"""Samples in Prometheus' text format, by `prometheus_client` (the extra `metrics`)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from chiro_db.errors import ChirodbError
from chiro_db.observe.families import FAMILIES, Sample

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from prometheus_client.registry import CollectorRegistry

Take = Callable[[], Iterable[Sample]]


class Collector:
    """Takes samples when it is asked, one scrape at a time."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._lock = threading.Lock()

    def describe(self) -> list[Metric]:
        """Nothing is asked of the server for a registration."""
        return []

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        with self._lock:
            taken = list(self._take())
        found: dict[str, list[Sample]] = {}
        for sample in taken:
            found.setdefault(sample.name, []).append(sample)
        for name, family in FAMILIES.items():
            if name not in found:
                continue
            kind = CounterMetricFamily if family.type == "counter" else GaugeMetricFamily
            metric = kind(name, family.help, labels=family.labels)
            for sample in found[name]:
                metric.add_metric(sample.labels, sample.value)
            yield metric


def registry(take: Take) -> CollectorRegistry:
    """ChirodbError where the extra is not installed."""
    try:
        from prometheus_client.registry import CollectorRegistry
    except ImportError:
        raise ChirodbError(
            "metrics need the package prometheus_client",
            hint="pip install 'chirodb[metrics]'",
        ) from None
    made = CollectorRegistry(auto_describe=False)
    made.register(Collector(take))
    return made


def exposed(found: CollectorRegistry) -> str:
    from prometheus_client.exposition import generate_latest

    return generate_latest(found).decode()


def write_textfile(path: Path, found: CollectorRegistry) -> None:
    """For node_exporter: it never reads half of a file."""
    from prometheus_client.exposition import write_to_textfile

    try:
        write_to_textfile(str(path), found)
    except OSError as error:
        raise ChirodbError(f"cannot write `{path}`: {error.strerror or error}") from None
