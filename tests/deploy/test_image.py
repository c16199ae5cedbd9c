"""The Dockerfile. That its steps work, and what comes out of them: `make image-steps`."""

from __future__ import annotations

import re
import shlex
import subprocess

from tests.deploy.documents import DEPLOY, REPOSITORY, tool
from tests.deploy.steps import steps_of

DOCKERFILE = DEPLOY / "Dockerfile"
STEPS = steps_of(DOCKERFILE)


def values_of(name: str) -> list[str]:
    return [step.value for step in STEPS if step.name == name]


def test_its_linter_has_nothing_to_say() -> None:
    said = subprocess.run(
        [str(tool("hadolint")), "--no-color", str(DOCKERFILE)], check=False, capture_output=True, text=True
    )

    assert (said.returncode, said.stdout) == (0, "")


def test_it_copies_files_that_are_there_and_reach_the_build() -> None:
    (ignored, *kept) = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    copied = {word for value in values_of("COPY") if "--from" not in value for word in shlex.split(value)[:-1]}

    assert ignored == "*"
    assert copied == {line.removeprefix("!") for line in kept if line.startswith("!")}
    assert all((REPOSITORY / source).exists() for source in copied)


def test_packages_are_installed_by_their_hashes_alone() -> None:
    (installing,) = (value for value in values_of("RUN") if "pip install" in value)

    assert '--require-hashes -r "$REQUIREMENTS"' in installing
    assert "REQUIREMENTS=requirements.lock" in values_of("ARG")


def test_it_runs_as_a_user_without_a_name_elsewhere_that_is_not_root() -> None:
    (user,) = values_of("USER")

    assert [number.isdigit() and int(number) > 0 for number in user.split(":")] == [True, True]


def test_its_health_is_asked_where_the_worker_says_it() -> None:
    (asked,), (env,) = values_of("HEALTHCHECK"), values_of("ENV")

    assert "BOT_METRICS_PORT=9464" in env
    assert "http://127.0.0.1:9464/healthz" in asked
    assert "9464" in values_of("EXPOSE")[0].split()


def test_what_the_docs_say_can_be_set_at_a_build_can() -> None:
    pages = [page for page in (REPOSITORY / "docs").rglob("*.md") if "--build-arg" in page.read_text("utf-8")]
    named = {name for page in pages for name in re.findall(r"--build-arg (\w+)=", page.read_text("utf-8"))}

    assert named == {value.partition("=")[0] for value in values_of("ARG")}


def test_the_docs_name_the_base_that_it_has() -> None:
    (base,) = (value.removeprefix("BASE=") for value in values_of("ARG") if value.startswith("BASE="))

    assert f"`{base}`" in (REPOSITORY / "docs/operations.md").read_text("utf-8")
