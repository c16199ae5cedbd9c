"""The operator's settings: one frozen value, read once from a mapping, with every problem reported at once.

Each field of `Settings` declares its environment name, default and meaning; `SETTINGS` lists them, and
docs/configuration.md is made from that list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot import settings_values as values
from bot.approvers import Approving
from bot.errors import SettingsError

LEASE_MAX_S: Final = 10.0
"""A dead worker's threads must be taken over within seconds."""


class Transport(StrEnum):
    """How Slack's events arrive."""

    AUTO = "auto"
    """Socket Mode when there is an app-level token, else HTTP. Parsed settings never hold this."""
    SOCKET = "socket"
    HTTP = "http"


class LogFormat(StrEnum):
    JSON = "json"
    TEXT = "text"


class Streaming(StrEnum):
    """How an answer is shown while it is written."""

    AUTO = "auto"
    STREAM = "stream"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, as operators see it.

    Args:
        name: the environment variable.
        attribute: the field of `Settings`.
        group: under which heading it is listed.
        meaning: one or two sentences.
        default: as one would write it into the environment; empty when there is none.
        empty: its value without text and default.
        secret: never shown, neither in a repr nor in a problem.
        read: makes the value from the text; ValueError says what is wrong.
    """

    name: str
    attribute: str
    group: str
    meaning: str
    default: str
    empty: object
    secret: bool
    read: Callable[[str], object]


def _setting(
    name: str,
    group: str,
    meaning: str,
    read: Callable[[str], object],
    default: str = "",
    *,
    empty: object = "",
    secret: bool = False,
) -> Any:
    """A field of Settings. Any, since a dataclass field stands for the type beside it."""
    described = {"name": name, "group": group, "meaning": meaning, "default": default, "secret": secret, "read": read}
    described["empty"] = empty
    return field(repr=not secret, metadata=described)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator decides. Secrets don't show in its repr."""

    slack_bot_token: str = _setting(
        "SLACK_BOT_TOKEN", "Slack", "The app's bot token (`xoxb-…`). Required.", values.bot_token, secret=True
    )
    slack_app_token: str = _setting(
        "SLACK_APP_TOKEN",
        "Slack",
        "The app-level token (`xapp-…`, scope `connections:write`): events arrive over Socket Mode.",
        values.app_token,
        secret=True,
    )
    slack_signing_secret: str = _setting(
        "SLACK_SIGNING_SECRET",
        "Slack",
        "The signing secret: events arrive over HTTP at `/slack/events`.",
        values.signing_secret,
        secret=True,
    )
    slack_client_id: str = _setting(
        "SLACK_CLIENT_ID",
        "Slack",
        "The app's client id: any number of workspaces install it from `/slack/install`. It takes the place of "
        "`SLACK_BOT_TOKEN`, and needs HTTP.",
        values.text,
    )
    slack_client_secret: str = _setting(
        "SLACK_CLIENT_SECRET", "Slack", "The app's client secret.", values.signing_secret, secret=True
    )
    encryption_keys: tuple[str, ...] = _setting(
        "BOT_ENCRYPTION_KEY",
        "Slack",
        "Seals the tokens of workspaces in Redis: 32 random bytes in base64 (`openssl rand -base64 32`). Of several, "
        "comma separated, the first one seals and all of them open.",
        values.encryption_keys,
        empty=(),
        secret=True,
    )
    workspaces: frozenset[str] = _setting(
        "BOT_WORKSPACES",
        "Slack",
        "Ids of the workspaces (`T…`) and organisations (`E…`) that may install the app, comma separated; all when "
        "empty.",
        values.workspace_ids,
        empty=frozenset(),
    )
    uninstall_grace_days: float = _setting(
        "BOT_UNINSTALL_GRACE_DAYS",
        "Slack",
        "Days after a workspace removed the app that its data is kept, should it come back.",
        values.number(0, 3650),
        "7",
    )
    slack_api_url: str = _setting(
        "SLACK_API_URL", "Slack", "Where Slack's Web API is.", values.base_url, "https://slack.com/api/"
    )
    transport: Transport = _setting(
        "BOT_TRANSPORT",
        "Slack",
        "`socket`, `http`, or `auto`: Socket Mode when `SLACK_APP_TOKEN` is set, else HTTP.",
        values.choice(Transport),
        "auto",
    )
    ingress: bool = _setting(
        "BOT_INGRESS",
        "Slack",
        "Whether this worker takes Slack's events. With `false` it only runs turns, of messages that others took; it "
        "needs no `SLACK_APP_TOKEN` and no `SLACK_SIGNING_SECRET`.",
        values.boolean,
        "true",
    )
    http_host: str = _setting("BOT_HTTP_HOST", "Slack", "The address that HTTP listens on.", values.text, "0.0.0.0")
    http_port: int = _setting(
        "BOT_HTTP_PORT", "Slack", "The port that HTTP listens on; 0 takes any free one.", values.whole(0, 65535), "3000"
    )
    public_url: str = _setting(
        "BOT_PUBLIC_URL",
        "Slack",
        "How browsers reach what HTTP listens on, as `https://bot.example.com/`: `show` then links to a page with the "
        "whole conversation. No page when empty.",
        values.base_url,
        empty="",
    )
    admins: frozenset[str] = _setting(
        "BOT_ADMINS",
        "People",
        "User ids of admins, comma separated: they may manage every session.",
        values.user_ids,
        empty=frozenset(),
    )
    workspace_admins: bool = _setting(
        "BOT_WORKSPACE_ADMINS",
        "People",
        "Whether the workspace's admins and owners are admins.",
        values.boolean,
        "true",
    )
    command: str = _setting("BOT_COMMAND", "People", "The slash command.", values.command, "/agent")
    fork_emoji: tuple[str, ...] = _setting(
        "BOT_FORK_EMOJI",
        "People",
        "Names of the emoji that branch a thread, comma separated.",
        values.emoji_names,
        "twisted_rightwards_arrows",
    )
    stop_emoji: tuple[str, ...] = _setting(
        "BOT_STOP_EMOJI",
        "People",
        "Names of the emoji that stop the answer being written in a thread, comma separated.",
        values.emoji_names,
        "octagonal_sign",
    )
    show_usage: bool = _setting(
        "BOT_SHOW_USAGE", "People", "Whether a reply ends with model, time and cost.", values.boolean, "false"
    )
    streaming: Streaming = _setting(
        "BOT_STREAMING",
        "People",
        "How an answer appears while it is written: `stream` (Slack's streams), `update` (post and update), or `auto`.",
        values.choice(Streaming),
        "auto",
    )
    allow_mentions: bool = _setting(
        "BOT_ALLOW_MENTIONS",
        "People",
        "Whether people whom an answer mentions are notified. Mentions of groups and of everybody never notify.",
        values.boolean,
        "false",
    )
    policy: Path | None = _setting(
        "BOT_POLICY",
        "Claude",
        "The file that says what the agent may do, for whom and where (docs/policy.md). What is built in holds when "
        "empty.",
        Path,
        empty=None,
    )
    model: str = _setting("BOT_MODEL", "Claude", "The model; the CLI's own default when empty.", values.text)
    system_prompt: str = _setting(
        "BOT_SYSTEM_PROMPT",
        "Claude",
        "What the agent is told about its task, beside what the bot tells it.",
        values.text,
    )
    max_turns: int = _setting("BOT_MAX_TURNS", "Claude", "How often one turn may ask the model.", values.whole(1), "50")
    max_budget_usd: float = _setting(
        "BOT_MAX_BUDGET_USD", "Claude", "What one turn may cost, in US dollars.", values.number(0.01), "5"
    )
    max_turn_s: float = _setting(
        "BOT_MAX_TURN_S", "Claude", "How long the agent may work on one turn, in seconds.", values.number(1), "3600"
    )
    budget_user_day_usd: float | None = _setting(
        "BOT_BUDGET_USER_DAY_USD",
        "Limits",
        "What one person may spend a day, in US dollars; no bound when empty.",
        values.number(0),
        empty=None,
    )
    budget_user_month_usd: float | None = _setting(
        "BOT_BUDGET_USER_MONTH_USD",
        "Limits",
        "What one person may spend a month, in US dollars; no bound when empty.",
        values.number(0),
        empty=None,
    )
    budget_channel_day_usd: float | None = _setting(
        "BOT_BUDGET_CHANNEL_DAY_USD",
        "Limits",
        "What one channel may spend a day, in US dollars; no bound when empty.",
        values.number(0),
        empty=None,
    )
    budget_channel_month_usd: float | None = _setting(
        "BOT_BUDGET_CHANNEL_MONTH_USD",
        "Limits",
        "What one channel may spend a month, in US dollars; no bound when empty.",
        values.number(0),
        empty=None,
    )
    budget_workspace_day_usd: float | None = _setting(
        "BOT_BUDGET_WORKSPACE_DAY_USD",
        "Limits",
        "What the workspace may spend a day, in US dollars; no bound when empty.",
        values.number(0),
        empty=None,
    )
    budget_workspace_month_usd: float | None = _setting(
        "BOT_BUDGET_WORKSPACE_MONTH_USD",
        "Limits",
        "What the workspace may spend a month, in US dollars; no bound when empty.",
        values.number(0),
        empty=None,
    )
    budget_reserve_usd: float = _setting(
        "BOT_BUDGET_RESERVE_USD",
        "Limits",
        "What a running turn counts against the budgets until its cost is known, in US dollars. More of it keeps a "
        "burst of prompts closer to the budget, and refuses some sooner.",
        values.number(0.01),
        "0.50",
    )
    prompts_per_minute: int = _setting(
        "BOT_PROMPTS_PER_MINUTE",
        "Limits",
        "How many messages one person may send the bot within a minute, in all places together.",
        values.whole(1, 10_000),
        "20",
    )
    max_prompt_chars: int = _setting(
        "BOT_MAX_PROMPT_CHARS",
        "Limits",
        "How many characters one message to the bot may have, what is forwarded in it included. Slack takes 40,000.",
        values.whole(1),
        "40000",
    )
    timezone: ZoneInfo = _setting(
        "BOT_TIMEZONE", "Limits", "By whose clock the days and months of budgets begin.", values.zone, "UTC"
    )
    approvers: Approving = _setting(
        "BOT_APPROVERS",
        "Decisions",
        "Who may decide about what the agent asks for, besides admins: `author`, whose prompt it was, or `thread`, "
        "everybody who takes part in the thread.",
        values.choice(Approving),
        "author",
    )
    decision_ttl_h: float = _setting(
        "BOT_DECISION_TTL_H",
        "Decisions",
        "Hours that a decision waits for somebody; then it is a no. Never as long as its session is kept.",
        values.number(0.01),
        "72",
    )
    audit_days: int = _setting(
        "BOT_AUDIT_DAYS", "Decisions", "Days that it is kept in Redis who decided what.", values.whole(1, 36500), "365"
    )
    redis_url: str = _setting(
        "REDIS_URL",
        "State",
        "Where Redis is: `redis://`, `unix://`, `redis+sentinel://host:port,…/service` or "
        "`redis+cluster://host:port,…`; with TLS `rediss://`, `rediss+sentinel://…` or `rediss+cluster://…`; `memory:` "
        "keeps everything in this process and loses it with it.",
        values.redis_url,
        "redis://127.0.0.1:6379/0",
        secret=True,
    )
    data_dir: Path = _setting(
        "BOT_DATA_DIR", "State", "The sessions' working directories lie under it. It may be lost.", Path, "./.bot-data"
    )
    session_ttl_days: int = _setting(
        "BOT_SESSION_TTL_DAYS",
        "State",
        "Days after its last activity that a session is kept; 0 keeps it for ever.",
        values.whole(0, 36500),
        "90",
    )
    follow_deletes: bool = _setting(
        "BOT_FOLLOW_DELETES",
        "State",
        "Whether deleting a message in Slack takes the words of its turn, prompt and answer, out of the session.",
        values.boolean,
        "false",
    )
    lease_s: float = _setting(
        "BOT_LEASE_S",
        "Work",
        "Seconds after which a silent worker's threads are taken over.",
        values.number(0.1, LEASE_MAX_S),
        "10",
    )
    max_turns_running: int = _setting(
        "BOT_MAX_TURNS_RUNNING", "Work", "How many turns one worker runs at once.", values.whole(1), "8"
    )
    max_warm: int | None = _setting(
        "BOT_MAX_WARM",
        "Work",
        "How many processes of Claude's CLI one worker has at most, between turns too; 0 starts one for each turn. As "
        "many as fit into `BOT_WARM_MEMORY_MB` when empty.",
        values.whole(0),
        empty=None,
    )
    warm_memory_mb: int | None = _setting(
        "BOT_WARM_MEMORY_MB",
        "Work",
        "How much memory (PSS) these processes may take together, in MB. 80 % of the machine's, or of the container's, "
        "when empty.",
        values.whole(1),
        empty=None,
    )
    warm_idle_s: float = _setting(
        "BOT_WARM_IDLE_S", "Work", "Seconds that a thread keeps its process after a turn.", values.number(0), "600"
    )
    spares: int = _setting(
        "BOT_SPARES",
        "Work",
        "How many processes wait for new threads; at most half of `BOT_MAX_WARM`.",
        values.whole(0),
        "2",
    )
    client_max_turns: int = _setting(
        "BOT_CLIENT_MAX_TURNS", "Work", "After how many turns a process is replaced.", values.whole(1), "200"
    )
    client_max_mb: int = _setting(
        "BOT_CLIENT_MAX_MB",
        "Work",
        "A process that takes more memory (PSS, with all it started) is not kept after its turn, in MB.",
        values.whole(1),
        "1024",
    )
    turn_stall_s: float = _setting(
        "BOT_TURN_STALL_S",
        "Work",
        "Seconds of silence after which a turn's process is asked whether it is still there, and replaced if not.",
        values.number(0.1),
        "60",
    )
    max_waiting: int = _setting(
        "BOT_MAX_WAITING", "Work", "How many messages may wait in one thread.", values.whole(1), "50"
    )
    drain_s: float = _setting(
        "BOT_DRAIN_S", "Work", "Seconds that running turns get to end when the bot is stopped.", values.number(0), "25"
    )
    workspace_max_mb: int = _setting(
        "BOT_WORKSPACE_MAX_MB", "Work", "How large a session's kept files may be, in MB.", values.whole(0), "64"
    )
    attachment_max_mb: int = _setting(
        "BOT_ATTACHMENT_MAX_MB", "Work", "How large an attached file may be, in MB.", values.whole(0), "25"
    )
    log_format: LogFormat = _setting(
        "BOT_LOG_FORMAT", "Operation", "`json`, or `text` for people.", values.choice(LogFormat), "json"
    )
    metrics_port: int | None = _setting(
        "BOT_METRICS_PORT",
        "Operation",
        "The port for `/metrics`, `/healthz` and `/readyz`, apart from the one that Slack talks to; 0 takes any free "
        "one. They are not served when empty.",
        values.whole(0, 65535),
        empty=None,
    )
    metrics_host: str = _setting("BOT_METRICS_HOST", "Operation", "The address of that port.", values.text, "127.0.0.1")
    otlp_endpoint: str = _setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "Operation",
        "Where traces go: the address of an OpenTelemetry collector that takes OTLP over HTTP. None are made when "
        "empty. It needs what is in `requirements-tracing.lock`.",
        values.base_url,
    )
    otlp_headers: str = _setting(
        "OTEL_EXPORTER_OTLP_HEADERS",
        "Operation",
        "What the collector wants with them: `name=value,…`.",
        values.text,
        secret=True,
    )

    @classmethod
    def parse(cls, environ: Mapping[str, str]) -> Settings:
        """Settings from environment variables. A blank one counts as missing.

        Raises:
            SettingsError: with every problem there is.
        """
        problems = [*_misspelt(environ)]
        read: dict[str, Any] = {}
        for setting in SETTINGS:
            try:
                read[setting.attribute] = _value(setting, environ)
            except ValueError as wrong:
                problems.append(f"{setting.name} {wrong}")
        problems += _ambiguous_emoji(read)
        problems += _contradictions(environ, ingress=read.get("ingress") is not False)
        if problems:
            raise SettingsError(problems)
        read["transport"] = _transport(read["transport"], has_app_token=bool(read["slack_app_token"]))
        return cls(**read)


