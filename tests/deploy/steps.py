"""The steps of a Dockerfile, carried out one by one in directories."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from dockerfile_parse import DockerfileParser

from tests.deploy.roots import Root

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(slots=True)
class Stage:
    """An image in the making, or made."""

    root: Root
    env: dict[str, str]
    user: str = "0:0"
    cwd: str = "/"
    volumes: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health_check: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction and what stands behind it."""

    name: str
    value: str


def steps_of(dockerfile: Path) -> list[Step]:
    """In their order, without comments."""
    parsed = DockerfileParser(path=str(dockerfile)).structure
    return [Step(one["instruction"], one["value"]) for one in parsed if one["instruction"] != "COMMENT"]


class Build:
    """Carries out the steps.

    Args:
        base: what every stage begins from.
        context: the directory that files are copied from.
        work: where the stages are put.
    """

    def __init__(self, base: Root, context: Path, work: Path) -> None:
        self._base = base
        self._context = context
        self._work = work
        self._arguments: dict[str, str] = {}
        self._stages: dict[str, Stage] = {}

    def carry_out(self, steps: list[Step]) -> Stage:
        """The last stage. Raises CalledProcessError for a step that fails, LookupError for an unknown one."""
        for step in steps:
            print(f"--- {step.name} {step.value}", flush=True)  # noqa: T201
            if step.name == "FROM":
                self._begin(step.value)
            elif step.name == "ARG":
                name, _, default = step.value.partition("=")
                self._arguments[name] = default
            else:
                self._one(step, list(self._stages.values())[-1])
        return list(self._stages.values())[-1]

    def _begin(self, value: str) -> None:
        name = value.partition(" AS ")[2] or "image"
        self._stages[name] = Stage(self._base.copy(self._work / name), {"PATH": PATH, "HOME": "/root"})

    def _one(self, step: Step, stage: Stage) -> None:
        match step.name:
            case "RUN":
                env = self._arguments | stage.env
                stage.root.run(["/bin/sh", "-c", step.value], user=stage.user, cwd=stage.cwd, env=env)
            case "COPY":
                self._copy(step.value, stage)
            case "WORKDIR":
                stage.cwd = step.value
                _inside(stage, step.value).mkdir(parents=True, exist_ok=True)
            case "ENV":
                stage.env |= dict(_assignments(step.value, stage.env))
            case "USER":
                stage.user = step.value
            case "VOLUME":
                stage.volumes.append(step.value)
            case "ENTRYPOINT":
                stage.entrypoint = json.loads(step.value)
            case "CMD":
                stage.command = json.loads(step.value)
            case "HEALTHCHECK":
                stage.health_check = json.loads(step.value.partition("CMD ")[2])
            case "EXPOSE" | "STOPSIGNAL":
                pass  # an engine's business
            case _:
                raise LookupError(step.name)

    def _copy(self, value: str, stage: Stage) -> None:
        words = shlex.split(value)
        place = self._context
        if words[0].startswith("--from="):
            place = self._stages[words.pop(0).removeprefix("--from=")].root.path
        *sources, target = words
        there = _inside(stage, target)
        for source in sources:
            path = place / source.lstrip("/")
            if path.is_dir():
                leave = shutil.ignore_patterns("__pycache__") if place == self._context else None
                shutil.copytree(path, there, symlinks=True, ignore=leave, dirs_exist_ok=True)
            else:
                there.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, there)


def _inside(stage: Stage, path: str) -> Path:
    return stage.root.path / str(Path(stage.cwd) / path).lstrip("/")


def _assignments(value: str, env: dict[str, str]) -> Iterator[tuple[str, str]]:
    for word in shlex.split(value):
        name, _, text = word.partition("=")
        yield name, Template(text).substitute(env)
