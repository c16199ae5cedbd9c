// What happens when a person uses a block's element.

import { confirmed } from "./confirm.js";
import { on } from "./dom.js";
import { inputValues, valueOf } from "./elements.js";
import { giveFeedback } from "./feedback.js";
import { menu } from "./menu.js";
import { ask } from "./socket.js";
import { refused } from "./toast.js";

on("click", "block-button", (button, event) => {
  if (button.tagName !== "A") event.preventDefault();
  use(button, button.dataset.choice ?? null);
});

on("change", "block-choice", (made) => use(made, valueOf(made)));

on("click", "block-feedback", async (button) => {
  const pair = button.closest(".feedback-pair");
  const { ts } = button.closest(".message").dataset;
  if (await use(pair, button.dataset.choice)) giveFeedback(ts, button.dataset.choice);
});

on("click", "block-overflow", (button) => {
  const options = JSON.parse(button.dataset.options);
  const entries = options.map((option) => ({
    html: option.text?.html ?? "",
    run: () => (option.url && /^https?:/i.test(option.url) ? open(option.url, "_blank", "noopener") : use(button, option.value)),
  }));
  menu(button, entries, "More options");
});

/** Tell the app; resolves to whether it took it. */
async function use(made, choice) {
  const { action, confirm } = made.dataset;
  if (confirm && !(await confirmed(JSON.parse(confirm)))) return false;
  const block = made.closest("[data-block]")?.dataset.block ?? "";
  made.classList.add("working");
  try {
    await ask("click", { place: placeOf(made), action_id: action, block_id: block, choice, inputs: inputsBeside(made) });
    return true;
  } catch (error) {
    refused(error);
    return false;
  } finally {
    made.classList.remove("working");
  }
}

/** What the inputs of the same message hold; a modal's are kept by Slack. */
function inputsBeside(made) {
  const message = made.closest(".message");
  return message ? inputValues(message) : {};
}

function placeOf(made) {
  const view = made.closest("[data-view]");
  if (view) return { view: view.dataset.view };
  const { channel, ts } = made.closest(".message").dataset;
  return { channel, ts };
}
