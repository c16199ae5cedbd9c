// Which thumb a person gave an answer, so that it stays marked.

import { changed, state } from "./store.js";

const given = new Map();
const key = (ts) => `${state.me} ${ts}`;

export const feedbackOn = ({ ts }) => given.get(key(ts)) ?? "";

export function giveFeedback(ts, choice) {
  given.set(key(ts), choice);
  changed("messages");
}

/** Mark the thumb that was given among a message's elements. */
export function withFeedback(message, elements) {
  const choice = feedbackOn(message);
  for (const button of elements.flatMap((element) => [...element.querySelectorAll(".feedback")])) {
    const chosen = button.dataset.choice === choice;
    button.classList.toggle("chosen", chosen);
    button.setAttribute("aria-pressed", String(chosen));
  }
  return elements;
}
