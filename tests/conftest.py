"""For all tests: they talk to the loopback alone, and how long they take is no matter of theirs."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Slack's client would send even what is for the loopback through one.
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def pytest_configure() -> None:
    for name in [name for name in os.environ if name.lower() in _PROXIES]:
        del os.environ[name]
    settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("untimed")
