// Faces: initials on the person's colour, and the app's mark.

import { h } from "./dom.js";
import { user } from "./store.js";

const MARK = "M12 3.500l1.900 5.600 5.600 1.900-5.600 1.900L12 18.500l-1.900-5.600L4.500 11l5.600-1.900zM18.500 15.500l.8 2.200 2.200.8-2.200.8-.8 2.200-.8-2.200-2.200-.8 2.200-.8z";

export function avatar(userId, size = "medium") {
  const person = user(userId);
  if (person.bot) return h("span", { class: `avatar ${size} bot`, "aria-hidden": "true" }, mark());
  const initials = person.name.split(/\s+/).slice(0, 2).map((word) => word[0] ?? "").join("");
  return h("span", { class: `avatar ${size}`, "aria-hidden": "true", style: { background: `#${person.color}` } }, initials);
}

function mark() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", MARK);
  svg.append(path);
  return svg;
}
