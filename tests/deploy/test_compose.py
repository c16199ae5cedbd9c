from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.deploy.documents import DEFAULTS, DEPLOY, REPOSITORY, SETTLE_S, read_yaml, tool

COMPOSE = read_yaml("compose.yaml")
BOT = COMPOSE["services"]["bot"]


def test_docker_compose_takes_it(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    shutil.copy(DEPLOY / "env.example", tmp_path / ".env")

    said = subprocess.run(
        [str(tool("docker-compose")), "-f", "deploy/compose.yaml", "config", "--quiet"],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_two_workers_share_a_redis_that_keeps_what_it_is_given() -> None:
    redis = COMPOSE["services"]["redis"]

    assert BOT["deploy"]["replicas"] == 2
    assert BOT["environment"]["REDIS_URL"].startswith("redis://redis:")
    assert BOT["depends_on"]["redis"]["condition"] == "service_healthy"
    assert redis["command"] == ["redis-server", "--appendonly", "yes", "--maxmemory-policy", "noeviction"]
    assert redis["volumes"] == ["redis-data:/data"]


def test_a_worker_can_write_to_its_own_directory_and_nowhere_else() -> None:
    assert BOT["read_only"] is True
    assert BOT["volumes"] == ["/data"], "one of its own, not shared between workers"
    assert [mount.split(":")[0] for mount in BOT["tmpfs"]] == ["/tmp"]
    assert BOT["cap_drop"] == ["ALL"]


def test_a_worker_gets_longer_to_stop_than_turns_get_to_end() -> None:
    assert int(BOT["stop_grace_period"].removesuffix("s")) >= int(DEFAULTS["BOT_DRAIN_S"]) + SETTLE_S


def test_prometheus_reads_every_worker() -> None:
    (job,) = read_yaml("prometheus/prometheus.yml")["scrape_configs"]
    (workers,) = job["dns_sd_configs"]

    assert workers["names"] == ["bot"]
    assert f"EXPOSE 3000 {workers['port']}" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def test_grafana_asks_that_prometheus() -> None:
    (source,) = read_yaml("grafana/datasources/prometheus.yaml")["datasources"]

    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in COMPOSE["services"]


def test_every_image_but_ours_has_a_version() -> None:
    others = [service["image"] for name, service in COMPOSE["services"].items() if name != "bot"]

    assert all(":" in image and not image.endswith(":latest") for image in others)


def test_every_directory_that_it_mounts_is_there() -> None:
    mounts = [mount for service in COMPOSE["services"].values() for mount in service.get("volumes", [])]
    ours = [mount.split(":")[0] for mount in mounts if mount.startswith(".")]

    assert ours
    assert all((DEPLOY / path).is_dir() for path in ours)
    assert (REPOSITORY / "deploy" / BOT["build"]["context"] / BOT["build"]["dockerfile"]).is_file()
