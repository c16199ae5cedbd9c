// A short word at the bottom that goes away by itself.

import { h } from "./dom.js";

const STAYS_MS = 5000;

export function toast(text, kind = "") {
  document.querySelector(".toast")?.remove();
  const shown = h("div", { class: `toast ${kind}`, role: "status" }, text);
  document.getElementById("layer").append(shown);
  setTimeout(() => shown.remove(), STAYS_MS);
}

/** For `.catch`: show why something was refused. */
export const refused = (error) => toast(error.message, "error");
