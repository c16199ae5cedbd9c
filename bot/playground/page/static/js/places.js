// Going places: channels, the app's home, threads, and where links lead. The address bar follows.

import { ask } from "./socket.js";
import { changed, messagesOf, state, threadId } from "./store.js";
import { refused } from "./toast.js";

const FLASH_MS = 2500;

export async function openChannel(channel, { thread = null } = {}) {
  state.place = { kind: "channel", id: channel };
  state.thread = null;
  document.body.classList.remove("sidebar-open");
  changed("place", "sidebar", "thread");
  if (channel === state.app.dm) ask("home", { tab: "messages" }).catch(refused);
  await load(channel);
  if (thread) await openThread(channel, thread);
  remember();
}

export async function openHome() {
  state.place = { kind: "home", id: state.app.dm };
  state.thread = null;
  document.body.classList.remove("sidebar-open");
  changed("place", "sidebar", "thread");
  remember();
  await ask("home", { tab: "home" }).catch(refused);
}

export async function openThread(channel, root) {
  state.thread = { channel, root };
  changed("thread", "messages");
  remember();
  try {
    const { root_ts: realRoot, messages } = await ask("thread", { channel, ts: root });
    if (realRoot !== root && state.thread?.root === root) state.thread = { channel, root: realRoot };
    replace(channel, (message) => message.root_ts === realRoot, messages);
    state.threads.add(threadId(channel, realRoot));
    changed("thread", "messages");
    remember();
  } catch (error) {
    if (state.thread?.root === root) closeThread();
    refused(error);
  }
}

export function closeThread() {
  state.thread = null;
  changed("thread", "messages");
  remember();
}

/** Load a channel's newest messages, once. */
export async function load(channel) {
  if (state.loaded.has(channel)) return;
  try {
    const { messages, more } = await ask("history", { channel });
    replace(channel, (message) => !message.reply || message.broadcast, messages);
    state.loaded.set(channel, more);
    changed("messages", "place");
  } catch (error) {
    refused(error);
  }
}

let loadingOlder = false;

/** Load what came before the oldest message that is known. */
export async function loadOlder(channel, oldest) {
  if (loadingOlder || !state.loaded.get(channel) || !oldest) return;
  loadingOlder = true;
  try {
    const { messages, more } = await ask("history", { channel, before: oldest });
    keep(channel, messages);
    state.loaded.set(channel, more);
    changed("messages");
  } catch (error) {
    refused(error);
  } finally {
    loadingOlder = false;
  }
}

/** Put messages in the place of those known so far that `among` says belong there. */
function replace(channel, among, messages) {
  const known = messagesOf(channel);
  for (const message of [...known.values()].filter(among)) known.delete(message.ts);
  keep(channel, messages);
}

function keep(channel, messages) {
  for (const message of messages) messagesOf(channel).set(message.ts, message);
}

/** Where a permalink leads: `{channel, ts, root}`, or null for other links. */
export function permalink(url) {
  const parsed = new URL(url, location.href);
  const match = parsed.pathname.match(/^\/archives\/([A-Z0-9]+)\/p(\d{10})(\d{6})$/);
  if (!match) return null;
  const ts = `${match[2]}.${match[3]}`;
  return { channel: match[1], ts, root: parsed.searchParams.get("thread_ts") };
}

/** Go to a message, open its thread where it lies in one, and let it light up. */
export async function goTo({ channel, ts, root }) {
  if (!state.channels.has(channel)) return refused(new Error("That message is in a place you can't see."));
  const stays = state.place.id === channel && state.place.kind === "channel";
  if (!stays) await openChannel(channel);
  const message = messagesOf(channel).get(ts);
  const thread = root && root !== ts ? root : message?.reply ? message.root_ts : message?.thread || message?.branch ? ts : null;
  if (thread) await openThread(channel, thread);
  flash(channel, ts, thread && thread !== ts ? "thread" : "main");
}

function flash(channel, ts, pane) {
  state.flash = { channel, ts, at: Date.now() };
  changed("messages");
  setTimeout(() => document.querySelector(`.message[data-pane="${pane}"][data-ts="${ts}"]`)?.scrollIntoView({ block: "center" }), 30);
  setTimeout(() => {
    state.flash = null;
    changed("messages");
  }, FLASH_MS);
}

// --- the address bar ---------------------------------------------------------------------------------------------

function remember() {
  const { kind, id } = state.place;
  const thread = state.thread ? `/${state.thread.root}` : "";
  history.replaceState(null, "", `/#${kind === "home" ? "home" : id + thread}`);
}

/** Open what the address says, or the DM with the bot. */
export async function openRemembered() {
  const linked = permalink(location.href);
  const [id, thread] = location.hash.slice(1).split("/");
  if (linked && state.channels.has(linked.channel)) return goTo(linked);
  if (id === "home") return openHome();
  return openChannel(state.channels.has(id) ? id : state.app.dm, { thread: state.channels.has(id) ? thread : null });
}
