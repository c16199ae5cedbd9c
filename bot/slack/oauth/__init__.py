"""One bot for many workspaces: how the app is installed, and who has installed it."""
