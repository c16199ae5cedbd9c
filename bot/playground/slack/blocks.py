"""Whether blocks and views are such as Slack takes: slack_sdk's own models, and the limits that those leave out.

Sources of the limits: Slack's Block Kit reference; the models of slack_sdk carry the same numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks import Block, BlockElement
from slack_sdk.models.views import View as ViewModel

from bot.playground.slack.elements import interactive
from bot.playground.slack.ids import Ids
from bot.playground.slack.values import Json, Refused

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MARKDOWN_CHARACTERS = 12_000
"""Over all markdown blocks of a message."""
ALL_CHARACTERS = 13_200
"""Over all texts of all blocks of a message, about; beyond it Slack answers msg_blocks_too_long."""
OPTION_TEXT_CHARACTERS = 75
OPTIONS = {"radio_buttons": 10, "checkboxes": 10, "overflow": 5}
"""Of these elements; menus take 100."""
MENU_OPTIONS = 100
VIEW_BYTES = 250_000
"""Of a view as JSON; beyond it Slack answers view_too_large."""

_IN_MESSAGES = {
    "actions", "alert", "card", "carousel", "container", "context", "context_actions", "divider", "file", "header",
    "image", "input", "markdown", "plan", "rich_text", "section", "table", "task_card", "video",
}  # fmt: skip
_IN_VIEWS = {
    "actions", "alert", "card", "container", "context", "divider", "header", "image", "input", "rich_text", "section",
    "table", "video",
}  # fmt: skip
_ELEMENT_LISTS = {"actions": 25, "context": 10, "context_actions": 5}


def checked(blocks: Sequence[Json], ids: Ids) -> list[Json]:
    """The blocks of a message, each with a block_id.

    Raises:
        Refused: invalid_blocks with what is wrong and where; msg_blocks_too_long.
    """
    problems = list(_problems(blocks, _IN_MESSAGES, MESSAGE_BLOCKS))
    markdown = sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown")
    if markdown > MARKDOWN_CHARACTERS:
        problems.append(f"[ERROR] markdown blocks exceed {MARKDOWN_CHARACTERS} characters [json-pointer:/blocks]")
    if problems:
        raise Refused("invalid_blocks", *problems)
    if sum(len(text) for text in _texts(blocks)) > ALL_CHARACTERS:
        raise Refused("msg_blocks_too_long")
    return with_ids(blocks, ids)


def checked_view(view: Json, ids: Ids, kind: str) -> Json:
    """A modal or home view, its blocks with block_ids.

    Raises:
        Refused: invalid_arguments with what is wrong and where; view_too_large.
    """
    problems: list[str] = []
    if view.get("type") != kind:
        problems.append(f"[ERROR] must be of type {kind} [json-pointer:/view/type]")
    if kind == "modal" and not isinstance(view.get("title"), dict):
        problems.append("[ERROR] missing required field: title [json-pointer:/view]")
    blocks = view.get("blocks")
    if not isinstance(blocks, list):
        raise Refused("invalid_arguments", *problems, "[ERROR] missing required field: blocks [json-pointer:/view]")
    problems.extend(_problems(blocks, _IN_VIEWS, VIEW_BLOCKS, pointer="/view/blocks"))
    has_inputs = any(block.get("type") == "input" for block in blocks)
    if kind == "modal" and has_inputs and not view.get("submit"):
        problems.append("[ERROR] missing required field: submit [json-pointer:/view]")
    problem = _model_problem(lambda: ViewModel(**view).to_dict())
    if problem:
        problems.append(f"[ERROR] {problem} [json-pointer:/view]")
    if problems:
        raise Refused("invalid_arguments", *problems)
    if len(json.dumps(view, ensure_ascii=False).encode("utf-8", "surrogatepass")) > VIEW_BYTES:
        raise Refused("view_too_large")
    return view | {"blocks": with_ids(blocks, ids)}


def with_ids(blocks: Sequence[Json], ids: Ids) -> list[Json]:
    """The blocks, with a block_id for each that has none, as Slack gives them."""
    return [block if block.get("block_id") else {**block, "block_id": ids.secret(5)} for block in blocks]


def _problems(blocks: Sequence[Json], allowed: set[str], limit: int, pointer: str = "/blocks") -> Iterator[str]:
    if len(blocks) > limit:
        yield f"[ERROR] no more than {limit} items allowed [json-pointer:{pointer}]"
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        place = f"[json-pointer:{pointer}/{number}]"
        if block.get("type") not in allowed:
            yield f"[ERROR] unsupported type: {block.get('type')} {place}"
            continue
        problem = _model_problem(partial(_parse, block))
        if problem:
            yield f"[ERROR] {problem} {place}"
            continue
        for own in _own_problems(block):
            yield f"[ERROR] {own} {place}"
        block_id = block.get("block_id", "")
        if block_id and block_id in seen:
            yield f"[ERROR] block_id already exists: {block_id} {place}"
        seen.add(block_id)


def _parse(block: Json) -> None:
    _refuse_unknown_keys(block, Block.parse(block))
    for _, element in interactive([block]):
        _refuse_unknown_keys(element, BlockElement.parse(element))


def _refuse_unknown_keys(wire: Json, model: JsonObject | None) -> None:
    if model is None:
        raise ValueError(f"unsupported type: {wire.get('type')}")
    model.to_dict()
    unknown = sorted(set(wire) - model.attributes)
    if unknown:
        raise ValueError(f"invalid additional property: {', '.join(unknown)}")


def _model_problem(build: Callable[[], object]) -> str:
    """What slack_sdk's models say against it; empty when nothing."""
    try:
        build()
    except SlackObjectFormationError as error:
        return str(error)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        return f"malformed: {error}"
    return ""


