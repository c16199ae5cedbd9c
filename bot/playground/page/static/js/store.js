// What the page knows of the workspace, and who wants to hear when it changes.

const heard = new Map();
let pending = null;

export const state = {
  ready: false,
  connected: false,
  me: "",
  team: "",
  users: {},
  people: [],
  app: { name: "", user: "", dm: "", shortcuts: [] },
  commands: [],
  facts: {},
  emoji: [],
  channels: new Map(),
  unread: {},
  messages: new Map(), // channel -> Map(ts -> message), roots, replies and ephemerals alike
  loaded: new Map(), // channel -> are there older messages
  threads: new Set(), // "channel root" of the threads that are loaded
  statuses: new Map(), // "channel root" -> status
  prompts: new Map(), // "channel root" -> suggested prompts
  modals: [],
  home: null,
  place: { kind: "channel", id: "" },
  thread: null, // { channel, root }
  editing: null, // { channel, ts, pane }
  flash: null, // the message that a link led to: { channel, ts, at }
};

export const threadId = (channel, root) => `${channel} ${root}`;

/** Call `draw` after one of these parts of the state changed; once, however many changes came together. */
export function whenChanged(topics, draw) {
  for (const topic of topics) heard.set(topic, [...(heard.get(topic) ?? []), draw]);
}

/** Say that parts of the state changed. */
export function changed(...topics) {
  if (!pending) {
    pending = new Set();
    queueMicrotask(() => {
      const draws = new Set([...pending].flatMap((topic) => heard.get(topic) ?? []));
      pending = null;
      for (const draw of draws) draw();
    });
  }
  for (const topic of topics) pending.add(topic);
}

export const user = (id) => state.users[id] ?? { id, name: "Slackbot", color: "616061", bot: true, admin: false };

export function messagesOf(channel) {
  if (!state.messages.has(channel)) state.messages.set(channel, new Map());
  return state.messages.get(channel);
}

const byTs = (left, right) => (left.ts < right.ts ? -1 : 1);

/** What the channel itself shows: roots, broadcast replies and ephemerals outside threads, oldest first. */
export function timeline(channel) {
  return [...messagesOf(channel).values()].filter((message) => !message.reply || message.broadcast).sort(byTs);
}

/** A thread's root and replies, oldest first. */
export function threadOf(channel, root) {
  return [...messagesOf(channel).values()].filter((message) => message.root_ts === root).sort(byTs);
}

export function liveStatus(channel, root) {
  const status = state.statuses.get(threadId(channel, root));
  return status?.text ? status : null;
}

export const isDm = (channel) => channel === state.app.dm;
