"""What the bot serves over HTTP: Slack's events, pages for people, and what operators ask of it.

Whoever has something to serve makes a list of routes; `bot.app` puts the lists together and opens the servers.
"""
