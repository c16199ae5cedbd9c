from __future__ import annotations

import os
import re
import subprocess
from configparser import ConfigParser
from pathlib import Path

from tests.deploy.documents import DEFAULTS, DEPLOY, SETTLE_S
from tests.requirements_of_machine import needs

TEXT = (DEPLOY / "bot.service").read_text(encoding="utf-8")
EXPOSURE_AT_MOST = 3.5
"""Of 10, as systemd-analyze counts. `OK` begins below 5."""


def only(name: str) -> str:
    (value,) = re.findall(rf"^{name}=(.*)$", TEXT, re.MULTILINE)
    return str(value)


def test_systemd_takes_it(tmp_path: Path) -> None:
    unit = tmp_path / "bot.service"
    unit.write_text(TEXT.replace("/opt/bot/.venv/bin/python", "/bin/true"), encoding="utf-8")

    said = subprocess.run(
        [str(needs("systemd-analyze")), "verify", str(unit)], check=False, capture_output=True, text=True
    )

    about_it = [line for line in said.stderr.splitlines() if "bot.service" in line]
    assert (said.returncode, about_it) == (0, [])


def test_it_is_locked_in_as_systemd_judges() -> None:
    line = [str(needs("systemd-analyze")), "security", "--offline=true", str(DEPLOY / "bot.service")]
    env = os.environ | {"SYSTEMD_COLORS": "0", "LC_ALL": "C.UTF-8"}

    said = subprocess.run(line, check=True, capture_output=True, text=True, env=env).stdout

    (exposure,) = re.findall(r"exposure level for bot\.service: ([\d.]+)", said)
    assert float(exposure) <= EXPOSURE_AT_MOST


def test_nothing_is_said_twice() -> None:
    once = ConfigParser(strict=False, interpolation=None)
    once.read_string(re.sub(r"^Environment=.*\n", "", TEXT, flags=re.MULTILINE))

    written = re.findall(r"^(?!Environment=)\w+=", TEXT, re.MULTILINE)
    assert len(written) == sum(len(once[section]) for section in once.sections())


def test_it_is_started_again_unless_the_settings_are_wrong() -> None:
    assert (only("Restart"), only("StartLimitIntervalSec")) == ("always", "0")
    assert only("RestartPreventExitStatus") == "2"


def test_only_the_bot_hears_of_a_stop_and_gets_the_time_to_drain() -> None:
    assert only("KillMode") == "mixed"
    assert int(only("TimeoutStopSec")) >= int(DEFAULTS["BOT_DRAIN_S"]) + SETTLE_S


def test_what_it_sets_are_settings() -> None:
    names = re.findall(r"^Environment=(\w+)=", TEXT, re.MULTILINE)

    assert set(names) - {"HOME"} <= set(DEFAULTS)
    assert f"/var/lib/{only('StateDirectory')}" in re.findall(r"^Environment=BOT_DATA_DIR=(.*)$", TEXT, re.MULTILINE)


def test_commands_of_agents_can_have_their_sandbox() -> None:
    """Bubblewrap mounts a /proc of its own, in namespaces of its own, and asks the kernel for a loopback there."""
    assert "AF_NETLINK" in only("RestrictAddressFamilies").split()
    assert "@mount" in only("SystemCallFilter").split()
    cover_parts_of_proc = (
        "ProtectKernelTunables",
        "ProtectKernelLogs",
        "ProtectProc",
        "ProcSubset",
        "RestrictNamespaces",
    )
    assert not re.findall(rf"^(?:{'|'.join(cover_parts_of_proc)})=", TEXT, re.MULTILINE)
