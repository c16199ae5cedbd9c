// One popup at a time, beside what opened it: menus, the emoji picker, completions have it in common.

import { h } from "./dom.js";

let open = null;

/** Show `content` beside `anchor`; closes on Escape, on a click elsewhere, and when another opens. */
export function popup(anchor, content, { kind = "", role = "dialog", label = "" } = {}) {
  closePopup();
  const box = h("div", { class: `popup ${kind}`, role, "aria-label": label }, content);
  document.getElementById("layer").append(box);
  place(box, anchor.getBoundingClientRect());
  anchor.setAttribute("aria-expanded", "true");
  anchor.closest(".message")?.classList.add("held");
  open = { box, anchor };
  return box;
}

export function closePopup(refocus = false) {
  if (!open) return;
  const { box, anchor } = open;
  open = null;
  box.remove();
  anchor.removeAttribute("aria-expanded");
  anchor.closest(".message")?.classList.remove("held");
  if (refocus) anchor.focus();
}

function place(box, at) {
  const { width, height } = box.getBoundingClientRect();
  const below = at.bottom + 6;
  const top = below + height > innerHeight - 8 ? Math.max(8, at.top - height - 6) : below;
  const left = Math.min(Math.max(8, at.right - width), innerWidth - width - 8);
  Object.assign(box.style, { top: `${top}px`, left: `${Math.max(8, left)}px` });
}

document.addEventListener("pointerdown", (event) => {
  if (open && !open.box.contains(event.target) && !open.anchor.contains(event.target)) closePopup();
});
document.addEventListener(
  "keydown",
  (event) => {
    if (open && event.key === "Escape") {
      event.stopPropagation();
      closePopup(true);
    }
  },
  true,
);
addEventListener("resize", () => closePopup());
