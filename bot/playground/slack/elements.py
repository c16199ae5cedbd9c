"""Interactive Block Kit elements: finding one, and what a person's choice looks like on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.playground.slack.values import Json, Refused

Choice = str | Sequence[str] | None
"""What a person chooses or types: a value, several values, or nothing."""

_SINGLE = {
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
}
_SEVERAL = {
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
}


def interactive(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Every (block, element) of the blocks that can be acted upon, in order, nested blocks included."""
    for block in blocks:
        candidates = [*block.get("elements", ()), *(block.get("actions") or ())]
        candidates += [block[key] for key in ("accessory", "element") if key in block]
        for element in candidates:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element
        yield from interactive(block.get("child_blocks", ()))


def find(blocks: Sequence[Json], action_id: str, value: Choice = None, block_id: str = "") -> tuple[Json, Json]:
    """The first element with this action_id, and with this value if it is a button and one is given.

    Raises:
        Refused: no_such_action, which Slack does not know: nobody can click what is not there.
    """
    for block, element in interactive(blocks):
        if element["action_id"] != action_id or (block_id and block.get("block_id") != block_id):
            continue
        if element["type"] == "button" and value is not None and element.get("value", "") != value:
            continue
        return block, element
    raise Refused("no_such_action", action_id)


def chosen(element: Json, choice: Choice) -> Json:
    """The part of an action, or of a view's state, that says what was chosen."""
    kind = element["type"]
    if kind in {"button", "workflow_button", "icon_button"}:
        return {"type": kind} | {key: element[key] for key in ("text", "value", "style") if key in element}
    if kind == "feedback_buttons":
        return _feedback(element, choice)
    if kind in _SINGLE:
        return {"type": kind, _SINGLE[kind]: choice or None}
    if kind in _SEVERAL:
        return {"type": kind, _SEVERAL[kind]: _as_list(choice)}
    options = {option["value"]: option for option in _options(element)}
    values = _as_list(choice)
    unknown = [value for value in values if value not in options]
    if unknown:
        raise Refused("no_such_option", *unknown)
    if kind in {"checkboxes", "multi_static_select"}:
        return {"type": kind, "selected_options": [options[value] for value in values]}
    return {"type": kind, "selected_option": options[values[0]] if values else None}


def initial_state(blocks: Sequence[Json]) -> dict[str, Json]:
    """A view's or message's `state.values` before anybody touched it: its inputs with their initial values."""
    state: dict[str, Json] = {}
    for block, element in interactive(blocks):
        if element["type"] in {"button", "workflow_button", "overflow", "feedback_buttons", "icon_button"}:
            continue
        state.setdefault(block["block_id"], {})[element["action_id"]] = chosen(element, _initial(element))
    return state


def filled(blocks: Sequence[Json], values: Mapping[str, Choice]) -> dict[str, Json]:
    """The state of a message's inputs as one person's client has them.

    Args:
        values: what was put into them, by action_id; the others hold what they began with.

    Raises:
        Refused: no_such_action, no_such_option.
    """
    state = initial_state(blocks)
    for action_id, choice in values.items():
        block, element = find(blocks, action_id)
        state.setdefault(block["block_id"], {})[action_id] = chosen(element, choice)
    return state


def _feedback(element: Json, choice: Choice) -> Json:
    for name in ("positive_button", "negative_button"):
        button = element[name]
        if choice in {name, button.get("value"), name.removesuffix("_button")}:
            return {"type": "feedback_buttons", "value": button.get("value"), "text": button.get("text")}
    raise Refused("no_such_option", str(choice))


def _options(element: Json) -> list[Json]:
    grouped = [option for group in element.get("option_groups") or () for option in group["options"]]
    return [*(element.get("options") or ()), *grouped]


def _initial(element: Json) -> Choice:
    if "initial_option" in element:
        return str(element["initial_option"]["value"])
    if "initial_options" in element:
        return [option["value"] for option in element["initial_options"]]
    for key, value in element.items():
        if key.startswith("initial_"):
            return value if isinstance(value, list) else str(value)
    return None


def _as_list(choice: Choice) -> list[str]:
    if choice is None or choice == "":
        return []
    return [choice] if isinstance(choice, str) else list(choice)
