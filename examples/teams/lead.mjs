// A coordinator: it is asked to count the lines below a directory, gives the files to its workers, asks its peers to do
// the same with theirs, and answers when all answers are in. One long-lived program that runs on Node, Bun or Deno.
// It asks a peer by name, and says which files it means: should that one have failed for good, whoever took over is
// asked instead, itself perhaps, and the sum is the same.
// What it holds is not settled before it can be answered: killed in the middle, whoever comes next begins anew.
import { readdirSync } from "node:fs";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";

const [inbox, ...endings] = process.argv.slice(2);
const self = process.env.SKEP_AGENT;
const filesPerPart = 20;

/** Jobs by their thread: the receipt to settle it with, how many answers are still to come, and the sum so far. */
const jobs = new Map();

for await (const line of createInterface({ input: process.stdin })) {
  const delivery = JSON.parse(line);
  if (delivery.type === "reply") hear(delivery);
  else begin(delivery);
}

function begin({ receipt, type, body }) {
  const part = type === "part" ? JSON.parse(body) : { directory: body, endings };
  const files = filesBelow(part);
  const parts = [];
  for (let from = 0; from < files.length; from += filesPerPart)
    parts.push(files.slice(from, from + filesPerPart));
  // No receipt comes twice: what was answered to whoever had this before belongs to another thread, and is not added.
  const thread = receipt;
  const about = { thread, reply_to: self };
  const asks = parts.map((part) => ({ to: inbox, body: `${part.join("\n")}\n`, ...about }));
  // Whoever asks a peer has its own part of it to do, so a peer that is asked asks nobody.
  const peers = type === "part" ? [] : peersOf();
  for (const { to, endings } of peers)
    asks.push({ to, type: "part", body: JSON.stringify({ directory: body, endings }), ...about });
  jobs.set(thread, { receipt, left: asks.length, files: 0, lines: 0 });
  for (const send of asks) say({ send });
  finishIfDone(thread);
}

function hear({ receipt, thread, body }) {
  say({ ack: receipt });
  const job = jobs.get(thread);
  // An answer to somebody who did not live to hear it.
  if (job === undefined) return;
  const { files, lines } = JSON.parse(body);
  job.files += files;
  job.lines += lines;
  job.left--;
  finishIfDone(thread);
}

function finishIfDone(thread) {
  const { receipt, left, files, lines } = jobs.get(thread);
  if (left > 0) return;
  jobs.delete(thread);
  say({ ack: receipt, reply: JSON.stringify({ files, lines }) });
}

function filesBelow({ directory, endings }) {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && endings.includes(extname(entry.name)))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Names with the endings that each of them knows: `prose:.md,.txt`. */
function peersOf() {
  const peers = (process.env.PEERS ?? "").split(" ").filter(Boolean);
  return peers.map((peer) => {
    const [to, endings] = peer.split(":");
    return { to, endings: endings.split(",") };
  });
}

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
