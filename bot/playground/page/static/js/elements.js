// Block Kit's interactive elements. What they do when used is in actions.js.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { state, user } from "./store.js";

/**
 * An element.
 *
 * values: the current values of its block's inputs, by action_id. With `silent` the app is not told of a choice: it is
 * an input of a form.
 */
export function element(spec, values, { id = null, silent = false } = {}) {
  const make = ELEMENTS[spec.type];
  if (!make) return h("span", { class: "block unknown" }, `(${spec.type})`);
  const made = make(spec, values[spec.action_id], { id, silent });
  if (!spec.action_id) return made;
  Object.assign(made.dataset, { action: spec.action_id, kind: spec.type, key: `${spec.action_id}-${spec.value ?? ""}` });
  if (spec.confirm) made.dataset.confirm = JSON.stringify(spec.confirm);
  return made;
}

const words = (object) => h("span", { html: object?.html ?? "" });
const chosenOf = (value) => value?.selected_option?.value;
const chosenManyOf = (value) => (value?.selected_options ?? []).map((option) => option.value);

const ELEMENTS = {
  button(spec) {
    const face = [words(spec.text)];
    const props = { class: `button ${spec.style ?? ""}`, type: "button", "aria-label": spec.accessibility_label, data: { click: "block-button", choice: spec.value } };
    if (!spec.url) return h("button", props, face);
    return h("a", { ...props, type: null, href: /^https?:/i.test(spec.url) ? spec.url : "#", target: "_blank", rel: "noopener noreferrer" }, face);
  },
  icon_button: (spec) =>
    h("button", { class: "button icon-button", type: "button", "aria-label": spec.text?.text, title: spec.text?.text, data: { click: "block-button", choice: spec.value } }, icon("close")),
  overflow: (spec) =>
    h("button", { class: "button overflow", type: "button", "aria-label": "More options", "aria-haspopup": "menu", data: { click: "block-overflow", options: JSON.stringify(spec.options) } }, icon("more", "dots-icon")),
  feedback_buttons(spec) {
    const one = (button, name, face) =>
      h("button", { type: "button", class: "feedback", "aria-label": button.accessibility_label || button.text?.text, title: button.text?.text, data: { click: "block-feedback", choice: name } }, icon(face));
    return h("span", { class: "feedback-pair" }, one(spec.positive_button, "positive", "up"), one(spec.negative_button, "negative", "thumbdown"));
  },
  image(spec) {
    const source = spec.image_url ?? spec.slack_file?.url ?? "";
    const here = source.startsWith("/") || source.startsWith(location.origin);
    if (here) return h("img", { class: "block-image", src: source, alt: spec.alt_text ?? "", title: spec.alt_text });
    return h("a", { href: /^https?:/i.test(source) ? source : "#", target: "_blank", rel: "noopener noreferrer" }, spec.alt_text || source);
  },
  static_select: (spec, value, how) => select(spec, chosenOf(value) ?? spec.initial_option?.value, how, options(spec)),
  external_select: (spec, value, how) => select(spec, chosenOf(value), how, []),
  users_select: (spec, value, how) => select(spec, value?.selected_user ?? spec.initial_user, how, people()),
  conversations_select: (spec, value, how) => select(spec, value?.selected_conversation ?? spec.initial_conversation, how, places()),
  channels_select: (spec, value, how) => select(spec, value?.selected_channel ?? spec.initial_channel, how, places()),
  multi_static_select: (spec, value, how) => several(spec, chosenManyOf(value), how, "checkbox", options(spec)),
  multi_users_select: (spec, value, how) => several(spec, value?.selected_users ?? [], how, "checkbox", people()),
  checkboxes: (spec, value, how) => several(spec, value ? chosenManyOf(value) : initial(spec), how, "checkbox", options(spec)),
  radio_buttons: (spec, value, how) => several(spec, [chosenOf(value) ?? spec.initial_option?.value], how, "radio", options(spec)),
  plain_text_input(spec, value, { id }) {
    const props = { id, class: "field", placeholder: spec.placeholder?.text, maxlength: spec.max_length, value: value?.value ?? spec.initial_value ?? "", autofocus: spec.focus_on_load };
    return spec.multiline ? h("textarea", { ...props, rows: 4 }) : h("input", { ...props, type: "text" });
  },
  rich_text_input: (spec, value, { id }) => h("textarea", { id, class: "field", rows: 4, placeholder: spec.placeholder?.text }),
  email_text_input: typedField("email"),
  url_text_input: typedField("url"),
  number_input: typedField("number"),
  datepicker: typedField("date", "selected_date", "initial_date"),
  timepicker: typedField("time", "selected_time", "initial_time"),
};

const initial = (spec) => (spec.initial_options ?? []).map((option) => option.value);

function typedField(type, key = "value", initialKey = "initial_value") {
  return (spec, value, { id, silent }) =>
    h("input", { id, class: "field", type, placeholder: spec.placeholder?.text, value: value?.[key] ?? spec[initialKey] ?? "", data: { change: silent ? null : "block-choice" } });
}

function options(spec) {
  const groups = spec.option_groups ?? [{ options: spec.options ?? [] }];
  return groups.flatMap((group) => group.options.map((one) => ({ value: one.value, label: one.text, about: one.description })));
}

const plainly = (value, label) => ({ value, label: { text: label } });
const people = () => Object.values(state.users).map((one) => plainly(one.id, one.name));
const places = () =>
  [...state.channels.values()].map((one) => plainly(one.id, one.im ? user(one.members.find((id) => id !== state.me)).name : `#${one.name}`));

function select(spec, current, { id, silent }, choices) {
  const label = spec.placeholder?.text ?? "Choose an option";
  return h(
    "select",
    { id, class: "field select", "aria-label": id ? null : label, data: { change: silent ? null : "block-choice" } },
    h("option", { value: "", selected: !current, disabled: true }, label),
    choices.map((one) => h("option", { value: one.value, selected: one.value === current }, one.label.text)),
  );
}

function several(spec, current, { silent }, type, choices) {
  const name = `${spec.action_id}-${Math.random()}`;
  return h(
    "div",
    { class: "choices", role: type === "radio" ? "radiogroup" : "group", data: { change: silent ? null : "block-choice" } },
    choices.map((one) =>
      h(
        "label",
        { class: "choice", data: { key: one.value } },
        h("input", { type, name, value: one.value, checked: current.includes(one.value) }),
        h("span", {}, one.label.html ? words(one.label) : one.label.text, one.about && h("span", { class: "quiet" }, words(one.about))),
      ),
    ),
  );
}

/** What is chosen or typed in an element that `element` made: a value, several, or null. */
export function valueOf(made) {
  const boxes = [...made.querySelectorAll("input[type=checkbox]")];
  if (["checkboxes", "multi_static_select", "multi_users_select"].includes(made.dataset.kind)) {
    return boxes.filter((box) => box.checked).map((box) => box.value);
  }
  if (made.dataset.kind === "radio_buttons") return made.querySelector("input:checked")?.value ?? null;
  return made.value || null;
}

/** The values of all input blocks in an element, by action_id. */
export function inputValues(within) {
  const inputs = [...within.querySelectorAll(".block.input [data-action]")];
  return Object.fromEntries(inputs.map((made) => [made.dataset.action, valueOf(made)]));
}
