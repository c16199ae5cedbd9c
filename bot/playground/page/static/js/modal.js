// The app's modals: a stack, of which the topmost shows.

import { blockElements } from "./blocks.js";
import { h, morph, on } from "./dom.js";
import { inputValues } from "./elements.js";
import { icon } from "./icons.js";
import { ask } from "./socket.js";
import { state, whenChanged } from "./store.js";
import { refused } from "./toast.js";

let dialog = null;

whenChanged(["modals"], () => {
  const view = state.modals.at(-1);
  if (!view) return hide();
  if (dialog?.dataset.view !== view.id) hide();
  if (!dialog) show(view);
  else if (dialog.dataset.hash !== view.hash) {
    dialog.dataset.hash = view.hash;
    morph(dialog.firstElementChild, form(view));
  }
});

function show(view) {
  dialog = h("dialog", { class: "dialog modal", "aria-label": view.title, data: { view: view.id, hash: view.hash } }, form(view));
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  document.getElementById("layer").append(dialog);
  dialog.showModal();
}

function hide() {
  dialog?.remove();
  dialog = null;
}

function close() {
  ask("close", { view: dialog.dataset.view }).catch(refused);
}

function form(view) {
  return h(
    "form",
    { data: { submit: "modal-submit" }, novalidate: true },
    h("header", { class: "dialog-head" }, h("h2", { class: "dialog-title" }, view.title), h("button", { type: "button", class: "plain-button", "aria-label": "Close", data: { click: "modal-close" } }, icon("close"))),
    h("div", { class: "dialog-body" }, blockElements(view.blocks, view.state)),
    h(
      "footer",
      { class: "dialog-actions" },
      h("button", { type: "button", class: "button", data: { click: "modal-close" } }, view.close || "Cancel"),
      view.submit && h("button", { class: "button primary" }, view.submit),
    ),
  );
}

on("click", "modal-close", close);

on("submit", "modal-submit", async (form, event) => {
  event.preventDefault();
  const values = inputValues(form);
  form.classList.add("working");
  try {
    const { errors } = await ask("submit", { view: dialog.dataset.view, values });
    showErrors(form, errors);
  } catch (error) {
    refused(error);
  } finally {
    form.classList.remove("working");
  }
});

function showErrors(form, errors) {
  for (const block of form.querySelectorAll(".block.input")) {
    const error = errors[block.dataset.block] ?? "";
    block.classList.toggle("wrong", Boolean(error));
    block.querySelector(".input-error").textContent = error;
  }
  form.querySelector(".block.wrong .field, .block.wrong input")?.focus();
}
