// Menus: overflow menus of blocks, and what can be done with a message.

import { h } from "./dom.js";
import { closePopup, popup } from "./popup.js";

/** Show a menu of `{label, run, danger}` (or `null` for a line between) beside an element. */
export function menu(anchor, entries, label) {
  const items = entries.map((entry, index) =>
    entry
      ? h("button", { role: "menuitem", class: entry.danger ? "danger" : "", data: { index } }, entry.html ? h("span", { html: entry.html }) : entry.label)
      : h("hr", {}),
  );
  const box = popup(anchor, items, { kind: "menu", role: "menu", label });
  box.addEventListener("click", (event) => {
    const item = event.target.closest("[role=menuitem]");
    if (!item) return;
    closePopup(true);
    entries[item.dataset.index].run();
  });
  box.addEventListener("keydown", (event) => step(event, [...box.querySelectorAll("[role=menuitem]")]));
  box.querySelector("[role=menuitem]")?.focus();
}

/** Arrow keys walk through `items`. */
export function step(event, items, columns = 1) {
  const moves = { ArrowDown: columns, ArrowUp: -columns, ...(columns > 1 && { ArrowRight: 1, ArrowLeft: -1 }) };
  if (!(event.key in moves)) return;
  event.preventDefault();
  const at = items.indexOf(document.activeElement);
  items[(at + moves[event.key] + items.length) % items.length]?.focus();
}
