"""Spans as a collector gets them: OTLP by HTTP, from chirodb as a process of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.cli.running import chirodb
from tests.provisioning import Provisioning
from tests.provisioning import provision as provision

SPEC = """
services: {shop: {schema: shop, owner: DATABASE_so}}
backup: {to: ./backups}
"""
TRACE, PARENT = "5bd66ef5095369c7b0d1f8f4bd33716a", "c532cb4098ac3dd2"


@dataclass
class Received:
    """What came in."""

    address: str
    spans: list[Any] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    def of(self, name: str) -> list[Any]:
        return [span for span in self.spans if span.name == name]


@pytest.fixture
def collector() -> Iterator[Received]:
    """One that takes everything."""
    received = Received("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for attribute in resource.resource.attributes:
                    if attribute.key == "service.name":
                        received.services.add(attribute.value.string_value)
                for scope in resource.scope_spans:
                    received.spans += scope.spans
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        received.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield received
        server.shutdown()
        thread.join()


def run(provision: Provisioning, *arguments: str, **env: str) -> None:
    given = ("--spec", str(provision.folder / "spec.yaml"), "--url", provision.conninfo)
    ran = chirodb(*arguments, *given, env=env)
    assert ran.code == 0, ran.err
    assert "opentelemetry" not in ran.err.lower()


def attributes(span: Any) -> dict[str, Any]:
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


def test_plan_apply_and_backup_are_spans(provision: Provisioning, collector: Received) -> None:
    provision.job(SPEC)
    where = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}
    where["TRACEPARENT"] = f"00-{TRACE}-{PARENT}-01"
    run(provision, "apply", "--yes", **where)
    assert collector.services == {"chirodb"}
    assert {span.trace_id.hex() for span in collector.spans} == {TRACE}
    [apply] = collector.of("chirodb.apply")
    assert apply.parent_span_id.hex() == PARENT
    said = attributes(apply)
    assert said["db.system.name"] == "postgresql"
    assert said["db.namespace"] == provision.name
    assert said["chirodb.changes"] > 3
    inner = [s for s in collector.of("chirodb.plan") if s.parent_span_id == apply.span_id]
    assert inner, "the checks within an apply are its children"
    collector.spans.clear()
    run(provision, "backup", "run", **where)
    [backup] = collector.of("chirodb.backup")
    assert backup.parent_span_id.hex() == PARENT


def test_a_failure_is_in_the_span(
    tmp_path: Path, provision: Provisioning, collector: Received
) -> None:
    provision.query("CREATE SCHEMA shop")
    provision.job(
        "services: {shop: {schema: shop, owner: DATABASE_so, grants:"
        " [{to: DATABASE_x, level: read, tables: [none]}]}}\nroles: {DATABASE_x: {}}"
    )
    given = ("--spec", str(provision.folder / "spec.yaml"), "--url", provision.conninfo)
    where = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}
    assert chirodb("plan", *given, env=where).code == 1
    [plan] = collector.of("chirodb.plan")
    assert plan.status.code == 2  # STATUS_CODE_ERROR
    assert plan.events[0].name == "exception"


def test_without_the_packages_nothing_is_traced(provision: Provisioning, tmp_path: Path) -> None:
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").write_text("raise ImportError")
    provision.job(SPEC)
    path = str(tmp_path) + os.pathsep + os.environ.get("PYTHONPATH", "")
    run(provision, "plan", PYTHONPATH=path, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
