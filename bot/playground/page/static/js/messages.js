// One message: who, when, what, and everything that hangs on it.

import { avatar } from "./avatar.js";
import { blockElements } from "./blocks.js";
import { h } from "./dom.js";
import { feedbackOn, withFeedback } from "./feedback.js";
import { fileElements } from "./files.js";
import { icon } from "./icons.js";
import { isDm, liveStatus, state, user } from "./store.js";
import { ago, dayKey, dayName, plural, timeOf, wholeTimeOf } from "./time.js";

const GROUP_GAP_S = 300;

/** What a list of messages draws: day dividers, and messages that follow their own author without a head. */
export function messageItems(messages, pane) {
  const items = [];
  let before = null;
  for (const message of messages) {
    const newDay = !before || dayKey(before.ts) !== dayKey(message.ts);
    if (newDay && pane === "main") {
      items.push({ key: `day-${dayKey(message.ts)}`, version: [dayName(message.ts)], make: () => dayDivider(message.ts) });
    }
    const compact = !newDay && follows(message, before);
    const editing = state.editing?.ts === message.ts && state.editing.pane === pane;
    const live = pane === "main" && liveStatus(message.channel, message.ts)?.text;
    const flash = state.flash?.ts === message.ts ? state.flash.at : 0;
    items.push({
      key: message.ts,
      version: [message, compact, editing, live, state.me, state.users, flash, feedbackOn(message)],
      make: () => messageElement(message, { pane, compact, editing, live, flash }),
    });
    before = message;
  }
  return items;
}

function follows(message, before) {
  return (
    before.user === message.user && before.name === message.name && !before.ephemeral && !message.ephemeral &&
    !message.branch && !message.tombstone && !before.tombstone && !before.thread && message.ts - before.ts < GROUP_GAP_S
  );
}

function dayDivider(ts) {
  return h("div", { class: "day", role: "separator", "aria-label": dayName(ts) }, h("span", {}, dayName(ts)));
}

export function messageElement(message, { pane, compact, editing, live, flash }) {
  const kinds = { compact, editing, streaming: message.streaming, ephemeral: message.ephemeral, branch: message.branch, tombstone: message.tombstone, flash };
  const name = message.name || user(message.user).name;
  return h(
    "div",
    {
      class: ["message", ...Object.keys(kinds).filter((kind) => kinds[kind])].join(" "),
      role: "article",
      tabindex: "-1",
      "aria-label": `${name}, ${timeOf(message.ts)}`,
      data: { channel: message.channel, ts: message.ts, root: message.root_ts, pane },
    },
    message.ephemeral && h("div", { class: "only-you" }, icon("eye"), "Only visible to you"),
    message.branch && h("div", { class: "branch-mark" }, icon("branch"), "Branch"),
    h("div", { class: "gutter" }, compact ? timeLink(message, "time quiet") : avatar(message.user)),
    h("div", { class: "body" }, !compact && head(message, name), editing ? editBox(message) : content(message, pane), live && threadLive(live)),
    !editing && !message.tombstone && toolbar(message, pane),
  );
}

function head(message, name) {
  return h(
    "div",
    { class: "head" },
    h("span", { class: "name" }, name),
    user(message.user).bot && message.user !== "USLACKBOT" && h("span", { class: "app-badge" }, "APP"),
    timeLink(message, "time"),
  );
}

function timeLink(message, kind) {
  const title = wholeTimeOf(message.ts);
  if (!message.link) return h("time", { class: kind, title }, timeOf(message.ts));
  return h("a", { class: kind, href: message.link, title, tabindex: kind === "time" ? "0" : "-1" }, timeOf(message.ts));
}

function content(message, pane) {
  return h(
    "div",
    { class: "content" },
    message.html && h("div", { class: "prose", html: message.html }),
    withFeedback(message, blockElements(message.blocks)),
    message.streaming && !message.html && !message.blocks.length && h("div", { class: "prose" }, h("p", { class: "empty-stream" })),
    message.edited && h("span", { class: "edited" }, "(edited)"),
    message.attachments.map(attachment),
    fileElements(message.files),
    message.reactions.length > 0 && reactions(message),
    message.ephemeral && h("button", { class: "link-button dismiss", data: { click: "dismiss" } }, "Dismiss"),
    message.thread && pane === "main" && threadSummary(message),
  );
}

