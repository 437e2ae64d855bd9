"""What people look at, with a real Prometheus: Debian's, fetched by `.ci/prometheus`."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chiro_db.observe.families import FAMILIES
from chiro_db.report.alerts import alerting_rules
from chiro_db.report.dashboard import dashboard
from chiro_db.spec.load import load
from tests.cli.running import chirodb
from tests.fetched import fetched
from tests.observe.test_exporter import serving
from tests.provisioning import Provisioning

SPEC = """
database: {name: DATABASE, extensions: {pg_stat_statements: {schema: public}}}
slow_queries: {threshold: 1s}
backup: {schedule: daily}
services:
  shop: {schema: shop, owner: DATABASE_so, slow_queries: {threshold: 250ms}}
  "odd. \\"name\\"": {schema: books, owner: DATABASE_bo, backup: {schedule: hourly}}
"""
# Series, and the alert with its labels that they have to raise after an hour.
_RAISED: tuple[tuple[str, dict[str, str], str, str], ...] = (
    ('chirodb_up{instance="i"}', {"instance": "i"}, "0x120", "ChirodbDown"),
    ('chirodb_up{instance="i"}', {}, "1x10 _x120", "ChirodbSilent"),
    (
        'chirodb_service_backup_age_seconds{service="odd. \\"name\\""}',
        {"service": 'odd. "name"'},
        "7500x120",
        "ChirodbBackupTooOld",
    ),
    (
        'chirodb_service_idle_in_transaction_seconds{service="shop"}',
        {"service": "shop"},
        "400x120",
        "ChirodbIdleInTransaction",
    ),
)


@pytest.fixture(scope="module")
def programs() -> Path:
    """The folder of prometheus and promtool."""
    return fetched("prometheus").parent


@pytest.fixture
def shop(provision: Provisioning) -> Provisioning:
    provision.apply(SPEC)
    return provision


def test_promtool_accepts_the_rules_and_they_fire(
    programs: Path, shop: Provisioning, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text(chirodb("metrics", "rules", "--spec", str(shop.folder / "spec.yaml")).out)
    checked = subprocess.run(
        [programs / "promtool", "check", "rules", rules],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    slow = [r for r in _rules(rules.read_text()) if r["alert"] == "ChirodbSlowStatements"]
    assert ["> 0.25" in r["expr"] for r in slow] == [True, False]
    raised = [
        {
            "interval": "1m",
            "input_series": [{"series": series, "values": values}],
            "alert_rule_test": [
                {
                    "eval_time": "1h",
                    "alertname": alert,
                    "exp_alerts": [{"exp_labels": {**labels, **_severity(rules, alert)}}],
                }
            ],
        }
        for series, labels, values, alert in _RAISED
    ]
    _with_summaries(rules, raised)
    test = tmp_path / "test.yml"
    test.write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "tests": raised}))
    done = subprocess.run(
        [programs / "promtool", "test", "rules", test], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _rules(text: str) -> list[dict[str, Any]]:
    [group] = yaml.safe_load(text)["groups"]
    return list(group["rules"])


def _severity(rules: Path, alert: str) -> dict[str, str]:
    return next(r["labels"] for r in _rules(rules.read_text()) if r["alert"] == alert)


def _with_summaries(rules: Path, tests: list[dict[str, Any]]) -> None:
    """promtool compares annotations too; ours differ only in what Prometheus fills in."""
    text = {
        "ChirodbDown": "chirodb cannot ask the database",
        "ChirodbSilent": "no metrics come: is `chirodb metrics` running, and does it answer within"
        " the scrape's time-out?",
        "ChirodbBackupTooOld": 'the last good backup of odd. "name" is 2h 5m 0s old',
        "ChirodbIdleInTransaction": "shop is idle in a transaction for 6m 40s",
    }
    for test in tests:
        [expected] = test["alert_rule_test"]
        expected["exp_alerts"][0]["exp_annotations"] = {"summary": text[expected["alertname"]]}


@pytest.fixture
def prometheus(programs: Path, shop: Provisioning, tmp_path: Path) -> Iterator[str]:
    """One that scrapes `chirodb metrics --listen` again and again, with our rules."""
    rules = tmp_path / "rules.yml"
    rules.write_text(yaml.safe_dump(alerting_rules(load(shop.folder / "spec.yaml").spec)))
    with serving(shop.folder, shop.conninfo) as address:
        target = urllib.parse.urlsplit(address).netloc
        config = {
            "global": {
                "scrape_interval": "2s",
                "scrape_timeout": "2s",
                "evaluation_interval": "1s",
            },
            "rule_files": [str(rules)],
            "scrape_configs": [{"job_name": "chirodb", "static_configs": [{"targets": [target]}]}],
        }
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with subprocess.Popen(
            [
                programs / "prometheus",
                f"--config.file={tmp_path / 'prometheus.yml'}",
                f"--storage.tsdb.path={tmp_path / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()
                process.wait(20)


def asked(prometheus: str, path: str, **parameters: str) -> Any:
    url = f"{prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - ours
        return json.loads(answer.read())["data"]


def values(prometheus: str, query: str) -> dict[str, float]:
    """By service."""
    result = asked(prometheus, "query", query=query)["result"]
    return {one["metric"].get("service", ""): float(one["value"][1]) for one in result}


def until(prometheus: str, query: str) -> dict[str, float]:
    """Once it has an answer."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if found := values(prometheus, query):
                return found
        except OSError:  # not up yet
            pass
        time.sleep(0.2)
    raise AssertionError(f"Prometheus never had `{query}`")


