// The beginning of the DM with the app: what to try. And the quiet line at the bottom that says what this is.

import { avatar } from "./avatar.js";
import { handle } from "./complete.js";
import { h, morph } from "./dom.js";
import { icon } from "./icons.js";
import { state, whenChanged } from "./store.js";

const facts = document.getElementById("facts");

/** How the DM with the app begins; with what to try, while nothing was said. */
export function suggestions(withCards) {
  return h(
    "div",
    { class: "welcome" },
    avatar(state.app.user, "large"),
    h("h2", {}, state.app.name),
    h("p", {}, "Each thread is a conversation it remembers. React with ", h("span", { class: "emoji" }, state.emoji[0]?.char), " to any message to branch off from there."),
    withCards && cards(),
  );
}

function cards() {
  return h(
    "div",
    { class: "suggestions" },
    state.facts.suggestions?.map((one) =>
      h("button", { class: "suggestion", data: { click: "try", text: one.text, place: one.place } }, h("strong", {}, one.title), h("span", {}, shown(one.text))),
    ),
  );
}

/** A suggestion's text for here and now. */
export const shown = (text) => text.replaceAll("{bot}", handle(state.users[state.app.user])).replaceAll("{command}", state.facts.command);

whenChanged(["hello", "facts"], () => {
  if (!state.ready) return;
  const { model, scripted, store, store_note: note } = state.facts;
  const fact = (name, value, more, kind = "") => h("span", { class: `fact ${kind}` }, h("span", { class: "fact-name" }, name), h("strong", {}, value), more && h("span", { class: "fact-more" }, more));
  morph(
    facts,
    h(
      "footer",
      { id: "facts", class: "facts" },
      h("span", { class: "fact playground" }, "Playground: an emulated Slack on this machine"),
      fact("Answers", model, scripted ? "no AI is asked" : "", scripted ? "scripted" : "real"),
      fact("Sessions", store, note),
      h("button", { class: "link-button", data: { click: "show-suggestions" } }, icon("bulb"), "What to try"),
    ),
  );
});
