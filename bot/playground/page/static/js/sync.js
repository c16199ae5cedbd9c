// What the playground tells, put into the store.

import { announce } from "./dom.js";
import { changed, messagesOf, state, threadId, user } from "./store.js";

/** Take a frame that is not an answer. */
export function take(frame, greeted) {
  if (frame.type === "hello") {
    greet(frame);
    greeted();
  }
  if (frame.type === "changes") for (const change of frame.changes) CHANGES[change.kind]?.(change);
}

/** All that is known so far may be out of date. Messages stay until they are loaded again, so that nothing flickers. */
function greet(frame) {
  const { channels, statuses, prompts, ...rest } = frame;
  if (rest.me !== state.me) state.messages = new Map();
  Object.assign(state, rest, { ready: true });
  state.channels = new Map(channels.map((channel) => [channel.id, channel]));
  state.loaded = new Map();
  state.threads = new Set();
  state.statuses = new Map();
  state.prompts = new Map(prompts.map((one) => [threadId(one.channel, one.thread_ts), one]));
  for (const status of statuses) setStatus(status);
  sessionStorage.setItem("person", frame.me);
  changed("hello", "sidebar", "place", "thread", "modals", "home", "facts");
}

const CHANGES = {
  message({ message }) {
    const before = messagesOf(message.channel).get(message.ts);
    messagesOf(message.channel).set(message.ts, message);
    if (before?.streaming && !message.streaming) sayAloud(message);
    changed("messages");
  },
  gone({ channel, ts }) {
    messagesOf(channel).delete(ts);
    changed("messages");
  },
  status(status) {
    setStatus(status);
    changed("status");
  },
  prompts(prompts) {
    state.prompts.set(threadId(prompts.channel, prompts.thread_ts), prompts);
    changed("prompts");
  },
  modals({ modals }) {
    state.modals = modals;
    changed("modals");
  },
  home({ home }) {
    state.home = home;
    changed("home");
  },
  channel({ channel }) {
    state.channels.set(channel.id, channel);
    changed("sidebar", "place");
  },
  unread({ channel, count }) {
    state.unread[channel] = count;
    changed("unread");
  },
};

function setStatus(status) {
  const key = threadId(status.channel, status.thread_ts);
  state.statuses.set(key, status);
  if (!status.text) return;
  setTimeout(() => {
    if (state.statuses.get(key) !== status) return;
    state.statuses.delete(key);
    changed("status");
  }, status.left_s * 1000);
}

function sayAloud(message) {
  const box = document.createElement("div");
  box.innerHTML = message.html || message.blocks.map((block) => block.html ?? "").join(" ");
  announce(`${user(message.user).name}: ${box.textContent.trim().slice(0, 500)}`);
}
