from __future__ import annotations

from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from tests.deploy.documents import DEFAULTS, DEPLOY, SECRETS, SETTLE_S, read_yaml
from tests.numbers import NUMBERS

SOCKETS = 10
"""Slack allows so many Socket Mode connections to an app."""
OLDEST, NEWEST = "1.30", "1.37"
"""The `sleep` before a stop is the newest thing in use: Kubernetes 1.30 has it without a switch."""

LIST = read_yaml("kubernetes/kustomization.yaml")
DOCUMENTS = {file: read_yaml(f"kubernetes/{file}") for file in LIST["resources"]}
SPEC = DOCUMENTS["deployment.yaml"]["spec"]
POD = SPEC["template"]["spec"]
(CONTAINER,) = POD["containers"]
SCALER = DOCUMENTS["horizontalpodautoscaler.yaml"]["spec"]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("file", DOCUMENTS)
def test_kubernetes_takes_it(file: str, version: str) -> None:
    kubernetes_validate.validate(DOCUMENTS[file], version, strict=True)


def test_every_file_is_on_the_list() -> None:
    assert {path.name for path in (DEPLOY / "kubernetes").iterdir()} == {"kustomization.yaml", *LIST["resources"]}


def test_everything_that_selects_workers_finds_them() -> None:
    labels = SPEC["template"]["metadata"]["labels"]
    selectors: list[Any] = [
        SPEC["selector"]["matchLabels"],
        DOCUMENTS["service.yaml"]["spec"]["selector"],
        DOCUMENTS["poddisruptionbudget.yaml"]["spec"]["selector"]["matchLabels"],
        DOCUMENTS["networkpolicy.yaml"]["spec"]["podSelector"]["matchLabels"],
        *(spread["labelSelector"]["matchLabels"] for spread in POD["topologySpreadConstraints"]),
    ]

    assert all(selector == labels for selector in selectors)
    assert SCALER["scaleTargetRef"]["name"] == DOCUMENTS["deployment.yaml"]["metadata"]["name"]


def test_it_asks_a_worker_where_it_answers() -> None:
    ports = {port["name"]: port["containerPort"] for port in CONTAINER["ports"]}
    asked = {name: CONTAINER[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}

    assert ports == {"events": int(DEFAULTS["BOT_HTTP_PORT"]), "metrics": 9464}
    assert {probe["port"] for probe in asked.values()} == {"metrics"}
    assert [probe["path"] for probe in asked.values()] == ["/healthz", "/healthz", "/readyz"]
    assert SPEC["template"]["metadata"]["annotations"]["prometheus.io/port"] == "9464"


def test_a_worker_gets_longer_to_stop_than_turns_get_to_end() -> None:
    pause_s = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain_s = int(DOCUMENTS["configmap.yaml"]["data"]["BOT_DRAIN_S"])

    assert POD["terminationGracePeriodSeconds"] >= pause_s + drain_s + SETTLE_S


def test_a_worker_can_write_to_its_own_directories_and_nowhere_else() -> None:
    may = CONTAINER["securityContext"]

    assert (may["readOnlyRootFilesystem"], may["allowPrivilegeEscalation"]) == (True, False)
    assert may["capabilities"] == {"drop": ["ALL"]}
    assert {mount["mountPath"] for mount in CONTAINER["volumeMounts"]} == {"/data", "/tmp"}
    assert all("emptyDir" in volume for volume in POD["volumes"])


def test_a_worker_runs_as_the_images_own_user() -> None:
    who = POD["securityContext"]

    assert f"\nUSER {who['runAsUser']}:{who['runAsGroup']}\n" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert (who["runAsNonRoot"], who["fsGroup"]) == (True, who["runAsGroup"])
    assert POD["automountServiceAccountToken"] is False


def test_secrets_stand_in_the_secret_and_all_else_beside_it() -> None:
    secret, public = DOCUMENTS["secret.yaml"]["stringData"], DOCUMENTS["configmap.yaml"]["data"]

    assert set(secret) <= SECRETS
    assert set(public) <= set(DEFAULTS) - SECRETS
    assert [source[kind]["name"] for source in CONTAINER["envFrom"] for kind in source] == ["bot", "bot"]


def test_no_secret_is_a_real_one() -> None:
    assert all("fill-in" in value for value in DOCUMENTS["secret.yaml"]["stringData"].values())


def test_it_scales_on_numbers_that_a_worker_has() -> None:
    named = {metric["pods"]["metric"]["name"] for metric in SCALER["metrics"]}

    assert "bot_queue_age_seconds" in named
    assert named <= set(NUMBERS)


def test_it_wants_fewer_turns_of_a_worker_than_that_runs() -> None:
    (busy,) = (one["pods"] for one in SCALER["metrics"] if one["pods"]["metric"]["name"] == "bot_agent_processes")

    assert int(busy["target"]["averageValue"]) < int(DOCUMENTS["configmap.yaml"]["data"]["BOT_MAX_TURNS_RUNNING"])


def test_slack_has_a_connection_for_every_worker_during_an_update_too() -> None:
    update = SPEC["strategy"]["rollingUpdate"]

    assert SCALER["maxReplicas"] + update["maxSurge"] <= SOCKETS
    assert update["maxUnavailable"] == 0
    assert SCALER["minReplicas"] > DOCUMENTS["poddisruptionbudget.yaml"]["spec"]["maxUnavailable"]


def test_agents_reach_nothing_inside_but_names_and_redis() -> None:
    policy = DOCUMENTS["networkpolicy.yaml"]["spec"]
    world = [(rule["to"][0]["ipBlock"], rule["ports"]) for rule in policy["egress"] if "ipBlock" in str(rule)]

    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert [port for _, ports in world for port in ports] == [{"port": 443}]
    assert "169.254.0.0/16" in world[0][0]["except"], "the cloud's credentials for machines"
