// Asking before something is done.

import { h } from "./dom.js";

const html = (object, otherwise) => (object?.html ? { html: object.html } : { html: null, text: otherwise });

/** Ask with a Block Kit confirmation object, or one like it with plain texts. Resolves to whether the answer was yes. */
export function confirmed(ask) {
  if (!ask) return Promise.resolve(true);
  const piece = (tag, kind, object, otherwise) => {
    const { html: rich, text } = html(object, otherwise);
    return rich ? h(tag, { class: kind, html: rich }) : h(tag, { class: kind }, object?.text ?? text);
  };
  const dialog = h(
    "dialog",
    { class: "dialog confirm", "aria-label": ask.title?.text ?? "Are you sure?" },
    h(
      "form",
      { method: "dialog" },
      piece("h2", "dialog-title", ask.title, "Are you sure?"),
      piece("div", "prose dialog-body", ask.text, ""),
      h(
        "div",
        { class: "dialog-actions" },
        h("button", { class: "button", value: "" }, ask.deny?.text ?? "Cancel"),
        h("button", { class: `button ${ask.style ?? "primary"}`, value: "yes", autofocus: true }, ask.confirm?.text ?? "Yes"),
      ),
    ),
  );
  document.getElementById("layer").append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
