// Files of a message: images in place, everything else as a card to download.

import { h } from "./dom.js";
import { icon } from "./icons.js";

export function fileElements(files) {
  if (!files.length) return null;
  return h("div", { class: "files" }, files.map((file) => (file.image ? image(file) : card(file))));
}

function image(file) {
  return h(
    "a",
    { class: "file-image", href: file.url, target: "_blank", rel: "noopener", title: file.name, data: { key: file.id } },
    h("img", { src: file.url, alt: file.name, loading: "lazy" }),
  );
}

function card(file) {
  return h(
    "a",
    { class: "file-card", href: file.url, download: file.name, data: { key: file.id } },
    h("span", { class: "file-icon" }, icon("file")),
    h("span", { class: "file-words" }, h("span", { class: "file-name" }, file.name), h("span", { class: "file-about" }, `${kind(file)} · ${sizeOf(file.size)}`)),
  );
}

const kind = ({ name, mimetype }) => (name.includes(".") ? name.split(".").pop().toUpperCase() : mimetype);

export function sizeOf(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
