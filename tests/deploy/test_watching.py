"""The dashboard and the alerts ask for numbers that workers have."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest

from bot.model import CallResult, Ending, Stage, Taken
from tests.deploy.documents import DEPLOY, REPOSITORY, read_yaml
from tests.numbers import BY_SERIES
from tests.requirements_of_machine import needs

DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/bot.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
(GROUP,) = read_yaml("prometheus/rules.yml")["groups"]
ALERTS = {rule["alert"]: rule for rule in GROUP["rules"]}
OPERATIONS = (REPOSITORY / "docs/operations.md").read_text(encoding="utf-8")

VALUES: dict[str, set[str]] = {
    "stage": {*Stage},
    "taken": {*Taken},
    "ending": {*Ending},
    "result": {*CallResult},
    "state": {"running", "idle", "spares"},
    "kind": {"redis_can_evict", "redis_not_persistent"},
}
ADDED_BY_PROMETHEUS = {"instance", "job", "le"}


def plain(query: str) -> str:
    """A query as Grafana sends it."""
    return query.replace("$__rate_interval", "5m").replace("$worker", ".*")


def queries() -> Iterator[tuple[str, str]]:
    for panel in PANELS:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", plain(target["expr"])
    for name, rule in ALERTS.items():
        yield name, rule["expr"]


QUERIES = dict(queries())


def parts(query: str, kind: type[Any]) -> list[Any]:
    """Everything of a kind in a query. ValueError for one that Prometheus would not take."""
    found: list[Any] = []

    def note(part: Any) -> bool:
        if isinstance(part, kind):
            found.append(part)
        return True

    promql_parser.walk(promql_parser.parse(query), pre_visit=note)
    return found


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_it_asks_for_numbers_and_labels_that_there_are(query: str) -> None:
    selectors = parts(query, promql_parser.VectorSelector)

    assert selectors
    for selector in selectors:
        labels = BY_SERIES[selector.name].labels | ADDED_BY_PROMETHEUS
        assert {matcher.name for matcher in selector.matchers.matchers} <= labels


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_it_looks_for_values_that_labels_have(query: str) -> None:
    for selector in parts(query, promql_parser.VectorSelector):
        for matcher in selector.matchers.matchers:
            if matcher.name in VALUES:
                assert set(matcher.value.split("|")) <= VALUES[matcher.name]


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_it_groups_by_labels_that_the_numbers_have(query: str) -> None:
    for aggregate in parts(query, promql_parser.AggregateExpr):
        if aggregate.modifier is not None:
            (name, *_) = [one.name for one in parts(aggregate.prettify(), promql_parser.VectorSelector)]
            assert set(aggregate.modifier.labels) <= BY_SERIES[name].labels | ADDED_BY_PROMETHEUS


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_what_only_grows_is_asked_how_fast(query: str) -> None:
    growing = re.findall(r"\b\w+_(?:total|bucket)\b", query)
    asked = re.findall(r"\b(?:rate|increase)\(\w+_(?:total|bucket)\b", query)

    assert len(growing) == len(asked)


# --- the dashboard ----------------------------------------------------------------------------------------------------


def test_everything_that_the_bot_counts_is_on_the_dashboard() -> None:
    shown = {
        BY_SERIES[selector.name].name
        for panel in PANELS
        for target in panel["targets"]
        for selector in parts(plain(target["expr"]), promql_parser.VectorSelector)
    }

    assert shown >= {number.name for number in BY_SERIES.values() if number.name.startswith("bot_")}


def test_panels_stand_beside_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert all(x < 24 for x, _ in cells)
        taken |= cells

    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))


def test_it_asks_the_data_source_that_compose_sets_up() -> None:
    (source,) = read_yaml("grafana/datasources/prometheus.yaml")["datasources"]
    asked = {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]}

    assert asked == {source["uid"]}


def test_grafana_looks_where_the_dashboard_is() -> None:
    (provider,) = read_yaml("grafana/dashboards/dashboards.yaml")["providers"]
    grafana = read_yaml("compose.yaml")["services"]["grafana"]

    assert "./grafana:/etc/grafana/provisioning:ro" in grafana["volumes"]
    assert provider["options"]["path"] == "/etc/grafana/provisioning/dashboards"


# --- alerts -----------------------------------------------------------------------------------------------------------


def test_prometheus_takes_the_rules_and_its_own_settings() -> None:
    promtool = str(needs("promtool"))

    said = subprocess.run(
        [promtool, "check", "config", "prometheus.yml"],
        check=False,
        cwd=DEPLOY / "prometheus",
        capture_output=True,
        text=True,
    )

    assert said.returncode == 0, said.stderr
    assert f"{len(ALERTS)} rules found" in said.stdout


def test_each_alert_is_raised_when_it_should_be_and_none_when_all_is_well() -> None:
    said = subprocess.run(
        [str(needs("promtool")), "test", "rules", str(Path(__file__).with_name("alerts.yml"))],
        check=False,
        capture_output=True,
        text=True,
    )

    assert said.returncode == 0, said.stdout + said.stderr


def test_each_alert_is_tried() -> None:
    tried = Path(__file__).with_name("alerts.yml").read_text(encoding="utf-8")

    assert set(re.findall(r'alertname="(\w+)"', tried)) == set(ALERTS)


def test_operations_says_what_to_do_about_each_alert_and_no_other() -> None:
    assert sorted(re.findall(r"^\| (Bot\w+) \|", OPERATIONS, re.MULTILINE)) == sorted(ALERTS)


@pytest.mark.parametrize("rule", ALERTS.values(), ids=ALERTS)
def test_an_alert_says_how_bad_it_is_and_what_it_means(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["description"]
