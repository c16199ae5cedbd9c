// What can be done with a message: react, reply, edit, delete, copy its link, the app's shortcuts.

import { confirmed } from "./confirm.js";
import { on } from "./dom.js";
import { menu } from "./menu.js";
import { pickEmoji } from "./picker.js";
import { openThread } from "./places.js";
import { ask } from "./socket.js";
import { changed, messagesOf, state } from "./store.js";
import { refused, toast } from "./toast.js";

function messageAt(element) {
  const { channel, ts } = element.closest(".message").dataset;
  return messagesOf(channel).get(ts);
}

const react = ({ channel, ts }, name) => ask("react", { channel, ts, name }).catch(refused);

on("click", "react", (button) => react(messageAt(button), button.dataset.name));
on("click", "pick-reaction", (button) => {
  const message = messageAt(button);
  pickEmoji(button, (name) => react(message, name));
});
on("click", "open-thread", (button) => {
  const { channel, root } = button.closest(".message").dataset;
  openThread(channel, root);
});
on("click", "dismiss", (button) => ask("dismiss", { ts: messageAt(button).ts }).catch(refused));

on("click", "message-menu", (button) => {
  const message = messageAt(button);
  const { pane } = button.closest(".message").dataset;
  const { channel, ts } = message;
  const mine = message.user === state.me;
  const shortcuts = state.app.shortcuts.map(({ callback_id, name }) => ({
    label: name,
    run: () => ask("shortcut", { callback_id, channel, ts }).catch(refused),
  }));
  const own = [
    mine && { label: "Edit message", run: () => edit(message, pane) },
    (mine || state.users[state.me].admin) && { label: "Delete message…", danger: true, run: () => remove(message) },
  ].filter(Boolean);
  menu(button, [...shortcuts, shortcuts.length && null, { label: "Copy link", run: () => copyLink(message) }, own.length && null, ...own].filter((one) => one !== 0), "Message actions");
});

async function copyLink({ link }) {
  try {
    await navigator.clipboard.writeText(link);
    toast("Link copied.");
  } catch {
    toast(link);
  }
}

async function remove({ channel, ts }) {
  const question = { title: { text: "Delete message" }, text: { text: "Are you sure you want to delete this message? This can't be undone." }, confirm: { text: "Delete" }, style: "danger" };
  if (await confirmed(question)) ask("delete", { channel, ts }).catch(refused);
}

// --- editing -----------------------------------------------------------------------------------------------------

function edit({ channel, ts }, pane) {
  state.editing = { channel, ts, pane };
  changed("messages");
  setTimeout(() => {
    const field = document.querySelector(".edit-box textarea");
    if (!field) return;
    grow(field);
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  });
}

/** Edit the person's last message of these; false when there is none. */
export function editLast(messages, pane) {
  const last = messages.findLast((message) => message.user === state.me && !message.tombstone);
  if (last) edit(last, pane);
  return Boolean(last);
}

function stopEditing() {
  state.editing = null;
  changed("messages");
}

function grow(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

on("input", "edit-grow", grow);
on("click", "cancel-edit", stopEditing);
on("keydown", "edit-keys", (field, event) => {
  if (event.key === "Escape") stopEditing();
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    field.form.requestSubmit();
  }
});
on("submit", "save-edit", async (form, event) => {
  event.preventDefault();
  const { channel, ts } = messageAt(form);
  const text = form.querySelector("textarea").value.trim();
  stopEditing();
  if (text) await ask("edit", { channel, ts, text }).catch(refused);
});
