"""The playground's page: a Slack-like client for the emulated Slack, served on this machine.

Start reading at `server.serve_page`. `tab` speaks with one browser tab, `doings` is what a tab may ask and `deeds` does
it; `shown` and `shown_messages` say how the workspace looks to a person; `markup` turns text into sanitised
HTML. The page itself is in `static`.
"""

from bot.playground.page.facts import PlaygroundFacts, Suggestion
from bot.playground.page.server import add_page, serve_page

__all__ = ["PlaygroundFacts", "Suggestion", "add_page", "serve_page"]
