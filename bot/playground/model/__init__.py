"""A scripted Messages API: `ScriptedModel`, and the words its scripts are written in."""

from bot.playground.model.persona import persona
from bot.playground.model.replies import Answer, Failure, Reply, say, think, use_tool
from bot.playground.model.requests import Request
from bot.playground.model.server import ScriptedModel

__all__ = ["Answer", "Failure", "Reply", "Request", "ScriptedModel", "persona", "say", "think", "use_tool"]
