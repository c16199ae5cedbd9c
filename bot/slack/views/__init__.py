"""What the bot shows besides its answers: lists, single sessions, questions, modals, App Home.

Each function turns values into slack_sdk's own block models, which check Slack's limits when they are sent.
"""
