// Does one operation on the bus of a home, and kills itself just before the step of that number that it asks of SQLite; with 0 it
// lives. Says which of its steps were commits when it got to its end.
// Usage: bun die-at-step.ts HOME OPERATION STEP
import { openBus } from "../../../src/bus/open.ts";
import { bunDriver } from "../../../src/store/driver-bun.ts";
import type { Driver, Statement } from "../../../src/store/driver.ts";
import { openStore } from "../../../src/store/open.ts";
import { say, testSettings } from "../../fixtures/bus/bus.ts";
import { handClock } from "../../helpers/temp-bus.ts";
import { operations } from "./operations.ts";

const [home, name, last] = process.argv.slice(2);
let steps = Number.NEGATIVE_INFINITY;
const commits: number[] = [];

function step<Answer>(does: () => Answer): Answer {
  steps++;
  if (steps === Number(last)) process.kill(process.pid, "SIGKILL");
  return does();
}

const mortalDriver: Driver = {
  open(path, options) {
    const connection = bunDriver.open(path, options);
    return {
      ...connection,
      exec(sql) {
        step(() => connection.exec(sql));
        if (sql === "commit") commits.push(steps);
      },
      prepare: (sql) => mortal(connection.prepare(sql), sql),
    };
  },
};

function mortal(statement: Statement, sql: string): Statement {
  return {
    run(params) {
      const changes = step(() => statement.run(params));
      if (sql === "commit") commits.push(steps);
      return changes;
    },
    get: (params) => step(() => statement.get(params)),
    all: (params) => step(() => statement.all(params)),
  };
}

// The migration is what opening does, so that its steps count.
const { act, migrates = false } = operations[name!]!;
if (migrates) steps = 0;
const clock = handClock();
const options = { durability: "process", busyTimeoutMs: 5_000 } as const;
const store = await openStore({ home: home!, driver: mortalDriver, clock, ...options });
const opening = steps;
const bus = await openBus(store, clock, testSettings);
if (!migrates) steps = 0;
await act(bus);
say({ steps: migrates ? opening : steps, commits: commits.filter((at) => at > 0) });
bus.doorbell.close();
await store.close();
