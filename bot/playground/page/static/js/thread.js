// The thread at the side.

import { makeComposer } from "./composer.js";
import { h, morph } from "./dom.js";
import { icon } from "./icons.js";
import { editLast } from "./message_actions.js";
import { messageItems } from "./messages.js";
import { makePane } from "./pane.js";
import { send } from "./sending.js";
import { state, threadId, threadOf, user, whenChanged } from "./store.js";
import { statusLine } from "./status.js";
import { plural } from "./time.js";

const aside = document.getElementById("thread");
const header = h("header", { class: "pane-head" });
const pane = makePane("Thread");
const status = h("div", { class: "status" });
let composer = null;
let drawnPlace = "";
const narrow = matchMedia("(max-width: 860px)"); // as in layout.css

aside.append(header, pane.scroller, pane.footing);
pane.below.append(status);

whenChanged(["thread", "hello"], drawThread);
whenChanged(["thread", "messages", "status"], drawMessages);
narrow.addEventListener("change", nameLandmark);

/** On a narrow screen the thread hides the channel: then it is what the page is about. */
function nameLandmark() {
  aside.setAttribute("role", narrow.matches && state.thread ? "main" : "complementary");
}

function drawThread() {
  aside.hidden = !state.thread;
  document.body.classList.toggle("thread-open", Boolean(state.thread));
  nameLandmark();
  if (!state.thread || !state.ready) {
    drawnPlace = "";
    return;
  }
  const { channel, root } = state.thread;
  morph(header, h("header", { class: "pane-head" }, title(channel)));
  const place = `${state.me} ${threadId(channel, root)}`;
  if (place === drawnPlace) return;
  drawnPlace = place;
  pane.restart();
  composer?.root.remove();
  composer = makeComposer({
    place: threadId(channel, root),
    placeholder: "Reply…",
    label: "Reply in the thread",
    send: (text, files) => sendHere(channel, root, text, files),
    editLast: () => editLast(threadOf(channel, root), "thread"),
  });
  pane.below.append(composer.root);
  if (matchMedia("(min-width: 700px)").matches) composer.focus();
}

async function sendHere(channel, root, text, files) {
  const went = await send(channel, root, text, files);
  if (went) pane.stick();
  return went;
}

function title(channel) {
  const place = state.channels.get(channel);
  const name = place?.im ? user(place.members.find((id) => id !== state.me)).name : `#${place?.name}`;
  return h(
    "div",
    { class: "pane-title" },
    h("h1", {}, "Thread"),
    h("p", { class: "topic" }, name),
    h("button", { class: "plain-button close-thread", "aria-label": "Close the thread", title: "Close", data: { click: "close-thread" } }, icon("close")),
  );
}

function drawMessages() {
  if (!state.thread) return;
  const { channel, root } = state.thread;
  const messages = threadOf(channel, root);
  const items = messageItems(messages, "thread");
  const replies = messages.filter((message) => message.reply && !message.ephemeral).length;
  if (replies && messages[0]?.ts === root) items.splice(1, 0, { key: "count", version: [replies], make: () => h("div", { class: "reply-count", role: "separator" }, h("span", {}, plural(replies, "reply"))) });
  pane.draw(items);
  const line = statusLine(channel, root);
  if (line && status.firstElementChild) morph(status.firstElementChild, line);
  else status.replaceChildren(...(line ? [line] : []));
}
