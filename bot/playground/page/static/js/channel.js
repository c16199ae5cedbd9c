// The middle: a channel or DM with its messages, or the app's home.

import { avatar } from "./avatar.js";
import { makeComposer } from "./composer.js";
import { h, morph } from "./dom.js";
import { homeElement } from "./home.js";
import { icon } from "./icons.js";
import { editLast } from "./message_actions.js";
import { beginning, messageItems } from "./messages.js";
import { makePane } from "./pane.js";
import { loadOlder } from "./places.js";
import { send } from "./sending.js";
import { isDm, state, threadId, timeline, user, whenChanged } from "./store.js";
import { suggestions } from "./welcome.js";

const main = document.getElementById("main");
const header = h("header", { class: "pane-head" });
const home = h("div", { class: "home-scroll", hidden: true });
const pane = makePane("Messages", () => loadOlder(state.place.id, timeline(state.place.id)[0]?.ts));
const prompts = h("div", { class: "prompts" });
let composer = null;
let drawnPlace = "";

main.append(header, home, pane.scroller, pane.footing);
pane.below.append(prompts);

whenChanged(["place", "hello"], drawPlace);
whenChanged(["place", "messages", "status"], drawMessages);
whenChanged(["place", "prompts", "messages"], drawPrompts);
whenChanged(["place", "home"], drawHome);

function drawPlace() {
  if (!state.ready || !state.place.id) return;
  const { kind, id } = state.place;
  morph(header, h("header", { class: "pane-head" }, title()));
  const atHome = kind === "home";
  home.hidden = !atHome;
  pane.scroller.hidden = pane.footing.hidden = atHome;
  const place = `${state.me} ${kind} ${id}`;
  if (place === drawnPlace) return;
  drawnPlace = place;
  pane.restart();
  composer?.root.remove();
  if (atHome) return;
  composer = makeComposer({ place: id, placeholder: placeholder(), send: (text, files) => sendHere(id, text, files), editLast: () => editLast(timeline(id), "main") });
  pane.below.append(composer.root);
  if (matchMedia("(min-width: 700px)").matches) composer.focus();
}

async function sendHere(id, text, files) {
  const went = await send(id, "", text, files);
  if (went) pane.stick();
  return went;
}

function nameOf(channel) {
  if (!channel.im) return channel.name;
  return user(channel.members.find((id) => id !== state.me)).name;
}

function placeholder() {
  const channel = state.channels.get(state.place.id);
  return `Message ${channel.im ? "" : "#"}${nameOf(channel)}`;
}

function title() {
  const channel = state.channels.get(state.place.id);
  if (!channel) return null;
  const face = channel.im ? avatar(channel.members.find((id) => id !== state.me), "small") : icon(channel.private ? "lock" : "hash");
  const tab = (click, words, current) => h("button", { class: "tab", role: "tab", "aria-selected": String(current), data: { click } }, words);
  const atHome = state.place.kind === "home";
  return [
    h("div", { class: "pane-title" }, h("button", { class: "plain-button menu-button", "aria-label": "Show the sidebar", data: { click: "toggle-sidebar" } }, icon("menu")), h("h1", {}, face, h("span", {}, nameOf(channel)), isDm(channel.id) && h("span", { class: "app-badge" }, "APP")), channel.topic && h("p", { class: "topic" }, channel.topic)),
    isDm(channel.id) && h("div", { class: "tabs", role: "tablist", "aria-label": `${state.app.name}` }, tab("open-home", "Home", atHome), tab("open-messages", "Messages", !atHome)),
  ];
}

function drawMessages() {
  const { kind, id } = state.place;
  if (kind !== "channel" || !state.channels.has(id)) return;
  const messages = timeline(id);
  const channel = state.channels.get(id);
  const begins = state.loaded.has(id) && !state.loaded.get(id);
  const empty = begins && !messages.length;
  pane.before.replaceChildren(...[begins && (beginning(channel) ?? suggestions(empty))].filter(Boolean));
  pane.draw(messageItems(messages, "main"));
}

function drawPrompts() {
  const offered = state.prompts.get(threadId(state.place.id, ""));
  const shows = offered?.prompts.length && !timeline(state.place.id).length;
  prompts.replaceChildren(
    ...(shows ? offered.prompts.map((one) => h("button", { class: "prompt", title: one.message, data: { click: "send-prompt", message: one.message } }, one.title)) : []),
  );
}

function drawHome() {
  if (state.place.kind !== "home") return;
  const next = h("div", { class: "home-scroll" }, homeElement());
  morph(home, next);
}

/** Put a text into the composer of the channel that is open. */
export const fillComposer = (text) => composer?.fill(text);
