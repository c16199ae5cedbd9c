// The emoji picker: the branch emoji first, set apart, then a small set.

import { h } from "./dom.js";
import { step } from "./menu.js";
import { closePopup, popup } from "./popup.js";
import { state } from "./store.js";

const COLUMNS = 7;

/** Let a person pick an emoji; calls `picked(name, char)`. */
export function pickEmoji(anchor, picked) {
  const branches = state.emoji.filter((one) => one.branch);
  const others = state.emoji.filter((one) => !one.branch);
  const button = (one, more) => h("button", { title: `:${one.name}:`, "aria-label": one.branch ? "Branch from here" : `:${one.name}:`, data: { name: one.name, char: one.char } }, h("span", { class: "emoji" }, one.char || one.name), more);
  const box = popup(
    anchor,
    [
      h("div", { class: "picker-branch" }, branches.map((one) => button(one, h("span", {}, "Branch from here")))),
      h("div", { class: "picker-grid" }, others.map((one) => button(one))),
    ],
    { kind: "picker", label: "Pick a reaction" },
  );
  box.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-name]");
    if (!chosen) return;
    closePopup();
    picked(chosen.dataset.name, chosen.dataset.char);
  });
  box.addEventListener("keydown", (event) => step(event, [...box.querySelectorAll("button")], COLUMNS));
  box.querySelector("button")?.focus();
}
