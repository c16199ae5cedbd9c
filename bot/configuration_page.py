"""docs/configuration.md, made from the settings that the code has.

`make configuration-page` writes it; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from bot.config import SETTINGS, Setting

OPENING: Final = """\
# Configuration

<!-- Made from bot/config.py by `make configuration-page`: change it there. -->

The bot is configured by environment variables, and by a file `.env` in the directory it is started in, or the one named
with `--env-file`. What is in the environment wins over the file. A blank value counts as missing.

`python -m bot run` lists everything that is wrong or missing at once, and ends with status 2 before it connects to
anything. `python -m bot doctor` then tries each of the services. A name that is almost one of these (`BOT_ADMIN`) is
reported as well. Settings marked *secret* never appear in a log line or an error message.

One of `SLACK_APP_TOKEN` (Socket Mode: the bot connects to Slack, nothing needs to reach it) and `SLACK_SIGNING_SECRET`
(HTTP: Slack connects to the bot) is needed. With both, Socket Mode is used unless `BOT_TRANSPORT=http`.
"""

CLOSING: Final = """\
## The demo

`python -m bot demo` makes its own Slack, Redis and, without `ANTHROPIC_API_KEY`, its own model; the other settings are
taken as above. Its page is at port 8642, unless `BOT_DEMO_PORT` says otherwise; whole conversations are read
at the port after that, unless `BOT_HTTP_PORT` does.

## Credentials and address of the model

These are not the bot's settings: they go on to Claude's CLI as they are. `ANTHROPIC_API_KEY` is the usual one;
`ANTHROPIC_BASE_URL` points it elsewhere; `CLAUDE_CODE_USE_BEDROCK` with `AWS_*`, or `CLAUDE_CODE_USE_VERTEX` with
`GOOGLE_*`, `VERTEX_*` and `CLOUD_ML_REGION`, use another provider. So do `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` and
`NODE_EXTRA_CA_CERTS`, and `CLAUDE_CONFIG_DIR`, where the CLI keeps its own files. Slack's tokens and the address of
Redis do not reach it.
"""


def page() -> str:
    """The whole page, as Markdown."""
    sections = [
        "\n".join([f"## {group}", "", "| name | default | meaning |", "| --- | --- | --- |", *map(_row, settings), ""])
        for group, settings in _groups()
    ]
    return "\n".join([OPENING, *sections, CLOSING])


def _groups() -> Iterator[tuple[str, list[Setting]]]:
    for group, settings in groupby(SETTINGS, key=lambda setting: setting.group):
        yield group, list(settings)


def _row(setting: Setting) -> str:
    default = f"`{setting.default}`" if setting.default else ""
    meaning = f"{setting.meaning} *Secret.*" if setting.secret else setting.meaning
    return f"| `{setting.name}` | {default} | {meaning} |"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - its output is the page
