"""A Slack app that keeps one Claude agent session per conversation thread."""
