// What was begun and not sent, per person and place; kept over a reload.

import { changed, state } from "./store.js";

const key = (place) => `draft ${state.me} ${place}`;

export const draftOf = (place) => localStorage.getItem(key(place)) ?? "";

export function keepDraft(place, text) {
  const had = Boolean(draftOf(place));
  if (text.trim()) localStorage.setItem(key(place), text);
  else localStorage.removeItem(key(place));
  if (had !== Boolean(text.trim())) changed("sidebar");
}
