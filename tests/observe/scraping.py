"""What a scrape says, by name and labels."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from chiro_db.catalog.connect import connected
from chiro_db.observe.sampling import Scrape
from chiro_db.observe.session import looking
from tests.provisioning import Provisioning

Scraped = Mapping[tuple[str, tuple[str, ...]], float]


def scraped(provision: Provisioning, spec: str) -> Scraped:
    """In process, by (name, labels)."""
    job = provision.job(spec)
    with connected(job.to) as connection, looking(connection):
        found = list(Scrape(connection, job.loaded.spec).samples())
    return {(sample.name, sample.labels): sample.value for sample in found}


def parsed(text: str) -> Mapping[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Of the text format, as Prometheus reads it."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
