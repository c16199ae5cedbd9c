"""What the scripted model says to the real CLI in a chaos run: the same countable words as the stand-in's."""

from __future__ import annotations

from bot.playground.model import Answer, Request, say
from bot.prompts import INTERRUPTED
from tests.chaos.stand_in import WORDS, asked_in


def answer(request: Request) -> Answer:
    """Answer the last prompt's messages; one that was interrupted in other words."""
    prompts = [said.text for said in request.messages if said.role == "user" and said.from_person]
    again = bool(prompts) and INTERRUPTED in prompts[-1]
    asked = next((found for prompt in reversed(prompts) if (found := asked_in(prompt))), [])
    before = [marker for prompt in prompts for marker in asked_in(prompt)]
    spoken = []
    for marker in asked:
        name = f"{marker}again{len(prompts)}" if again else marker
        words = " ".join([f"{name}begin", *(f"{name}w{word}" for word in range(1, WORDS))])
        spoken.append(f"{words} {name}knows{len(dict.fromkeys(before[: before.index(marker)]))} {name}end")
    return say("\n\n".join(spoken) or "ok")
