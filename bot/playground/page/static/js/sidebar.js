// The workspace at the left: who you are, channels, direct messages, the app.

import { avatar } from "./avatar.js";
import { h, morph } from "./dom.js";
import { draftOf } from "./drafts.js";
import { icon } from "./icons.js";
import { isDm, state, user, whenChanged } from "./store.js";

const sidebar = document.getElementById("sidebar");

whenChanged(["hello", "sidebar", "unread", "place"], draw);
whenChanged(["hello", "unread", "place"], drawTitle);

function draw() {
  if (!state.ready) return;
  const channels = [...state.channels.values()];
  const section = (name, some) => some.length > 0 && [h("h2", {}, name), h("ul", {}, some.map(entry))];
  const next = h(
    "nav",
    { id: "sidebar", class: "sidebar", "aria-label": "Workspace" },
    h("div", { class: "team" }, h("span", { class: "team-name" }, state.team)),
    people(),
    h(
      "div",
      { class: "places" },
      section("Channels", channels.filter((one) => !one.im).sort((left, right) => left.name.localeCompare(right.name))),
      section("Direct messages", channels.filter((one) => one.im && !isDm(one.id))),
      section("Apps", channels.filter((one) => isDm(one.id))),
    ),
  );
  morph(sidebar, next);
}

/** One click makes you somebody else. */
function people() {
  return h(
    "div",
    { class: "people", role: "group", "aria-label": "Act as" },
    state.people.map((id) => {
      const person = user(id);
      const current = id === state.me;
      return h(
        "button",
        { class: current ? "person current" : "person", "aria-pressed": String(current), title: current ? `You are ${person.name}` : `Become ${person.name}`, data: { click: "be", user: id } },
        avatar(id, "small"),
        h("span", { class: "person-name" }, person.name.split(" ")[0]),
        person.admin && h("span", { class: "person-role" }, "admin"),
      );
    }),
  );
}

function entry(channel) {
  const other = channel.im ? channel.members.find((id) => id !== state.me) : null;
  const name = other ? user(other).name : channel.name;
  const current = state.place.id === channel.id;
  const unread = current ? 0 : state.unread[channel.id] ?? 0;
  return h(
    "li",
    { data: { key: channel.id } },
    h(
      "button",
      { class: ["place", current && "current", unread && "unread"].filter(Boolean).join(" "), "aria-current": current ? "page" : null, data: { click: "open-channel", channel: channel.id } },
      other ? avatar(other, "tiny") : icon(channel.private ? "lock" : "hash"),
      h("span", { class: "place-name" }, name),
      !current && draftOf(channel.id) && h("span", { class: "draft", title: "Draft" }, icon("pencil")),
      unread > 0 && h("span", { class: "unread-count", "aria-label": `${unread} unread` }, unread > 99 ? "99+" : unread),
    ),
  );
}

function drawTitle() {
  const channel = state.channels.get(state.place.id);
  const unread = Object.values(state.unread).reduce((sum, count) => sum + count, 0);
  const name = channel ? (channel.im ? user(channel.members.find((id) => id !== state.me)).name : `#${channel.name}`) : "";
  document.title = `${unread ? `(${unread}) ` : ""}${[name, state.team].filter(Boolean).join(" · ") || "Playground"}`;
}