def test_a_real_prometheus_scrapes_a_loaded_server(prometheus: str, shop: Provisioning) -> None:
    assert until(prometheus, "chirodb_up == 1") == {"": 1}
    with shop.database.connect() as connection:
        connection.execute(f"SET ROLE {shop.name}_so".encode())
        connection.execute("CREATE TABLE shop.t AS SELECT generate_series(1, 10000) AS i")
        rates: dict[str, float] = {}
        end = time.monotonic() + 60
        while not rates and time.monotonic() < end:
            for _ in range(50):
                connection.execute("SELECT count(*) FROM shop.t")
            rates = values(prometheus, "rate(chirodb_service_statements_total[20s]) > 5")
    assert set(rates) == {"shop"}
    assert until(prometheus, 'chirodb_service_size_bytes{kind="table"} > 300000').keys() == {"shop"}
    names = set(asked(prometheus, "label/__name__/values"))
    assert "chirodb_database_commits_total" in names
    for name in (n for n in names if n.startswith("chirodb_")):
        assert name.removesuffix("_total") in FAMILIES
    [group] = asked(prometheus, "rules")["groups"]
    assert {rule["health"] for rule in group["rules"]} <= {"ok", "unknown"}
    for expression in _drawn(shop):
        asked(prometheus, "query", query=expression)  # HTTP 400 where it is not PromQL


def _drawn(shop: Provisioning) -> Iterator[str]:
    """The dashboard's expressions, with what Grafana fills in."""
    for panel in dashboard(load(shop.folder / "spec.yaml").spec)["panels"]:
        for target in panel["targets"]:
            text = target["expr"].replace("$instance", ".*").replace("$service", ".*")
            yield text.replace("$__rate_interval", "1m")


def test_rules_and_dashboard_name_metrics_that_exist(shop: Provisioning) -> None:
    spec = load(shop.folder / "spec.yaml").spec
    [group] = alerting_rules(spec)["groups"]
    expressions = [rule["expr"] for rule in group["rules"]] + list(_drawn(shop))
    drawn = set()
    for expression in expressions:
        for name in re.findall(r"\bchirodb_\w+", expression):
            family = FAMILIES[name.removesuffix("_total")]
            assert name.endswith("_total") is (family.type == "counter"), name
            drawn.add(family.name)
    unused = set(FAMILIES) - drawn
    assert unused <= {
        "chirodb_scrape_duration_seconds", "chirodb_database_connection_limit",
        "chirodb_database_temp_bytes", "chirodb_database_blocks_hit",
        "chirodb_database_blocks_read", "chirodb_database_size_bytes",
        "chirodb_standby_lag_seconds", "chirodb_replay_delay_seconds", "chirodb_slot_active",
        "chirodb_service_commits", "chirodb_service_rollbacks",
        "chirodb_service_estimated_relations", "chirodb_service_backup_size_bytes",
    }  # fmt: skip


def test_the_dashboard_offers_the_services_of_the_spec(shop: Provisioning) -> None:
    board = json.loads(
        chirodb("metrics", "dashboard", "--spec", str(shop.folder / "spec.yaml")).out
    )
    [selector] = [v for v in board["templating"]["list"] if v["name"] == "service"]
    assert [option["value"] for option in selector["options"]] == ["shop", 'odd. "name"']
    [exporter] = [v for v in board["templating"]["list"] if v["name"] == "instance"]
    assert exporter["query"] == "label_values(chirodb_up, instance)"
    assert board["annotations"] == {"list": []}, "Grafana's schema requires it"
    zeros = {p["title"]: p["fieldConfig"]["defaults"].get("min") for p in board["panels"]}
    assert {title for title, least in zeros.items() if least is None} == {"Growth a day"}
    places = [tuple(panel["gridPos"].values())[:2] for panel in board["panels"]]
    assert len(set(places)) == len(places)
