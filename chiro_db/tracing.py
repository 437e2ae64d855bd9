"""Spans of what chirodb does, by OpenTelemetry's API (the extra `otel`); else nothing.

OTEL_EXPORTER_OTLP_ENDPOINT and its siblings say where they go, as everywhere; a TRACEPARENT in the
environment, such as a CI server's, is their parent.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

_DESTINATIONS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_TRACES_EXPORTER",
)
_PATIENCE = 2.0  # seconds that a collector which is gone may cost
Attribute = str | int | float | bool | tuple[str, ...]


@contextmanager
def span(name: str, **attributes: Attribute) -> Iterator[dict[str, Attribute]]:
    """What is put into the dictionary becomes attributes when it ends; `_` stands for a dot."""
    found: dict[str, Attribute] = {}
    tracer = _tracer()
    if tracer is None:
        yield found
        return
    with tracer.start_as_current_span(f"chirodb.{name}", context=_parent()) as current:
        try:
            yield found
        finally:
            for key, value in {**attributes, **found}.items():
                current.set_attribute(key.replace("_", "."), value)


@cache
def _tracer() -> Tracer | None:
    """None where nobody listens: the packages are not even looked for."""
    listened = any(os.environ.get(name) for name in _DESTINATIONS)
    if not listened and "opentelemetry.trace" not in sys.modules:
        return None
    try:
        from opentelemetry import trace

        if listened and isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
            trace.set_tracer_provider(_provider())
    except ImportError:
        return None
    from chiro_db import __version__

    return trace.get_tracer("chirodb", __version__)


def _provider() -> Any:
    """Of the SDK; it sends what is left when the process ends, and gives up soon."""
    import logging

    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = os.environ.get("OTEL_SERVICE_NAME") or "chirodb"
    made = TracerProvider(resource=Resource.create({"service.name": named}))
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "none":
        given = "OTEL_EXPORTER_OTLP_TIMEOUT" in os.environ
        exporter = OTLPSpanExporter() if given else OTLPSpanExporter(timeout=_PATIENCE)
        made.add_span_processor(BatchSpanProcessor(exporter))
        # one line where nobody listens, not one for each try
        logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
    return made


def _parent() -> Context | None:
    """The span that is open, else the one of TRACEPARENT; None: as it is."""
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    given = os.environ.get("TRACEPARENT")
    if given is None or trace.get_current_span().get_span_context().is_valid:
        return None
    return TraceContextTextMapPropagator().extract({"traceparent": given})
