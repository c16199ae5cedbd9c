// Where people write: text, files, completions. One composer for each place that is shown.

import { completionList, completions } from "./complete.js";
import { announce, h } from "./dom.js";
import { draftOf, keepDraft } from "./drafts.js";
import { sizeOf } from "./files.js";
import { icon } from "./icons.js";
import { pickEmoji } from "./picker.js";
import { plural } from "./time.js";
import { toast } from "./toast.js";

const TALLEST_PX = 320;
const FILES_LIMIT = 10;

/**
 * A composer. `send(text, files)` returns a promise of whether it went; `editLast()` is called for an arrow up in an
 * empty one. `place` names its draft.
 */
export function makeComposer({ place, placeholder, send, editLast, label }) {
  const files = [];
  let matching = null;
  let current = 0;
  let moved = false;

  const field = h("textarea", { rows: 1, placeholder, "aria-label": label ?? placeholder, "aria-autocomplete": "list", value: draftOf(place) });
  const offered = h("div", { class: "offered" });
  const chips = h("div", { class: "chips" });
  const picker = h("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true" });
  const tool = (label, face, run) => {
    const button = h("button", { type: "button", class: "plain-button", "aria-label": label, title: label }, face);
    button.addEventListener("click", () => run(button));
    return button;
  };
  const sendButton = h("button", { type: "button", class: "send", "aria-label": "Send", title: "Send (Enter)" }, icon("send"));
  const root = h(
    "div",
    { class: "composer", data: { keep: "" } },
    offered,
    h(
      "div",
      { class: "composer-box" },
      field,
      chips,
      h(
        "div",
        { class: "composer-tools" },
        tool("Attach files", icon("plus"), () => picker.click()),
        tool("Emoji", icon("smile"), (button) => pickEmoji(button, (name, char) => insert(char))),
        tool("Mention someone", icon("at"), () => insert("@")),
        tool("Use a command", icon("slash"), () => fill("/")),
        h("span", { class: "composer-hint", "aria-hidden": "true" }, h("b", {}, "Shift + Enter"), " for a new line"),
        sendButton,
      ),
      picker,
    ),
  );

  field.addEventListener("input", () => {
    keepDraft(place, field.value);
    refresh();
    offer();
  });
  field.addEventListener("keydown", keys);
  field.addEventListener("blur", () => close());
  field.addEventListener("click", offer);
  field.addEventListener("paste", (event) => take(event.clipboardData.files, event));
  picker.addEventListener("change", () => {
    take(picker.files);
    picker.value = "";
  });
  sendButton.addEventListener("click", submit);
  root.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    root.classList.add("dropping");
  });
  root.addEventListener("dragleave", () => root.classList.remove("dropping"));
  root.addEventListener("drop", (event) => {
    root.classList.remove("dropping");
    take(event.dataTransfer.files, event);
  });
  requestAnimationFrame(refresh);

  function keys(event) {
    if (event.isComposing) return;
    if (matching && chooseByKey(event)) return event.preventDefault();
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowUp" && !field.value && editLast?.()) event.preventDefault();
  }

  function chooseByKey({ key }) {
    const count = matching.entries.length;
    if (key === "ArrowDown" || key === "ArrowUp") {
      current = (current + (key === "ArrowDown" ? 1 : -1) + count) % count;
      moved = true;
      drawOffered();
    } else if (key === "Tab" || (key === "Enter" && (moved || !matching.whole))) choose(matching.entries[current]);
    else if (key === "Escape") close();
    else return false;
    return true;
  }

  function offer() {
    const found = field.selectionStart === field.selectionEnd ? completions(field.value.slice(0, field.selectionStart)) : null;
    if (found && !matching) announce(`${plural(found.entries.length, "suggestion")}: ${found.entries[0].label}`);
    matching = found;
    current = 0;
    moved = false;
    drawOffered();
  }

  function drawOffered() {
    offered.replaceChildren(...(matching ? [completionList(matching.entries, current, choose)] : []));
    if (matching) field.setAttribute("aria-activedescendant", `completion-${current}`);
    else field.removeAttribute("aria-activedescendant");
  }

  function choose(entry) {
    const after = field.value.slice(field.selectionStart);
    const before = field.value.slice(0, matching.from) + entry.insert;
    set(before + after, before.length);
    offer();
  }

  function close() {
    matching = null;
    drawOffered();
  }

  function insert(text) {
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    set(field.value, field.selectionStart);
    offer();
  }

  function set(text, cursor = text.length) {
    field.value = text;
    field.focus();
    field.setSelectionRange(cursor, cursor);
    keepDraft(place, text);
    refresh();
  }

  function fill(text) {
    set(text);
    offer();
  }

  function refresh() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, TALLEST_PX)}px`;
    root.classList.toggle("ready", Boolean(field.value.trim() || files.length));
  }

  function take(given, event) {
    if (!given?.length) return;
    event?.preventDefault();
    files.push(...[...given].slice(0, FILES_LIMIT - files.length));
    if (files.length === FILES_LIMIT) toast(`At most ${FILES_LIMIT} files go with one message.`);
    drawChips();
    field.focus();
  }

  function drawChips() {
    chips.replaceChildren(...files.map((file, index) => chip(file, () => drop(index))));
    refresh();
  }

  function drop(index) {
    files.splice(index, 1);
    drawChips();
    field.focus();
  }

  async function submit() {
    const text = field.value.trim();
    if (!text && !files.length) return;
    const sent = files.splice(0);
    close();
    set("");
    drawChips();
    if (await send(text, sent)) return;
    if (!field.value) set(text);
    files.unshift(...sent);
    drawChips();
  }

  return { root, fill, focus: () => field.focus({ preventScroll: true }) };
}

function chip(file, remove) {
  const url = file.type.startsWith("image/") ? URL.createObjectURL(file) : null;
  const image = url && h("img", { src: url, alt: "" });
  image?.addEventListener("load", () => URL.revokeObjectURL(url));
  const button = h("button", { type: "button", class: "plain-button", "aria-label": `Remove ${file.name}` }, icon("close"));
  button.addEventListener("click", remove);
  return h("span", { class: "chip" }, image ?? icon("file"), h("span", { class: "chip-name" }, file.name || "image"), h("span", { class: "quiet" }, sizeOf(file.size)), button);
}
