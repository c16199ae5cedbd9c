"""A Slack app that keeps one Claude agent session per conversation thread."""

__version__ = "0.1.0"
"""The same as in pyproject.toml; a test compares."""
