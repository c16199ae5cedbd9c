"""For all tests: they talk to the loopback alone, and Slack's client would send even that through a proxy."""

from __future__ import annotations

import os

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def pytest_configure() -> None:
    for name in [name for name in os.environ if name.lower() in _PROXIES]:
        del os.environ[name]
