// Making elements, patching them in place, and one listener per kind of event for the whole page.

/** An element. `props`: attributes; `class`, `html` (sanitised by the server), `data`, `style` (an object) are special. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "html") element.innerHTML = value;
    else if (name === "data") Object.assign(element.dataset, defined(value));
    else if (name === "style") Object.assign(element.style, value);
    else if (name === "value") { element.value = value; if (tag === "input") element.setAttribute("value", value); }
    else element.setAttribute(name, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

function defined(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Make `from` look like `to` while keeping its nodes, so that focus, selection and scroll stay. */
export function morph(from, to) {
  if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName || keyOf(from) !== keyOf(to)) {
    from.replaceWith(to);
    return to;
  }
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return from;
  }
  if (from.dataset.keep !== undefined) return from;
  morphAttributes(from, to);
  morphChildren(from, to);
  return from;
}

// What a person opened stays open; styles are set as properties, since the page's policy forbids the attribute.
const PERSONS = new Set(["style", "open"]);

function morphAttributes(from, to) {
  for (const { name } of [...from.attributes]) if (!PERSONS.has(name) && !to.hasAttribute(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes) {
    if (!PERSONS.has(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  if (from.style.cssText !== to.style.cssText) from.style.cssText = to.style.cssText;
}

/** Children that carry a `data-key` are matched by it; others by their position. */
export function morphChildren(from, to) {
  const keyed = new Map([...from.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let at = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const known = keyOf(wanted) ? keyed.get(keyOf(wanted)) : at;
    if (!known || (keyOf(known) !== keyOf(wanted))) {
      from.insertBefore(wanted, at);
      continue;
    }
    if (known !== at) from.insertBefore(known, at);
    at = morph(known, wanted).nextSibling;
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function keyOf(node) {
  return node.dataset?.key ?? "";
}

/**
 * Draw a list of `{key, version, make}`: only what has another version (compared item by item) is made again.
 */
export function drawList(container, items) {
  const known = new Map([...container.children].map((child) => [child.dataset.key, child]));
  let at = container.firstElementChild;
  for (const { key, version, make } of items) {
    let element = known.get(key);
    known.delete(key);
    if (!element) {
      element = make();
      element.dataset.key = key;
      container.insertBefore(element, at);
    } else {
      if (element === at) at = at.nextElementSibling;
      else container.insertBefore(element, at);
      if (!same(element.drawn, version)) {
        const next = make();
        next.dataset.key = key;
        element = morph(element, next);
      }
    }
    element.drawn = version;
  }
  for (const gone of known.values()) gone.remove();
}

function same(left, right) {
  return left?.length === right.length && left.every((value, index) => value === right[index]);
}

const handlers = new Map();

/** Call `handler(element, event)` when something with `data-ACT="name"`, such as `data-click="send"`, gets the event. */
export function on(event, name, handler) {
  if (!handlers.has(event)) {
    handlers.set(event, new Map());
    document.addEventListener(event, (happened) => {
      const element = happened.target.closest?.(`[data-${event}]`);
      if (element && !element.disabled) handlers.get(event).get(element.dataset[event])?.(element, happened);
    });
  }
  handlers.get(event).set(name, handler);
}

/** What a screen reader says next. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}
