// Mutants of promises that none of the fourteen breaks.
import { few, lone } from "./catchers.ts";
import type { Mutant } from "./mutant.ts";

/** One at least for each of them. */
export const more: readonly Mutant[] = [
  {
    name: "partial batch",
    wrong: "a refusal takes back nothing of what went before it in an atomic batch",
    edits: [
      {
        file: "src/bus/send.ts",
        find: "!(refused !== undefined && isAlone)) {",
        replace: "!(refused !== undefined && isAlone) && outcomes.length === 0) {",
      },
    ],
    catcher: few("no partial batch", 600, { cap: 6 }),
  },
  {
    name: "send to a drained bus",
    wrong: "a message is taken while the bus is closed",
    edits: [
      {
        file: "src/bus/intake.ts",
        find: "if (reason !== null) throw draining(reason);",
        replace: `if (reason === "stop") throw draining(reason);`,
      },
    ],
    catcher: few("conservation at drain", 600, { drains: true, openMs: 60 }),
  },
  {
    name: "resume forgets what was delayed",
    wrong: "what its sender delayed stays parked",
    edits: [
      {
        file: "src/bus/park.ts",
        find: "run = null\n      where state = 'parked' and ${whose}`",
        replace: "run = null\n      where state = 'parked' and due_at is null and ${whose}`",
      },
    ],
    catcher: few("conservation at drain", 2_000, { drains: true, openMs: 60 }),
  },
  {
    name: "poison without end",
    wrong: "a message is tried again however often it failed",
    edits: [
      {
        file: "src/bus/give-back.ts",
        find: "attempt >= settings.maxAttempts",
        replace: "attempt >= settings.maxAttempts + 100",
      },
    ],
    catcher: few("bounds", 600, { leaseMs: 20, maxAttempts: 2 }),
  },
  {
    name: "poison condemns its neighbours",
    wrong: "what was in flight when its holder died is claimed together again",
    edits: [
      {
        file: "src/bus/claim.ts",
        find: "return firstAlone === -1 ? heads : heads.slice(0, Math.max(1, firstAlone));",
        replace: "return firstAlone > 1e9 ? [] : heads;",
      },
    ],
    catcher: {
      test: "tests/bus/claim.test.ts",
      title: "one poisonous message does not condemn those that were in flight beside it",
    },
  },
  {
    name: "handed out too late",
    wrong: "what nobody wants any more is handed out all the same",
    edits: [
      {
        file: "src/bus/claim.ts",
        find: "if (first.some(({ expiresAt }) => isOverdue(expiresAt, tx.now))) {",
        replace: "if (first.length > 1e9) {",
      },
    ],
    catcher: few("in time", 1_200, { ttlMaxMs: 25 }),
  },
  {
    name: "handed out too early",
    wrong: "a delay is cut short when something else is due",
    edits: [
      {
        file: "src/bus/sweep.ts",
        find: `if (due) await sweepDue(tx, inbox, "due_at", tx.now);`,
        replace: `await sweepDue(tx, inbox, "due_at", tx.now + 150);`,
      },
    ],
    catcher: few("in time", 800),
  },
  {
    name: "lease cut short",
    wrong: "with a lease that ran out go those that nearly did",
    edits: [
      {
        file: "src/bus/sweep.ts",
        find: "{ inbox, tick: tx.tick },",
        replace: "{ inbox, tick: tx.tick + 100 },",
      },
    ],
    catcher: few("lease exclusion", 1_000, { leaseMs: 150, inboxes: ["i0"] }),
  },
  {
    name: "ledger forgets bytes",
    wrong: "what is acked with others goes on taking up room",
    edits: [
      {
        file: "src/bus/finish.ts",
        find: "ends.bytes -= bytes;",
        replace: "ends.bytes -= 0 * bytes;",
      },
    ],
    catcher: lone("clean shape", 300),
  },
  {
    name: "slot kept for ever",
    wrong: "whoever acks without an answer leaves its slot reserved",
    edits: [
      {
        file: "src/bus/settle.ts",
        find: "if (owed && acked.reply === undefined) await releaseReply(tx, messageId);",
        replace: "",
      },
    ],
    catcher: lone("clean shape", 2_500),
  },
  {
    name: "rate without memory",
    wrong: "who is too fast is let in all the same",
    edits: [
      {
        file: "src/bus/rate.ts",
        find: "return { waitMs: Math.max(0, waitMs), arrivalTick: arrival };",
        replace: "return { waitMs: Math.min(0, waitMs), arrivalTick: arrival };",
      },
    ],
    catcher: {
      test: "tests/bus/rate.test.ts",
      title: "whatever comes and however fast",
    },
  },
  {
    name: "drain in two transactions",
    wrong: "a kill in the middle of a drain's end leaves half of it",
    edits: [
      {
        file: "src/bus/park.ts",
        find: "let parked = 0;",
        replace: `let parked = 0;
  await tx.run("commit");
  await tx.run("begin immediate");`,
      },
    ],
    catcher: { crash: "drain" },
  },
  {
    name: "a commit that is none",
    wrong: "now and then what was accepted is rolled back",
    edits: [
      {
        file: "src/store/sqlite.ts",
        find: `writer.exec("commit");
      commits++;`,
        replace: `writer.exec(Math.random() < 0.02 ? "rollback" : "commit");
      commits++;`,
      },
    ],
    catcher: few("nothing lost", 800),
  },
  {
    name: "first ack twice",
    wrong: "whoever repeats an ack is told that it was the first",
    edits: [
      {
        file: "src/bus/settle.ts",
        find: "if (finished === undefined) return { receipt, id: await ackedBefore(tx, receipt), already: true };",
        replace:
          "if (finished === undefined) return { receipt, id: await ackedBefore(tx, receipt) };",
      },
    ],
    catcher: lone("single ack", 400),
  },
  {
    name: "a drain that spends an attempt",
    wrong: "what a drain takes back counts as tried",
    edits: [
      {
        file: "src/bus/give-back.ts",
        find: `attempt: ending === "returned" ? attempt - 1 : attempt,`,
        replace: "attempt,",
      },
    ],
    catcher: few("bounds", 1_000, { drains: true, openMs: 60, maxAttempts: 2 }),
  },
];
