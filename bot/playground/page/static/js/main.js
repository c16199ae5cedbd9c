// The page begins here: the line to the playground, and what clicks on the frame of the page do.

import "./actions.js";
import "./modal.js";
import "./sidebar.js";
import "./thread.js";
import { fillComposer } from "./channel.js";
import { h, on } from "./dom.js";
import { menu } from "./menu.js";
import { closeThread, goTo, load, openChannel, openHome, openRemembered, openThread, permalink } from "./places.js";
import { send } from "./sending.js";
import { ask, connect } from "./socket.js";
import { state, whenChanged } from "./store.js";
import { take } from "./sync.js";
import { refused } from "./toast.js";
import { shown } from "./welcome.js";

let begun = false;

/** After every (re)connection: show again what was shown, as it is now. */
async function greeted() {
  if (!begun) {
    begun = true;
    return openRemembered();
  }
  const { place, thread } = state;
  if (place.kind === "home") return openHome();
  if (!state.channels.has(place.id)) return openChannel(state.app.dm);
  await load(place.id);
  if (thread) await openThread(thread.channel, thread.root);
}

connect((frame) => take(frame, greeted));

whenChanged(["connection"], () => {
  const notice = document.getElementById("connection");
  notice.hidden = state.connected;
  notice.replaceChildren(h("span", { class: "spinner", "aria-hidden": "true" }), begun ? "Connection lost. Trying again…" : "Connecting…");
});

// --- what was read -----------------------------------------------------------------------------------------------

function read() {
  const { kind, id } = state.place;
  if (kind === "channel" && state.unread[id] && document.visibilityState === "visible" && state.connected) {
    state.unread[id] = 0;
    ask("read", { channel: id }).catch(refused);
  }
}
whenChanged(["unread", "place"], read);
document.addEventListener("visibilitychange", read);

// --- the frame of the page ---------------------------------------------------------------------------------------

on("click", "be", async (button) => {
  if (button.dataset.user === state.me) return;
  state.thread = null;
  await ask("enter", { user: button.dataset.user }).catch(refused);
});
on("click", "open-channel", (button) => openChannel(button.dataset.channel));
on("click", "open-home", () => openHome());
on("click", "open-messages", () => openChannel(state.app.dm));
on("click", "close-thread", () => closeThread());
on("click", "toggle-sidebar", () => document.body.classList.toggle("sidebar-open"));
on("click", "stop", (button) => ask("stop", { channel: button.dataset.channel, thread_ts: button.dataset.root }).catch(refused));
on("click", "send-prompt", (button) => send(state.place.id, "", button.dataset.message, []));
on("click", "try", (button) => attempt(button.dataset));
on("click", "show-suggestions", (button) => {
  menu(button, state.facts.suggestions.map((one) => ({ label: `${one.title}: ${shown(one.text)}`, run: () => attempt(one) })), "What to try");
});

/** Put a suggestion where it belongs, ready to be sent. */
async function attempt({ text, place }) {
  const channel = [...state.channels.values()].find((one) => !one.im);
  const wanted = place === "channel" && channel ? channel.id : state.app.dm;
  if (state.place.id !== wanted || state.place.kind !== "channel") await openChannel(wanted);
  fillComposer(shown(text));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const to = link && !event.metaKey && !event.ctrlKey && permalink(link.href);
  if (to) {
    event.preventDefault();
    goTo(to);
  }
  const mention = event.target.closest?.(".mention[data-channel]");
  if (mention && state.channels.has(mention.dataset.channel)) openChannel(mention.dataset.channel);
  if (!event.target.closest?.("#sidebar, .menu-button")) document.body.classList.remove("sidebar-open");
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.thread && !event.defaultPrevented && !state.editing && !document.querySelector("dialog[open], .completions")) closeThread();
});
