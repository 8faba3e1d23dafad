// A swarm of 100 agents with a fault of each kind that an alert is about, and how each is mended.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sendBatch } from "../../src/bus/send.ts";
import { signalProcess } from "../../src/agents/process.ts";
import { sleep } from "../../src/core/clock.ts";
import { bytesOf } from "../../src/core/text.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import type { Place, Running } from "./place.ts";

/** What is planted: the alerts that it has to bring about, each a rule and its subject, and how it comes and goes. */
export interface Planted {
  alerts: readonly string[];
  /** When the condition was there, in milliseconds since 1970; undefined where it comes by and by. */
  plant(place: Place): Promise<number | void>;
  mend(place: Place): Promise<unknown>;
}

// Everything is as by default, but that growth, suspicion and rates need no minutes, and that no disk has so much room. Nobody is
// suspect, and nothing old, by a stall of the machine; what is over by itself is there for long enough to be seen, and not told again
// however long all of it takes.
export const settings = `[agents]
stop_grace = "1s"
suspect_after = "40s"
[bus]
max_attempts = 1
[metrics]
sample_every = "250ms"
[alerts]
growth_window = "4s"
warm_up = "30s"
rate_window = "40s"
count_window = "40s"
cooldown = "1h"
oldest = "40s"
coordination_time = "5s"
disk_free_min = 1_000_000_000_000_000
[store]
busy_timeout = "100s"
`;

const workers = 90;
const sleeper = { runner: "self", command: ["sleep", "1000"] };
const failing = { ...sleeper, command: ["false"], restart: "on-failure", backoff_max: "1s" };
const fixture = (name: string) => join(import.meta.dir, "..", "fixtures", "agents", name);

/** The swarm: with the faulty ones as long as `isFaulty`. */
export function swarmOf(place: Place, isFaulty: boolean) {
  const module = join(import.meta.dir, "programs", "does-it.ts");
  // It grows from shortly before its growth is measured; others grow as well until they are warm.
  const grows = [process.execPath, fixture("grows.ts"), join(place.directory, "enough"), "25000"];
  const faulty = { crashes: { ...failing, restart_max: 4 }, grows: { ...sleeper, command: grows } };
  return {
    name: "alarms",
    agents: {
      worker: { runner: "module", module, pool: 4, count: workers },
      refuses: { runner: "exec", command: ["false"] },
      hangs: sleeper,
      deep: sleeper,
      full: sleeper,
      hears: sleeper,
      keeps: { ...sleeper, count: 3 },
      ...(isFaulty ? faulty : {}),
    },
  };
}

/** How many agents it has. */
export const agentsAtFirst = workers + 10;

/** Everything that goes wrong in it. */
export function plantedIn(place: Place): readonly Planted[] {
  let reader: Running;
  const waiting: Running[] = [];
  return [
    {
      alerts: ["agent-crash-loop crashes", "agent-failed crashes"],
      async plant() {},
      mend: () => place.start(["up", place.file(swarmOf(place, false))]),
    },
    {
      alerts: ["memory-growth grows", "descriptor-growth grows"],
      async plant() {},
      mend: async () => writeFileSync(join(place.directory, "enough"), ""),
    },
    {
      alerts: ["agent-suspect hangs"],
      plant: () => signalTo(place, "hangs", "SIGSTOP"),
      mend: () => signalTo(place, "hangs", "SIGCONT"),
    },
    {
      alerts: ["dead-letters refuses", "error-rate bus", "delivery-rate bus"],
      async plant() {
        const names = Array.from({ length: workers }, (_, index) => `worker-${index + 1}`);
        await fill(place, names, 1);
        await fill(place, ["refuses"], 40);
      },
      mend: () => place.skep(["dead", "drop", "--all"]),
    },
    {
      alerts: ["queue-depth deep", "oldest-unclaimed deep"],
      async plant() {
        await place.skep(["limits", "set", "deep", "--cap", "2000"]);
        return await fill(place, ["deep"], 1_001);
      },
      mend: () => place.skep(["purge", "deep", "--yes"]),
    },
    {
      alerts: ["inbox-filling full", "inbox-critical full"],
      async plant() {
        await place.skep(["limits", "set", "full", "--cap", "20"]);
        return await fill(place, ["full"], 20);
      },
      mend: () => place.skep(["purge", "full", "--yes"]),
    },
    {
      alerts: ["send-failures full"],
      plant: () => fill(place, ["full"], 11),
      async mend() {},
    },
    {
      alerts: ["backpressure full"],
      async plant() {
        for (let sender = 0; sender < 11; sender++)
          waiting.push(await place.start(["send", "full", "wait", "--timeout", "10m"]));
      },
      async mend() {
        // What they send now would lie there as well.
        await Promise.all(waiting.map(({ finished }) => finished));
        await place.skep(["purge", "full", "--yes"]);
      },
    },
    {
      alerts: ["coordination-time publications"],
      async plant() {
        await place.skep(["subscribe", "news", "hears"]);
        await place.skep(["publish", "news", "late"]);
        await sleep(5_500);
        await place.skep(["recv", "hears", "--ack"]);
        return Date.now();
      },
      async mend() {},
    },
    {
      alerts: ["log-size bus.db", "checkpoint-stuck bus.db"],
      async plant() {
        reader = await place.launch(["sqlite3", join(place.home, "bus.db")]);
        await reader.write("begin; select count(*) from meta;\n");
        while (reader.stdout() === "") await sleep(5);
        return await fill(place, ["keeps-1", "keeps-2", "keeps-3"], 45, 1024 * 1024);
      },
      async mend() {
        signalProcess(reader, "SIGKILL");
        await reader.exited;
        for (const name of ["keeps-1", "keeps-2", "keeps-3"])
          await place.skep(["purge", name, "--yes"]);
      },
    },
    { alerts: ["disk-low disk"], async plant() {}, async mend() {} },
  ];
}

/** Sends so many messages to each of `inboxes`, whether they are taken or not. */
async function fill({ app }: Place, inboxes: string[], each: number, bytes = 1): Promise<number> {
  const body = bytesOf("x".repeat(bytes));
  const options = { from: null, onFull: "fail", atomic: false, timeoutMs: 0 } as const;
  for (const to of inboxes)
    for (let left = each; left > 0; left -= 15)
      await sendBatch(
        app.bus,
        Array.from({ length: Math.min(15, left) }, () => ({ to, body })),
        options,
      );
  return Date.now();
}

async function signalTo({ app }: Place, name: string, signal: "SIGSTOP" | "SIGCONT") {
  // Others may be ready before it.
  const programPid = await waitUntil(
    `${name} runs`,
    async () => (await app.agents()).find((agent) => agent.name === name)?.programPid,
  );
  process.kill(programPid, signal);
}
