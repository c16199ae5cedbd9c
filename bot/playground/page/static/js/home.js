// The app's Home tab.

import { blockElements } from "./blocks.js";
import { h } from "./dom.js";
import { avatar } from "./avatar.js";
import { state } from "./store.js";

export function homeElement() {
  if (!state.home) {
    return h("div", { class: "home-empty", data: { key: "empty" } }, avatar(state.app.user, "large"), h("h2", {}, state.app.name), h("p", {}, "Nothing is shown here yet. Write to the app under Messages."));
  }
  return h("div", { class: "home", data: { view: state.home.id, key: state.home.id } }, blockElements(state.home.blocks, state.home.state));
}
