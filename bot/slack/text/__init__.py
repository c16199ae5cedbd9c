"""Slack's two kinds of text, and the model's Markdown: reading them, and writing them so that they ping nobody."""
