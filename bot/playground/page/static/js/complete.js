// Completion in the composer: mentions after `@`, channels after `#`, commands after a `/` at the start.

import { avatar } from "./avatar.js";
import { h } from "./dom.js";
import { state } from "./store.js";

const MOST = 8;

/** What could complete the text before the cursor: `{from, entries: [{insert, face, label, about}], whole}`, or null.
 * `whole`: what is typed can be sent as it is. */
export function completions(before) {
  if (/^\/\S*$/.test(before)) return commands(before);
  const word = before.match(/^(\/\S+) +(\S*)$/);
  if (word) return subcommands(word[1], word[2]);
  const name = before.match(/(?:^|[\s(])([@#])([\w.-]*)$/);
  if (!name) return null;
  const entries = name[1] === "@" ? people(name[2]) : channels(name[2]);
  return entries.length ? { from: before.length - name[2].length - 1, entries } : null;
}

const starts = (text, with_) => text.toLowerCase().startsWith(with_.toLowerCase());

/** How a person is typed: what the playground turns into a mention. */
export const handle = (user) => "@" + user.name.replace(/ /g, "");

function people(typed) {
  return Object.values(state.users)
    .filter((user) => user.id !== state.me && (starts(user.name.replace(/ /g, ""), typed) || starts(user.handle, typed)))
    .sort((left, right) => Number(right.bot) - Number(left.bot))
    .slice(0, MOST)
    .map((user) => ({ insert: `${handle(user)} `, face: avatar(user.id, "small"), label: user.name, about: user.bot ? "App" : user.handle }));
}

function channels(typed) {
  return [...state.channels.values()]
    .filter((channel) => !channel.im && starts(channel.name, typed))
    .slice(0, MOST)
    .map((channel) => ({ insert: `#${channel.name} `, label: `#${channel.name}`, about: channel.topic }));
}

function commands(typed) {
  const entries = state.commands
    .filter((command) => starts(command.name, typed))
    .map((command) => ({ insert: `${command.name} `, face: avatar(state.app.user, "small"), label: `${command.name} ${command.hint}`.trim(), about: command.about }));
  return entries.length && entries[0].insert.trim() !== typed ? { from: 0, entries } : entries.length ? subcommands(typed, "") : null;
}

function subcommands(name, typed) {
  const command = state.commands.find((one) => one.name === name);
  const entries = (command?.words ?? [])
    .filter((one) => starts(one.word, typed) && one.word !== typed)
    .map((one) => ({ insert: `${name} ${one.word}${one.hint ? " " : ""}`, label: `${name} ${one.word}`, hint: one.hint, about: one.about }));
  return entries.length ? { from: 0, entries, whole: !typed } : null;
}

/** The list of what could be meant; `chosen(entry)` is called for a click. */
export function completionList(entries, current, chosen) {
  return h(
    "ul",
    { class: "completions", role: "listbox", id: "completions", "aria-label": "Suggestions" },
    entries.map((entry, index) => {
      const item = h(
        "li",
        { role: "option", id: `completion-${index}`, "aria-selected": String(index === current), class: index === current ? "current" : "" },
        entry.face,
        h("span", { class: "completion-label" }, entry.label, entry.hint && h("span", { class: "quiet" }, ` ${entry.hint}`)),
        h("span", { class: "quiet completion-about" }, entry.about),
      );
      item.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        chosen(entry);
      });
      return item;
    }),
  );
}