def _own_problems(block: Json) -> Iterator[str]:
    """What the models let pass and Slack does not."""
    kind = block["type"]
    text = block.get("text")
    if kind in {"section", "header"} and isinstance(text, dict) and not text.get("text"):
        yield "text must be more than 0 characters"
    fields = [field for field in block.get("fields") or () if isinstance(field, dict)]
    if kind == "section" and any(len(str(field.get("text"))) > 2000 for field in fields):
        yield "fields must be less than 2001 characters each"
    if kind in _ELEMENT_LISTS and not block.get("elements"):
        yield "elements must not be empty"
    if kind == "markdown" and not text:
        yield "text must be more than 0 characters"
    if kind == "rich_text" and not all(_rich_texts(block)):
        yield "text must be more than 0 characters"
    actions: set[str] = set()
    for _, element in interactive([block]):
        if element["action_id"] in actions:
            yield f"action_id already exists: {element['action_id']}"
        actions.add(element["action_id"])
        yield from _element_problems(element)


def _element_problems(element: Json) -> Iterator[str]:
    if element["type"] == "button":
        label = element.get("text")
        if not isinstance(label, dict) or label.get("type") != "plain_text" or not label.get("text"):
            yield "a button's text must be plain_text of 1 to 75 characters"
        if element.get("style") not in {None, "primary", "danger"}:
            yield "a button's style must be primary or danger"
    options = element.get("options")
    if options == []:
        yield "options must not be empty"
    most = OPTIONS.get(element["type"], MENU_OPTIONS)
    if len(options or ()) > most:
        yield f"no more than {most} items allowed"
    for option in options or ():
        yield from _option_problems(option)
    begun = [element.get("initial_option"), *(element.get("initial_options") or ())]
    if any(option is not None and option not in (options or ()) for option in begun):
        yield "initial options must be among the options"


def _option_problems(option: Json) -> Iterator[str]:
    text, description = (option.get(name, {}).get("text", "") for name in ("text", "description"))
    if not 0 < len(text) <= OPTION_TEXT_CHARACTERS:
        yield "an option's text must be 1 to 75 characters"
    if len(description) > OPTION_TEXT_CHARACTERS:
        yield "an option's description must be less than 76 characters"
    if len(option.get("value", "")) > 150:
        yield "an option's value must be less than 151 characters"


def _rich_texts(node: object) -> Iterator[str]:
    """The texts of a rich_text block's elements."""
    if isinstance(node, list):
        for item in node:
            yield from _rich_texts(item)
    elif isinstance(node, dict):
        if node.get("type") == "text":
            yield str(node.get("text", ""))
        yield from _rich_texts(node.get("elements"))


def _texts(blocks: Sequence[Json]) -> Iterator[str]:
    """Every piece of text that the blocks show."""
    for block in blocks:
        for value in block.values():
            if isinstance(value, dict):
                yield from _texts([value])
            elif isinstance(value, list):
                yield from _texts([item for item in value if isinstance(item, dict)])
        if isinstance(block.get("text"), str):
            yield block["text"]
