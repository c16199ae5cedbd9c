// Block Kit: every block the app may send, as elements. Texts carry `html` that the server has sanitised.

import { h } from "./dom.js";
import { element } from "./elements.js";
import { icon } from "./icons.js";

/** The elements of some blocks. `values` are a view's current input values, by block_id and action_id. */
export function blockElements(blocks, values = {}) {
  return (blocks ?? []).map((block, index) => {
    const made = (BLOCKS[block.type] ?? unknown)(block, values[block.block_id] ?? {});
    made.dataset.block = block.block_id ?? "";
    made.dataset.key = `${block.type}-${block.block_id || index}`;
    return made;
  });
}

/** A text object. */
export const text = (object, tag = "div", kind = "prose") => h(tag, { class: kind, html: object?.html ?? "" });

const BLOCKS = {
  section(block, values) {
    return h(
      "div",
      { class: "block section" },
      h("div", { class: "section-text" }, block.text && text(block.text), block.fields && h("div", { class: "fields" }, block.fields.map((field) => text(field)))),
      block.accessory && h("div", { class: "accessory" }, element(block.accessory, values)),
    );
  },
  actions: (block, values) => h("div", { class: "block actions" }, block.elements.map((one) => element(one, values))),
  context_actions: (block, values) => h("div", { class: "block context-actions" }, block.elements.map((one) => element(one, values))),
  context: (block) =>
    h("div", { class: "block context" }, block.elements.map((one) => (one.type === "image" ? element(one, {}) : text(one, "span")))),
  header: (block) => text(block.text, "h2", "block header"),
  divider: () => h("hr", { class: "block divider" }),
  markdown: (block) => h("div", { class: "block prose markdown", html: block.html }),
  rich_text: (block) => h("div", { class: "block prose", html: block.html }),
  image(block) {
    return h(
      "figure",
      { class: "block image-block" },
      block.title && text(block.title, "figcaption", "quiet"),
      element({ ...block, type: "image" }, {}),
    );
  },
  input(block, values) {
    const id = `input-${block.block_id}`;
    const group = ["checkboxes", "radio_buttons"].includes(block.element.type);
    return h(
      group ? "fieldset" : "div",
      { class: "block input" },
      h(group ? "legend" : "label", { class: "input-label", for: group ? null : id }, h("span", { html: block.label?.html ?? "" }), block.optional && h("span", { class: "quiet" }, " (optional)")),
      element(block.element, values, { id, silent: !block.dispatch_action }),
      block.hint && text(block.hint, "div", "hint"),
      h("p", { class: "input-error", role: "alert" }),
    );
  },
  task_card: (block) => task(block),
  plan(block) {
    const done = (block.tasks ?? []).filter((one) => one.status === "complete").length;
    return h(
      "details",
      { class: "block plan", open: true },
      h("summary", {}, h("span", { class: "plan-title" }, block.title?.text ?? block.title ?? "Plan"), h("span", { class: "quiet" }, `${done} of ${block.tasks?.length ?? 0}`), icon("chevron")),
      (block.tasks ?? []).map(task),
    );
  },
  table(block) {
    const settings = block.column_settings ?? [];
    const cell = (one, column, tag) => h(tag, { class: `align-${settings[column]?.align ?? "left"}`, html: one.html ?? "" });
    const [first = [], ...rest] = block.rows ?? [];
    return h(
      "div",
      { class: "block prose" },
      h("div", { class: "table-scroll" }, h("table", {}, h("thead", {}, h("tr", {}, first.map((one, column) => cell(one, column, "th")))), h("tbody", {}, rest.map((row) => h("tr", {}, row.map((one, column) => cell(one, column, "td"))))))),
    );
  },
};

const STATUS = {
  pending: ["dot", "waiting"],
  in_progress: ["spinner", "in progress"],
  complete: ["check", "done"],
  error: ["alert", "failed"],
};

function task(block) {
  const [face, words] = STATUS[block.status] ?? STATUS.pending;
  const mark = h("span", { class: `task-mark ${face}`, role: "img", "aria-label": words }, ["check", "alert"].includes(face) && icon(face));
  const title = h("span", { class: "task-title" }, block.title?.text ?? block.title ?? "");
  const more = [block.details, block.output].filter(Boolean);
  const props = { class: `block task ${block.status}`, data: { key: `task-${block.task_id}` } };
  if (!more.length && !block.sources?.length) return h("div", props, h("div", { class: "task-line" }, mark, title));
  return h(
    "details",
    props,
    h("summary", { class: "task-line" }, mark, title, icon("chevron")),
    h(
      "div",
      { class: "task-more" },
      more.map((one) => h("div", { class: "prose", html: one.html ?? "" })),
      block.sources?.map((source) => h("a", { href: safeLink(source.url), target: "_blank", rel: "noopener noreferrer" }, source.text || source.url)),
    ),
  );
}

function unknown(block) {
  return h("div", { class: "block unknown" }, `The page can't show a ${block.type} block.`);
}

export const safeLink = (url) => (/^https?:\/\//i.test(url ?? "") ? url : "#");
