// What a look for alerts costs the supervisor of a large swarm, beside the same in a home where there is nothing.
import { registerAgent } from "../src/agents/registry.ts";
import { openRun } from "../src/agents/runs.ts";
import { openAlerts } from "../src/app/alerts.ts";
import type { Bus } from "../src/bus/bus.ts";
import { createInbox } from "../src/bus/ledger.ts";
import { send } from "../src/bus/send.ts";
import { defaults } from "../src/config/settings.ts";
import { systemClock } from "../src/core/clock.ts";
import { createEmitter } from "../src/core/events.ts";
import { openGrowth } from "../src/metrics/alerts/growth.ts";
import type { Bench } from "./bench.ts";
import { type Figure, percentile } from "./figure.ts";
import { body, closeBenchBus, monotonicMs, openBenchBus, withHome } from "./home.ts";
import { fillPoints, openVitals } from "./vitals.ts";

/** How often somebody looks by default; the clock of the bench leaps from one look to the next. */
const everyMs = defaults.alerts.evaluateEveryMs;

/** So many of the inboxes fill up, and have room again four passes later: two alerts each. */
const restless = 10;

export const alertPass: Bench = {
  name: "alert-pass",
  summary:
    "a look for alerts, 708 agents with an inbox and two processes each, 10⁶ points in vitals.db; in every fourth pass 20 alerts begin or are over",
  async run({ rounds, small, say }) {
    const [agents, points, passes] = small ? [20, 1_000, 8] : [708, 1_000_000, 300];
    return await withHome(async (home) =>
      withHome(async (emptyHome) => {
        say("filling the tables");
        const large = await openPlace(home, agents);
        await fillPoints(large.vitals, points);
        await large.vitals.checkpoint();
        const empty = await openPlace(emptyHome, 0);
        const median = figure("a pass, p50");
        const high = figure("a pass, p95");
        const most = figure("the longest pass");
        const first = figure("the first pass");
        for (let round = 1; round <= rounds; round++) {
          say(`round ${round} of ${rounds}`);
          for (const [place, of] of [
            [large, (one: Figure) => one.ours],
            [empty, (one: Figure) => one.reference!.values],
          ] as const) {
            const [beginning, ...rest] = await place.round(passes);
            of(first).push(beginning!);
            of(median).push(percentile(rest, 0.5));
            of(high).push(percentile(rest, 0.95));
            of(most).push(Math.max(...rest));
          }
        }
        for (const place of [large, empty]) await place.close();
        return [median, high, most, first];
      }),
    );
  },
};

function figure(name: string): Figure {
  const reference = { name: "no agents, no points", values: [] };
  const target = { of: "value", limit: 20 } as const;
  return { name, unit: "ms", wanted: "less", ours: [], reference, target };
}

async function openPlace(home: string, agents: number) {
  const bus = await openBenchBus(home);
  const vitals = await openVitals(home);
  const names = Array.from({ length: agents }, (_, n) => `agent-${n}`);
  await enlist(bus, names);
  const settings = { ...defaults, alerts: { ...defaults.alerts, cooldownMs: 0 } };
  const watched = names.flatMap((owner, n) =>
    ["host", "program"].map((kind, which) => ({
      pid: 10_000 + n * 2 + which,
      startTime: 1,
      owner: `${owner} ${kind}`,
      memoryBytes: 40_000_000 + n,
      descriptors: 20,
    })),
  );
  let aheadMs = 0;
  const machine = systemClock();
  const clock = {
    boot: machine.boot,
    now: () => machine.now() + aheadMs,
    tick: () => machine.tick() + aheadMs,
  };
  return {
    /** How long each of so many passes took, of a supervisor that begins. */
    async round(passes: number): Promise<number[]> {
      const growth = openGrowth(settings.alerts);
      // Nobody is told, as where nothing is set up for it.
      const notifier = { tell: () => {} };
      const parts = { home, bus, clock, events: createEmitter(), settings, growth, notifier };
      const evaluation = openAlerts({ ...parts, vitals: async () => vitals });
      const took: number[] = [];
      for (let pass = 0; pass < passes; pass++) {
        aheadMs += everyMs;
        if (pass % 5 === 0) growth.see(clock.tick(), watched);
        if (pass % 4 === 0) await stir(bus, names.slice(0, restless), pass % 8 === 0);
        const start = monotonicMs();
        await evaluation.pass();
        took.push(monotonicMs() - start);
      }
      return took;
    },
    async close(): Promise<void> {
      await vitals.close();
      await closeBenchBus(bus);
    },
    vitals,
  };
}

/** Registers agents of `names`, each with an inbox in which something lies. */
async function enlist(bus: Bus, names: readonly string[]): Promise<void> {
  await bus.store.write(async (tx) => {
    const place = { boot: "", namespace: "", guardianPid: null, pid: 1, startTime: 1 };
    const run = await openRun(tx, { swarm: "bench", file: "", mark: "", ...place });
    for (const name of names) {
      await createInbox(tx, name);
      const agent = { name, group: "group", run, runner: "exec", inbox: name, token: name };
      await registerAgent(tx, agent);
    }
  });
  const options = { from: null, onFull: "fail", timeoutMs: 0 } as const;
  for (const to of names) for (let n = 0; n < 3; n++) await send(bus, { to, body }, options);
}

/** Has `inboxes` be all but full, or not. */
async function stir(bus: Bus, inboxes: readonly string[], full: boolean): Promise<void> {
  await bus.store.write(async (tx) => {
    for (const inbox of inboxes)
      await tx.run("update ledger set cap = $cap where inbox = $inbox", {
        inbox,
        cap: full ? 3 : 1_000,
      });
  });
}
