// Sending what was written: a message, a message with files, or a slash command.

import { openThread } from "./places.js";
import { ask, sayWithFiles } from "./socket.js";
import { isDm, state } from "./store.js";
import { refused, toast } from "./toast.js";
import { handle } from "./complete.js";

/** Send to a channel or (with `root`) a thread. Resolves to whether it went. */
export async function send(channel, root, text, files) {
  try {
    if (text.startsWith("/") && !files.length) return await command(channel, root, text);
    const { ts } = files.length ? await sayWithFiles(channel, root, text, files) : await ask("say", { channel, thread_ts: root, text });
    if (!root && speaksToBot(channel, text)) openThread(channel, ts);
    return true;
  } catch (error) {
    refused(error);
    return false;
  }
}

/** The bot answers in the message's thread: go along. */
function speaksToBot(channel, text) {
  const bot = state.users[state.app.user];
  return isDm(channel) || text.toLowerCase().includes(handle(bot).toLowerCase());
}

async function command(channel, root, text) {
  if (root) {
    toast("Like in Slack, commands don't work in threads. Mention the app here instead, or use the command below in the channel.", "error");
    return false;
  }
  await ask("command", { channel, text });
  return true;
}
