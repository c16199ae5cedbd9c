"""Views: each person's stack of modals, and the app's home."""

from __future__ import annotations

from dataclasses import replace

from bot.playground.slack.changes import HomePublished, ViewClosed, ViewOpened, ViewUpdated
from bot.playground.slack.elements import initial_state
from bot.playground.slack.values import Json, Refused, View
from bot.playground.slack.workspace import Workspace

STACK_LIMIT = 3
"""How many modals may lie upon one another (Slack: views.push)."""


class Modals:
    """The rules of views.open, push, update and publish over a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def open(self, user: str, body: Json) -> View:
        """Open a modal, in place of whatever stack the person had open."""
        view = self._new(user, body)
        self._workspace.modals[user] = [view]
        self._workspace.tell(ViewOpened(view))
        return view

    def push(self, user: str, body: Json) -> View:
        """Lay a modal upon the open one. Raises Refused: not_found, push_limit_reached."""
        stack = self._workspace.modals.get(user) or []
        if not stack:
            raise Refused("not_found")
        if len(stack) >= STACK_LIMIT:
            raise Refused("push_limit_reached")
        view = self._new(user, body)
        view.root_view_id, view.previous_view_id = stack[0].id, stack[-1].id
        stack.append(view)
        self._workspace.tell(ViewOpened(view))
        return view

    def update(self, view: View, body: Json, expected_hash: str = "") -> View:
        """Raises Refused(hash_conflict) when the view changed since `expected_hash` was given out."""
        if expected_hash and expected_hash != view.hash:
            raise Refused("hash_conflict")
        kept = {block: dict(actions) for block, actions in view.state.items()}
        view.body, view.hash = body, self._hash()
        view.state = initial_state(view.blocks)
        for block_id, actions in view.state.items():
            actions.update({key: value for key, value in kept.get(block_id, {}).items() if key in actions})
        self._workspace.tell(ViewUpdated(view))
        return view

    def publish(self, user: str, body: Json, expected_hash: str = "") -> View:
        """Set a person's home. Raises Refused: user_not_found, hash_conflict."""
        self._workspace.user(user)
        known = self._workspace.homes.get(user)
        if known is not None and expected_hash and expected_hash != known.hash:
            raise Refused("hash_conflict")
        view = self._new(user, body)
        if known is not None:
            view = replace(view, id=known.id, root_view_id=known.root_view_id)
        self._workspace.homes[user] = view
        self._workspace.tell(HomePublished(view))
        return view

    def find(self, view_id: str = "", external_id: str = "") -> View:
        """An open modal or a home, by its id or the app's own. Raises Refused(not_found)."""
        views = [view for stack in self._workspace.modals.values() for view in stack]
        for view in [*views, *self._workspace.homes.values()]:
            if view.id == view_id or (external_id and view.body.get("external_id") == external_id):
                return view
        raise Refused("not_found")

    def close(self, view: View, *, whole_stack: bool = False) -> None:
        """Close a modal (or all of the person's), as after a submission or by the X."""
        stack = self._workspace.modals.get(view.user, [])
        gone = [open_view for open_view in stack if whole_stack or open_view is view]
        self._workspace.modals[view.user] = [open_view for open_view in stack if open_view not in gone]
        for closed in reversed(gone):
            self._workspace.tell(ViewClosed(closed))

    def _new(self, user: str, body: Json) -> View:
        view_id = self._workspace.ids.new("V")
        blocks: list[Json] = body.get("blocks", [])
        return View(view_id, user, body, self._hash(), state=initial_state(blocks), root_view_id=view_id)

    def _hash(self) -> str:
        return f"{self._workspace.next_ts()}.{self._workspace.ids.secret(8)}"
