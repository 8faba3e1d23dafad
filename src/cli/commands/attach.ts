// `skep attach`: see and use the terminal of an agent, or watch the whole swarm.
import { attach, runningAgent } from "../../agents/attach.ts";
import { terminalModes } from "../../agents/terminal-modes.ts";
import type { App } from "../../app.ts";
import { aborted, sleep } from "../../core/clock.ts";
import { SkepError } from "../../core/errors.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { writeLogs } from "../log-lines.ts";
import { open } from "../open.ts";
import { detachKeyAt, ownTerminal } from "../own-terminal.ts";

export default defineCommand({
  name: "attach",
  summary: "sit down at the terminal of an agent, or watch the whole swarm",
  notes: [
    "With AGENT, one with `terminal = true`: what it shows and what you type. Ctrl-] detaches, and the agent goes on.",
    "Several may be attached to one agent: all see the same, all can type, and the smallest window sets the size.",
    "Without AGENT: what all agents write, as `skep logs -f` shows it. Ctrl-C detaches, and the swarm goes on.",
  ],
  args: {
    agent: { type: "positional", required: false, description: "an agent with a terminal" },
  },
  examples: [
    ["skep attach helper", "talk to it; Ctrl-] leaves it to itself"],
    ["skep attach", "watch a swarm that was started with --detach"],
  ],
  async run(context, { agent }) {
    const app = await open(context);
    if (agent === undefined) await watch(context, app);
    else await use(context, app, agent);
  },
});

async function use(context: Context, { home, agents }: App, name: string): Promise<void> {
  const attached = await attach(home, runningAgent(await agents(), name));
  const terminal = ownTerminal(`skep attach ${name}`, `skep logs -f ${name} shows what it writes.`);
  const modes = terminalModes();
  let left = false;
  const leave = () => {
    left = true;
    attached.leave();
  };
  void aborted(context.signal).then(leave);
  // Before the first key: nobody should have to guess how to leave.
  context.say(`attached to ${name}; Ctrl-] detaches, and it goes on`);
  terminal.takeKeys((keys) => {
    const at = keys === undefined ? 0 : detachKeyAt(keys);
    if (keys !== undefined && at !== 0) attached.type(keys.subarray(0, at));
    if (at !== undefined) leave();
  });
  attached.onOutput((bytes) => {
    modes.hear(bytes);
    return terminal.paint(bytes);
  });
  terminal.onResize(() => attached.resize(terminal.size()));
  attached.resize(terminal.size());
  const how = await attached.over;
  await terminal.paint(`${modes.undo()}\r\n`);
  terminal.giveBack();
  if (left) return context.say(`detached from ${name}`);
  if (how !== undefined) return context.say(`${name} ${how}`);
  throw new SkepError("E_NOT_FOUND", `the host of ${name} is gone`, {
    hint: `skep ps says how ${name} is now.`,
  });
}

const lookMs = 500;

async function watch(context: Context, { home, agents, lastRun }: App): Promise<void> {
  const run = await lastRun();
  if (run === undefined || run.state === "stopped" || !run.alive)
    throw new SkepError("E_NOT_FOUND", "no swarm runs here", {
      hint: "skep up FILE starts one; skep logs shows what agents wrote before.",
    });
  context.say(`attached to ${run.swarm}; Ctrl-C detaches, and it goes on`);
  const over = new AbortController();
  const follow = AbortSignal.any([context.signal, over.signal]);
  void (async () => {
    while (!follow.aborted) {
      await sleep(lookMs, follow);
      const now = await lastRun();
      if (now?.state === "stopped" || now?.id !== run.id) over.abort();
    }
  })();
  const names = (await agents()).map(({ name }) => name);
  await writeLogs(
    context,
    { home, subject: undefined, lines: 20, agents, follow },
    { names, raw: false },
  );
  if (over.signal.aborted) context.say(`${run.swarm} has stopped`);
}
