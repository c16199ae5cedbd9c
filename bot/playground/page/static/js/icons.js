// The page's few icons, drawn as strokes on a 20 by 20 field.

const PATHS = {
  hash: "M7.5 3 6 17M14 3l-1.5 14M3.5 7.5h13.5M3 12.5h13.5",
  lock: "M5.5 9h9v7.5h-9zM7.5 9V6.5a2.5 2.5 0 0 1 5 0V9",
  close: "M5 5l10 10M15 5 5 15",
  reply: "M3.5 5.5a2 2 0 0 1 2-2h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H9l-3.5 3v-3a2 2 0 0 1-2-2z",
  smile: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM7.5 8.3v.2M12.5 8.3v.2M7 11.7c1.6 2 4.4 2 6 0",
  more: "M10 4.6v.1M10 10v.1M10 15.4v.1",
  branch: "M6 5.5v9M6 12c0-3.5 8-2 8-6M6 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM6 17.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM14 6a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z",
  send: "M3.5 10 17 3.5 12.5 17 10 11.5zM10 11.5 17 3.5",
  plus: "M10 4v12M4 10h12",
  at: "M13 10a3 3 0 1 1-6 0 3 3 0 0 1 6 0zm0 0c0 3.5 4 3 4 0a7 7 0 1 0-3 5.8",
  slash: "M12.5 5l-5 10M3.5 3.5h13v13h-13z",
  stop: "M6 6h8v8H6z",
  eye: "M2.5 10s3-5 7.5-5 7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5zM10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  check: "M4.5 10.5 8.5 14.5 15.5 6",
  alert: "M10 6v5M10 14v.1M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15z",
  menu: "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
  file: "M5.5 2.5h6l3.5 3.5v11.5h-9.5zM11.5 2.5V6H15",
  down: "M10 4v12M5 11l5 5 5-5",
  chevron: "M6 8l4 4 4-4",
  pencil: "M4 16l.8-3.4L13 4.4l2.6 2.6-8.2 8.2z",
  bulb: "M7.5 14.5h5M8.5 17h3M10 3a5 5 0 0 0-3 9c.4.4.5 1 .5 1.5h5c0-.5.1-1.1.5-1.5a5 5 0 0 0-3-9z",
  up: "M7 10v6.5H4V10zM7 10l3-6.5c1.4 0 2 1 2 2V8.500h3.600c1 0 1.600.8 1.400 1.700l-1 5c-.2.8-.7 1.300-1.500 1.300H7",
  thumbdown: "M13 10V3.500h3V10zM13 10l-3 6.500c-1.400 0-2-1-2-2v-3H4.400c-1 0-1.600-.8-1.400-1.700l1-5c.2-.8.7-1.300 1.500-1.300H13",
};

/** An icon; decorative, so whatever holds it needs a label. */
export function icon(name, extra = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `icon ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
