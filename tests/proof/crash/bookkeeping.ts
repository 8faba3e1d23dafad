// What the supervisor writes to the database beside the messages: runs, agents, orders.
import { answerOrder, placeOrder } from "../../../src/agents/orders.ts";
import { openRecord } from "../../../src/agents/record.ts";
import { noteChange, registerAgent } from "../../../src/agents/registry.ts";
import { askToStop, openRun } from "../../../src/agents/runs.ts";
import { finishRun } from "../../../src/agents/shutdown.ts";
import { ledgerOf } from "../../../src/app/ledger.ts";
import { handBack } from "../../../src/bus/hand-back.ts";
import { type Operation, held, running, someone } from "./before.ts";

/** By name; each is tried at every step. */
export const bookkeeping: Readonly<Record<string, Operation>> = {
  "begin a run": {
    prepare: held,
    act: (bus) =>
      bus.store.write(async (tx) => {
        const run = await openRun(tx, { swarm: "s", file: "f", mark: "m", ...someone });
        const agent = { group: "g", runner: "exec", run, token: "t" };
        for (const name of ["w", "v"]) await registerAgent(tx, { name, inbox: name, ...agent });
        const given = { names: ["w", "v"], inboxes: ["w", "v"], addressBook: "closed" } as const;
        await ledgerOf(bus).begin(tx, given);
      }),
    changes: 1,
  },
  "note that an agent died": {
    prepare: running,
    act: (bus) =>
      bus.store.write(async (tx) => {
        await noteChange(tx, "w", { state: "dead", reason: "killed" });
        await handBack(tx, bus.settings, "w", "died", "killed");
      }),
    changes: 1,
  },
  "hand over": {
    prepare: running,
    act: (bus) =>
      bus.store.write(async (tx) => {
        await noteChange(tx, "w", { state: "failed" });
        const ledger = ledgerOf(bus);
        await ledger.setRoutes(tx, [{ sender: "v", address: "@coordinator", inbox: "a2" }]);
        await ledger.handover(tx, { from: "a1", to: "a2", reason: "w failed" });
      }),
    changes: 1,
  },
  "finish a run": {
    prepare: running,
    act(bus) {
      const parts = { store: bus.store, clock: bus.clock, settings: { stopGraceMs: 0 } };
      const run = { id: 1, mark: "of no process", boot: "b", namespace: "n" };
      return finishRun(run, { ...parts, ledger: ledgerOf(bus) }, 0);
    },
    // What is left is parked before anything is killed; that it is over is noted when all is.
    changes: 2,
  },
  "note that agents run": {
    prepare: running,
    async act({ store }) {
      const record = openRecord({
        store,
        run: 1,
        announce: (tx, all) =>
          tx.run("insert into meta (key, value) values ('told', $told)", {
            told: JSON.stringify(all),
          }) as Promise<unknown> as Promise<void>,
        failed: (error) => void console.error(error),
        over: new AbortController().signal,
      });
      const one = { pid: 4_000_000, startTime: 7 };
      const change = { state: "ready", started: true, host: one, program: one } as const;
      await Promise.all(["w", "v"].map((name) => record.note(name, change)));
    },
    // What comes up in the same breath is written together.
    changes: 1,
  },
  "order something and be answered": {
    prepare: running,
    async act({ store }) {
      const wish = { verb: "restart", subject: "w" } as const;
      const id = await store.write((tx) => placeOrder(tx, 1, wish));
      await store.write((tx) => answerOrder(tx, id, { agents: ["w"] }));
    },
    changes: 2,
  },
  "ask a run to stop": {
    prepare: running,
    act: ({ store }) => store.write((tx) => askToStop(tx, 1, 5_000)),
    changes: 1,
  },
};
