"""What people do in the emulated Slack. Tests and the page act through this, as a client would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.playground.slack import rich_text
from bot.playground.slack.changes import Cause, HomeOpened
from bot.playground.slack.elements import Choice, chosen, find
from bot.playground.slack.interactions import Answer, Courier, Payloads, require_shown
from bot.playground.slack.modals import Modals
from bot.playground.slack.streams import Streams
from bot.playground.slack.values import Channel, Ephemeral, File, Json, Message, Refused, View
from bot.playground.slack.wire import guess_mimetype
from bot.playground.slack.workspace import Workspace


@dataclass(frozen=True)
class Upload:
    """A file to send along with a message. The type is guessed from the name when it is empty."""

    name: str
    content: bytes
    mimetype: str = ""


@dataclass(frozen=True)
class Submission:
    """What became of a submitted modal.

    Args:
        acknowledged: False when the app did not answer in time; the modal stays open.
        errors: messages by block_id that the modal shows; it stays open.
    """

    acknowledged: bool
    errors: Mapping[str, str] = field(default_factory=dict)


class People:
    """The people of a workspace. `user` is always the id of whoever acts.

    What is said and done shows at once; what asks the app something (`async`) waits for its acknowledgement, for three
    seconds at most.
    """

    def __init__(
        self, workspace: Workspace, streams: Streams, modals: Modals, payloads: Payloads, courier: Courier
    ) -> None:
        self._workspace = workspace
        self._streams = streams
        self._modals = modals
        self._payloads = payloads
        self._courier = courier

    # --- talking ------------------------------------------------------------------------------------------------------

    def typed(self, text: str) -> str:
        """What Slack makes of typed text: `@Claude hi <you>` becomes `<@U…> hi &lt;you&gt;`."""
        return rich_text.typed(self._workspace, text)

    def say(
        self,
        user: str,
        channel: str,
        text: str,
        thread_ts: str = "",
        files: Sequence[Upload] = (),
        *,
        broadcast: bool = False,
    ) -> str:
        """Send a message; another app's bot can do so too. Returns its ts.

        Args:
            text: as Slack has it on the wire; `typed` makes that of what a keyboard gives.
            thread_ts: the root of the thread; empty for the channel itself.
            broadcast: show the reply in the channel too.

        Raises:
            Refused: channel_not_found, not_in_channel, thread_not_found, no_text.
        """
        place = self._member_of(user, channel)
        if not text and not files:
            raise Refused("no_text")
        message = Message(
            channel=place.id,
            ts="",
            user=user,
            bot_id=f"B{user[1:]}" if self._workspace.user(user).is_bot else "",
            text=text,
            thread_ts=thread_ts,
            subtype="file_share" if files else "thread_broadcast" if broadcast else "",
            blocks=[rich_text.rich_text_block(text, self._workspace.ids.secret(5))] if text else [],
            files=[self._upload(user, file).id for file in files],
            client_msg_id=self._workspace.ids.uuid(),
            broadcast=broadcast,
        )
        return self._workspace.post(message).ts

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """Raises Refused: message_not_found, cant_update_message."""
        message = self._own(user, channel, ts, "cant_update_message")
        blocks = [rich_text.rich_text_block(text, self._workspace.ids.secret(5))]
        self._workspace.change(message, Cause.EDIT, text=text, blocks=blocks, by=user)

    def delete(self, user: str, channel: str, ts: str) -> None:
        """Delete one's own message; an admin may delete any. Raises Refused: message_not_found, cant_delete_message."""
        if self._workspace.user(user).is_admin:
            self._workspace.delete(self._workspace.message(channel, ts))
        else:
            self._workspace.delete(self._own(user, channel, ts, "cant_delete_message"))

    def unfurl(self, channel: str, ts: str, attachments: list[Json]) -> None:
        """Slack itself adds the preview of a link to a message."""
        message = self._workspace.message(channel, ts)
        self._workspace.change(message, Cause.UNFURL, attachments=attachments)

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """React; `name` has no colons. Raises Refused: message_not_found, already_reacted."""
        self._member_of(user, channel)
        self._workspace.react(self._workspace.message(channel, ts), user, name)

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        """Raises Refused: message_not_found, no_reaction."""
        self._workspace.unreact(self._workspace.message(channel, ts), user, name)

    # --- asking the app something -------------------------------------------------------------------------------------

    async def command(self, user: str, channel: str, text: str) -> Answer:
        """Type a slash command, such as `/agent list`. What the app answers with its ack shows as an ephemeral.

        Raises:
            Refused: channel_not_found, not_in_channel; unknown_command when the app has no such command.
        """
        place = self._member_of(user, channel)
        name, _, rest = text.strip().partition(" ")
        if name not in {command.name for command in self._workspace.app.commands}:
            raise Refused("unknown_command", name)
        answer = await self._courier.ask("slash_commands", self._payloads.command(user, place, name, rest.strip()))
        self._show_answer(user, place, answer)
        return answer

    async def click(
        self,
        user: str,
        place: Message | Ephemeral | View,
        action_id: str,
        choice: Choice = None,
        block_id: str = "",
        inputs: Mapping[str, Choice] | None = None,
    ) -> Answer:
        """Click a button, or choose in a menu.

        Args:
            place: where it is: a message, an ephemeral, a modal or the home.
            choice: the value of the option chosen, or of the button meant, where several share the action_id;
                `positive` or `negative` for feedback buttons.
            inputs: what the person has put into the message's inputs, by action_id.

        Raises:
            Refused: no_such_action, no_such_option, not_visible.
        """
        require_shown(place, self._workspace, user)
        if isinstance(place, View):
            block, element = find(place.blocks, action_id, choice, block_id)
            if action_id in place.state.get(block["block_id"], {}):
                place.state[block["block_id"]][action_id] = chosen(element, choice)
        payload = self._payloads.block_actions(user, place, action_id, choice, block_id, inputs or {})
        return await self._courier.ask("interactive", payload)

    async def shortcut(self, user: str, callback_id: str, channel: str = "", ts: str = "") -> Answer:
        """Use a shortcut: on a message, or (without channel and ts) a global one. Raises Refused: unknown_shortcut."""
        known = {shortcut.callback_id: shortcut for shortcut in self._workspace.app.shortcuts}
        if known and (callback_id not in known or known[callback_id].on_message != bool(ts)):
            raise Refused("unknown_shortcut", callback_id)
        if not ts:
            return await self._courier.ask("interactive", self._payloads.global_shortcut(user, callback_id))
        self._member_of(user, channel)
        message = self._workspace.message(channel, ts)
        return await self._courier.ask("interactive", self._payloads.message_shortcut(user, callback_id, message))

    async def submit(self, user: str, view_id: str, values: Mapping[str, Choice] | None = None) -> Submission:
        """Fill in a modal and submit it.

        Args:
            values: what goes into the inputs, by their action_id.

        Raises:
            Refused: not_found, not_visible, no_such_action.
        """
        view = self._modals.find(view_id)
        require_shown(view, self._workspace, user)
        for action_id, choice in (values or {}).items():
            block, element = find(view.blocks, action_id)
            view.state.setdefault(block["block_id"], {})[action_id] = chosen(element, choice)
        missing = _missing(view)
        if missing:
            return Submission(acknowledged=True, errors=missing)
        answer = await self._courier.ask("interactive", self._payloads.view_submission(view))
        if not answer.acknowledged:
            return Submission(acknowledged=False)
        return self._after_submission(view, answer.payload)

    def _after_submission(self, view: View, payload: Json) -> Submission:
        action = payload.get("response_action")
        if action == "errors":
            return Submission(acknowledged=True, errors=payload["errors"])
        if action == "update":
            self._modals.update(view, payload["view"])
        elif action == "push":
            self._modals.push(view.user, payload["view"])
        else:
            self._modals.close(view, whole_stack=action == "clear")
        return Submission(acknowledged=True)

    async def close_view(self, user: str, view_id: str) -> None:
        """Close a modal by its X; the app hears of it only if the view asked for that."""
        view = self._modals.find(view_id)
        require_shown(view, self._workspace, user)
        self._modals.close(view)
        if view.body.get("notify_on_close"):
            await self._courier.ask("interactive", self._payloads.view_closed(view, is_cleared=False))

    async def send(self, payload: Json) -> Answer:
        """Deliver an interaction as it is, which no client would send."""
        return await self._courier.ask("interactive", payload)

    # --- going places -------------------------------------------------------------------------------------------------

    def open_home(self, user: str, tab: str = "home") -> None:
        """Open the app's home, at `home` or `messages`."""
        self._workspace.tell(HomeOpened(user, self._workspace.dm(user).id, tab))

    def open_dm(self, user: str) -> Channel:
        """Open the DM with the bot, which the app hears of as app_home_opened, tab messages."""
        channel = self._workspace.dm(user)
        self._workspace.tell(HomeOpened(user, channel.id, "messages"))
        return channel

    def join(self, user: str, channel: str) -> None:
        self._workspace.join(self._workspace.channel(channel), self._workspace.user(user))

    def stop_stream(self, user: str, channel: str, thread_ts: str) -> tuple[str, ...]:
        """Press Slack's own stop button. Returns the ts of the streams that it stopped."""
        self._member_of(user, channel)
        return self._streams.press_stop(user, channel, thread_ts)

    # --- ------------------------------------------------------------------------------------------------------------

    def _member_of(self, user: str, channel: str) -> Channel:
        place = self._workspace.channel(channel)
        if self._workspace.user(user).id not in place.members:
            raise Refused("not_in_channel")
        return place

    def _own(self, user: str, channel: str, ts: str, otherwise: str) -> Message:
        message = self._workspace.message(channel, ts)
        if message.user != user:
            raise Refused(otherwise)
        return message

    def _upload(self, user: str, upload: Upload) -> File:
        file = File(
            id=self._workspace.ids.new("F"),
            name=upload.name,
            title=upload.name,
            mimetype=upload.mimetype or guess_mimetype(upload.name),
            user=user,
            created=int(self._workspace.clock.now()),
            content=upload.content,
        )
        self._workspace.files[file.id] = file
        return file

    def _show_answer(self, user: str, place: Channel, answer: Answer) -> None:
        text, blocks = answer.payload.get("text", ""), answer.payload.get("blocks", [])
        if not answer.acknowledged:
            text = "The command failed: the app did not respond (operation_timeout)."
        if not text and not blocks:
            return
        if answer.payload.get("response_type") == "in_channel":
            app = self._workspace.app
            self._workspace.post(Message(place.id, "", app.user_id, text, app.bot_id, blocks=blocks))
        else:
            self._workspace.post_ephemeral(Ephemeral(place.id, "", user, text, blocks=blocks))


def _missing(view: View) -> dict[str, str]:
    """A client does not send a modal whose required inputs are empty."""
    errors = {}
    for block in view.blocks:
        if block["type"] != "input" or block.get("optional"):
            continue
        value = view.state.get(block["block_id"], {}).get(block["element"]["action_id"], {})
        if not any(value.get(key) for key in value if key == "value" or key.startswith("selected_")):
            errors[block["block_id"]] = "Please complete this required field."
    return errors
