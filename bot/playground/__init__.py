"""Everything that lets the bot run with no account: an emulated Slack, its page, and a scripted model."""
