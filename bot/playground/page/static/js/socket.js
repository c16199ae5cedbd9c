// The line to the playground: asks, takes changes, and comes back by itself when it was cut.

import { state, changed } from "./store.js";

const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5000;

let socket = null;
let nextId = 1;
let waitMs = FIRST_WAIT_MS;
const asked = new Map();

/** Connect, and stay connected. `take(frame)` gets whatever is not an answer. */
export function connect(take) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const remembered = sessionStorage.getItem("person") ?? "";
  socket = new WebSocket(`${scheme}://${location.host}/ui?user=${encodeURIComponent(remembered)}`);
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.type === "hello") {
      waitMs = FIRST_WAIT_MS;
      setConnected(true);
    }
    if (frame.type === "answer") settle(frame);
    else take(frame);
  };
  socket.onclose = () => {
    setConnected(false);
    for (const { reject } of asked.values()) reject(new Refusal("disconnected", "The connection was lost."));
    asked.clear();
    setTimeout(() => connect(take), waitMs);
    waitMs = Math.min(waitMs * 1.6, LONGEST_WAIT_MS);
  };
}

/** Ask for something, such as `ask("say", {channel, text})`. Rejects with a Refusal. */
export function ask(doing, more = {}) {
  if (socket?.readyState !== WebSocket.OPEN) {
    return Promise.reject(new Refusal("disconnected", "Not connected to the playground right now."));
  }
  const id = nextId++;
  socket.send(JSON.stringify({ id, do: doing, ...more }));
  return new Promise((resolve, reject) => asked.set(id, { resolve, reject }));
}

/** Send a message with files. Rejects with a Refusal. */
export async function sayWithFiles(channel, threadTs, text, files) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ user: state.me, channel, thread_ts: threadTs, text })) form.append(name, value);
  for (const file of files) form.append("file", file, file.name || "pasted.png");
  let answer;
  try {
    answer = await (await fetch("/ui/messages", { method: "POST", body: form })).json();
  } catch {
    throw new Refusal("upload_failed", "The files could not be uploaded.");
  }
  if (answer.error) throw new Refusal(answer.error.code, answer.error.text);
  return answer.result;
}

/** Slack's no, with a sentence for the person. */
export class Refusal extends Error {
  constructor(code, text) {
    super(text);
    this.code = code;
  }
}

function settle({ re, result, error }) {
  const waiting = asked.get(re);
  asked.delete(re);
  if (error) waiting?.reject(new Refusal(error.code, error.text));
  else waiting?.resolve(result);
}

function setConnected(connected) {
  if (state.connected === connected) return;
  state.connected = connected;
  changed("connection");
}