def _declared() -> tuple[Setting, ...]:
    return tuple(Setting(attribute=item.name, **item.metadata) for item in fields(Settings) if item.default is MISSING)


SETTINGS: Final = _declared()
"""Every setting there is, in the order of the documentation."""


def _value(setting: Setting, environ: Mapping[str, str]) -> object:
    written = environ.get(setting.name, "").strip() or setting.default
    return setting.read(written) if written else setting.empty


def _transport(wanted: Transport, *, has_app_token: bool) -> Transport:
    if wanted is not Transport.AUTO:
        return wanted
    return Transport.SOCKET if has_app_token else Transport.HTTP


def _contradictions(environ: Mapping[str, str], *, ingress: bool) -> list[str]:
    """What is missing, given how events are to arrive."""

    def has(name: str) -> bool:
        return bool(environ.get(name, "").strip())

    problems = _oauth_contradictions(environ, has)
    if not has("SLACK_BOT_TOKEN") and not has("SLACK_CLIENT_ID"):
        problems.append("SLACK_BOT_TOKEN is missing: the bot token (xoxb-…) from the app's OAuth & Permissions page")
    if not ingress:
        return problems
    wanted = environ.get("BOT_TRANSPORT", "").strip().lower()
    if wanted == Transport.SOCKET and not has("SLACK_APP_TOKEN"):
        problems.append("SLACK_APP_TOKEN is missing: BOT_TRANSPORT=socket needs the app-level token (xapp-…)")
    elif wanted == Transport.HTTP and not has("SLACK_SIGNING_SECRET"):
        problems.append("SLACK_SIGNING_SECRET is missing: BOT_TRANSPORT=http needs it to know that Slack is asking")
    elif not has("SLACK_APP_TOKEN") and not has("SLACK_SIGNING_SECRET"):
        problems.append(
            "SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are missing: set the app-level token (xapp-…) for Socket Mode, "
            "or the signing secret for HTTP"
        )
    return problems


