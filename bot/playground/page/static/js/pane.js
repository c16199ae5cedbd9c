// A scrolling list of messages with what stands below it: the same for a channel and a thread.

import { drawList, h } from "./dom.js";
import { icon } from "./icons.js";

const NEAR_PX = 48;
const TOP_PX = 200;

/** Make a pane. `reachedTop` is called when a person scrolls to the oldest message. */
export function makePane(label, reachedTop = () => {}) {
  const list = h("div", { class: "messages", role: "log", "aria-live": "off", "aria-label": label });
  const before = h("div", { class: "before" });
  const content = h("div", { class: "scroll-content" }, before, list);
  const scroller = h("div", { class: "scroller", tabindex: "-1" }, content);
  const newest = h("button", { class: "newest", hidden: true }, icon("down"), "Newest messages");
  const below = h("div", { class: "below" });
  const footing = h("div", { class: "footing" }, newest, below);
  let stuck = true;

  const toBottom = () => {
    scroller.scrollTop = scroller.scrollHeight;
  };
  scroller.addEventListener("scroll", () => {
    stuck = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX;
    if (stuck) newest.hidden = true;
    if (scroller.scrollTop < TOP_PX) reachedTop();
  });
  newest.addEventListener("click", () => {
    stuck = true;
    toBottom();
  });
  new ResizeObserver(() => stuck && toBottom()).observe(content);
  new ResizeObserver(() => stuck && toBottom()).observe(scroller);
  list.addEventListener("keydown", walk);

  return {
    scroller,
    before,
    below,
    footing,
    /** Draw; keeps to the bottom if it was there, and otherwise what the person looks at in its place. */
    draw(items) {
      const first = list.firstElementChild;
      const oldTop = first?.offsetTop ?? 0;
      const oldLast = list.lastElementChild?.dataset.key;
      drawList(list, items);
      list.querySelectorAll('.message[tabindex="0"]').forEach((one) => one.setAttribute("tabindex", "-1"));
      [...list.querySelectorAll(".message")].at(-1)?.setAttribute("tabindex", "0");
      const isNew = oldLast && oldLast < (list.lastElementChild?.dataset.key ?? "");
      if (isNew && list.lastElementChild.classList.contains("ephemeral")) stuck = true; // it answers what the person just did
      if (stuck) toBottom();
      else {
        if (first?.isConnected) scroller.scrollTop += first.offsetTop - oldTop;
        if (isNew) newest.hidden = false;
      }
    },
    /** Another place shows now: begin at its newest message. */
    restart() {
      stuck = true;
      newest.hidden = true;
      list.replaceChildren();
    },
    stick() {
      stuck = true;
      toBottom();
    },
  };
}

/** Arrow keys walk from message to message. */
function walk(event) {
  if (!["ArrowUp", "ArrowDown"].includes(event.key) || !event.target.classList.contains("message")) return;
  event.preventDefault();
  let next = event.target;
  do next = event.key === "ArrowUp" ? next.previousElementSibling : next.nextElementSibling;
  while (next && !next.classList.contains("message"));
  next?.focus();
}
