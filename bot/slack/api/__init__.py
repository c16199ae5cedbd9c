"""Slack's Web API as the bot uses it: every call's outcome, its rates and limits, and what can be asked about people,
places and messages."""