def _ambiguous_emoji(read: Mapping[str, Any]) -> list[str]:
    """One emoji can't do two things."""
    both = set(read.get("fork_emoji") or ()) & set(read.get("stop_emoji") or ())
    return [f"BOT_STOP_EMOJI names {name}, which branches (BOT_FORK_EMOJI)" for name in sorted(both)]


def _oauth_contradictions(environ: Mapping[str, str], has: Callable[[str], bool]) -> list[str]:
    """What is missing for many workspaces, or is in the way of that."""
    if not has("SLACK_CLIENT_ID"):
        idle = [name for name in ("SLACK_CLIENT_SECRET", "BOT_ENCRYPTION_KEY") if has(name)]
        return [f"{name} needs SLACK_CLIENT_ID: both serve workspaces that install the app" for name in idle]
    needed = {
        "SLACK_CLIENT_SECRET": "the client secret from the app's Basic Information page",
        "BOT_ENCRYPTION_KEY": "the tokens of workspaces are sealed with it (openssl rand -base64 32)",
    }
    problems = [f"{name} is missing: {why}" for name, why in needed.items() if not has(name)]
    in_the_way = {
        "SLACK_BOT_TOKEN": "each workspace that installs the app brings its own token",
        "SLACK_APP_TOKEN": "an app that workspaces install takes its events over HTTP",
    }
    problems += [
        f"{name} must not be set beside SLACK_CLIENT_ID: {why}" for name, why in in_the_way.items() if has(name)
    ]
    if environ.get("BOT_TRANSPORT", "").strip().lower() == Transport.SOCKET:
        problems.append("BOT_TRANSPORT=socket can't be with SLACK_CLIENT_ID: Slack sends browsers back over HTTP")
    return problems


def _misspelt(environ: Mapping[str, str]) -> list[str]:
    """Names that are almost a setting's, which is itself not set. Other programs' variables are left alone."""
    absent = [setting.name for setting in SETTINGS if setting.name not in environ]
    problems = []
    for name in sorted(environ):
        if name.startswith(("BOT_", "SLACK_")) and all(setting.name != name for setting in SETTINGS):
            close = get_close_matches(name, absent, n=1, cutoff=0.87)
            problems += [f"{name} is not a setting: did you mean {meant}?" for meant in close]
    return problems