function attachment({ title, html, blocks, color }) {
  return h(
    "div",
    { class: "attachment", style: { borderLeftColor: color ? `#${color}` : "" } },
    title && h("strong", {}, title),
    blocks.length ? blockElements(blocks) : h("div", { class: "prose", html }),
  );
}

function reactions(message) {
  return h(
    "div",
    { class: "reactions" },
    message.reactions.map(({ name, char, users }) => {
      const mine = users.includes(state.me);
      const who = users.map((id) => (id === state.me ? "You" : user(id).name)).join(", ");
      return h(
        "button",
        { class: mine ? "reaction mine" : "reaction", title: `${who} reacted with :${name}:`, "aria-pressed": String(mine), "aria-label": `:${name}: ${plural(users.length, "reaction")}`, data: { click: "react", name, key: name } },
        h("span", { class: "emoji" }, char || `:${name}:`),
        h("span", { class: "count" }, users.length),
      );
    }),
    h("button", { class: "reaction add", "aria-label": "Add a reaction", title: "Add a reaction", data: { click: "pick-reaction", key: "+" } }, icon("smile")),
  );
}

function threadSummary({ thread, channel, ts }) {
  const open = state.thread?.channel === channel && state.thread?.root === ts;
  return h(
    "button",
    { class: "thread-summary", data: { click: "open-thread" }, "aria-expanded": String(open) },
    h("span", { class: "faces" }, thread.users.map((id) => avatar(id, "small"))),
    h("span", { class: "replies" }, plural(thread.count, "reply")),
    h("span", { class: "latest" }, thread.streaming ? "answering now…" : `Last reply ${ago(thread.latest)}`),
    h("span", { class: "view" }, "View thread"),
  );
}

function threadLive(text) {
  return h("div", { class: "thread-live" }, h("span", { class: "dots", "aria-hidden": "true" }), `${state.app.name} ${text}`);
}

function toolbar(message, pane) {
  if (message.ephemeral) return null;
  const [branch] = state.emoji.filter((one) => one.branch);
  const quick = state.emoji.filter((one) => !one.branch).slice(0, 2);
  const button = (click, label, face, more = {}) =>
    h("button", { "aria-label": label, title: label, data: { click, ...more } }, face);
  return h(
    "div",
    { class: "toolbar", role: "toolbar", "aria-label": "Message actions" },
    branch && button("react", "Branch from here", h("span", { class: "emoji" }, branch.char), { name: branch.name }),
    quick.map((one) => button("react", `React with :${one.name}:`, h("span", { class: "emoji" }, one.char), { name: one.name })),
    button("pick-reaction", "Find another reaction", icon("smile")),
    pane === "main" && button("open-thread", "Reply in thread", icon("reply")),
    button("message-menu", "More actions", icon("more", "dots-icon"), {}),
  );
}

function editBox(message) {
  return h(
    "form",
    { class: "edit-box", data: { submit: "save-edit", keep: "" } },
    h("textarea", { rows: 2, "aria-label": "Edit message", data: { keydown: "edit-keys", input: "edit-grow" }, value: message.typed }),
    h("div", { class: "edit-actions" }, h("button", { type: "button", class: "button", data: { click: "cancel-edit" } }, "Cancel"), h("button", { class: "button primary" }, "Save")),
  );
}

/** How a place with no messages yet begins. */
export function beginning(channel) {
  if (isDm(channel.id)) return null;
  return h(
    "div",
    { class: "beginning" },
    h("div", { class: "beginning-icon" }, channel.im ? avatar(channel.members.find((id) => id !== state.me)) : icon(channel.private ? "lock" : "hash")),
    h("h2", {}, channel.im ? user(channel.members.find((id) => id !== state.me)).name : `#${channel.name}`),
    h("p", {}, channel.topic || `This is the very beginning of ${channel.im ? "your conversation" : `#${channel.name}`}.`),
  );
}
