"""What the commands share: where settings come from, and how a command ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import click
from dotenv import dotenv_values

from bot import logs
from bot.config import SETTINGS

ENV_FILE: Final = Path(".env")

env_file_option = click.option(
    "--env-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of settings; those in the environment win. By default .env, if there is one.",
)

json_option = click.option("--json", "wants_json", is_flag=True, help="JSON, for programs.")


def environment(env_file: Path | None) -> dict[str, str]:
    """The environment, with what the file adds to it."""
    path = env_file or ENV_FILE
    written = dotenv_values(path, interpolate=False) if path.is_file() else {}
    return {name: value for name, value in written.items() if value is not None} | dict(os.environ)


def one_setting(attribute: str, environ: Mapping[str, str]) -> Any:
    """One setting; the others may still be missing. Ends the command when it is wrong."""
    setting = next(setting for setting in SETTINGS if setting.attribute == attribute)
    try:
        return setting.read(environ.get(setting.name, "").strip() or setting.default)
    except ValueError as wrong:
        end(2, f"{setting.name} {wrong}")


def end(status: int, *lines: str) -> NoReturn:
    """Say why on stderr, without secrets, and end with a status."""
    for line in lines:
        click.echo(logs.redact(line), err=True)
    sys.exit(status)
