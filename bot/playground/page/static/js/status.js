// The line above the composer: who is thinking, and the button that stops it.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { changed, liveStatus, state, threadOf } from "./store.js";

const NEXT_WORDS_MS = 3000;

/** Loading messages take turns in place of the status itself. */
function wordsOf({ text, loading }) {
  return loading.length ? loading[Math.floor(Date.now() / NEXT_WORDS_MS) % loading.length] : text;
}

setInterval(() => {
  if ([...state.statuses.values()].some((status) => status.text && status.loading.length)) changed("status");
}, NEXT_WORDS_MS);

/** The line for a thread; null when the bot does nothing there. */
export function statusLine(channel, root) {
  const status = liveStatus(channel, root);
  const streaming = threadOf(channel, root).some((message) => message.streaming);
  if (!status && !streaming) return null;
  const words = status ? wordsOf(status) : "is answering…";
  return h(
    "div",
    { class: "status-line", role: "status" },
    h("span", { class: "dots", "aria-hidden": "true" }),
    h("span", { class: "status-words" }, h("strong", {}, state.app.name), ` ${words}`),
    h("button", { class: "button small stop", data: { click: "stop", channel, root } }, icon("stop"), "Stop"),
  );
}
