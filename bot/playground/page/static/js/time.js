// Times and days as people read them.

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" });
const dayAndYear = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

export const dateOf = (ts) => new Date(Number(ts) * 1000);
export const timeOf = (ts) => clock.format(dateOf(ts));
export const wholeTimeOf = (ts) => whole.format(dateOf(ts));
export const dayKey = (ts) => dateOf(ts).toDateString();

/** `Today`, `Yesterday`, `Monday 3 November`. */
export function dayName(ts) {
  const date = dateOf(ts);
  const now = new Date();
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (date.toDateString() === now.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return (date.getFullYear() === now.getFullYear() ? day : dayAndYear).format(date);
}

/** `just now`, `5 minutes ago`, `today at 10:32`, `Monday 3 November at 10:32`. */
export function ago(ts) {
  const seconds = (Date.now() - dateOf(ts)) / 1000;
  if (seconds < 60) return "just now";
  if (seconds < 3600) return plural(Math.floor(seconds / 60), "minute") + " ago";
  const name = dayName(ts);
  return `${["Today", "Yesterday"].includes(name) ? name.toLowerCase() : name} at ${timeOf(ts)}`;
}

const PLURALS = { reply: "replies" };
export const plural = (count, word) => `${count} ${count === 1 ? word : PLURALS[word] ?? word + "s"}`;
