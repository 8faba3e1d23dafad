// Mutants of the logic of the bus that a simulation finds, mostly; each with as many seeds as that may take.
import type { Mutant } from "./mutant.ts";

// The most patient takes 400 on average, and the first that shows it ends it.
const catcher = { simulation: 10_000 };

export const logic: readonly Mutant[] = [
  {
    name: "purge out of somebody's hands",
    wrong: "a purge ends what was claimed since it looked",
    edits: [
      {
        file: "src/bus/purge.ts",
        find: "and inbox = $inbox and state in ('ready', 'delayed', 'parked')`,\n    { ids: those.value",
        replace: "and inbox = $inbox`,\n    { ids: those.value",
      },
    ],
    catcher,
  },
  {
    name: "retry with an old epoch",
    wrong: "the claim after a dead letter was tried again has the number of one before",
    edits: [
      {
        file: "src/bus/dead-retry.ts",
        find: "l.epoch + 1\n       from dead_letters l",
        replace: "0\n       from dead_letters l",
      },
    ],
    catcher,
  },
  {
    name: "receipt outlives a handover",
    wrong: "whoever held it before it was handed over can still ack it",
    edits: [
      {
        file: "src/bus/handover.ts",
        find: "epoch = epoch + 1, nonce = null where",
        replace: "nonce = nonce where",
      },
    ],
    catcher,
  },
  {
    name: "body of the living forgotten",
    wrong: "retention takes a message away of which a delivery still lives",
    edits: [
      {
        file: "src/bus/prune.ts",
        find: `and ${"$"}{none("deliveries", "deliveries.id")} and ${"$"}{none("history", "delivery_id")}`,
        replace: `and ${"$"}{none("history", "delivery_id")}`,
      },
    ],
    catcher,
  },
  {
    name: "publish to some",
    wrong: "one full inbox keeps a message from itself alone, and not from all",
    edits: [
      {
        file: "src/bus/fan-out.ts",
        find: `if (!skipFull || refused.why === "sender rate") return refused;`,
        replace: `if (refused.why === "sender rate") return refused;`,
      },
    ],
    catcher,
  },
  {
    name: "rest outlives the boot",
    wrong: "what rests after a failure rests by the ticks of a boot that is over",
    edits: [
      {
        file: "src/bus/boot.ts",
        find: "await endBackoffs(tx);",
        replace: "",
      },
    ],
    catcher,
  },
  {
    name: "key for ever",
    wrong: "a key is remembered beyond its window, until somebody clears it away",
    edits: [
      {
        file: "src/bus/keys.ts",
        find: "and key = $key and expires_at > $now`",
        replace: "and key = $key and $now > 0`",
      },
    ],
    catcher,
  },
  {
    name: "question that outlives its asker",
    wrong: "what nobody waits for any more is worked on all the same",
    edits: [
      {
        file: "src/bus/request.ts",
        find: "if (unanswered !== undefined) await withdraw(tx, unanswered);",
        replace: "",
      },
    ],
    catcher,
  },
  {
    name: "answered twice into one slot",
    wrong: "whoever answers and goes on holding has its slot still",
    edits: [
      {
        file: "src/bus/settle.ts",
        find: `await tx.run("update deliveries set owes_reply = 0 where id = $id", { id: held.id });`,
        replace: "",
      },
    ],
    catcher,
  },
  {
    name: "drain that takes leases for over",
    wrong: "a drain parks at once what somebody holds",
    edits: [
      {
        file: "src/bus/drain.ts",
        find: "from deliveries where state = 'leased' and lease_tick > $tick`",
        replace: "from deliveries where state = 'leased' and lease_tick > $tick + 1000`",
      },
    ],
    catcher,
  },
  {
    name: "inbox of a request for good",
    wrong: "whoever asks, and whose inbox is gone, makes one that nobody takes away",
    edits: [
      {
        file: "src/bus/request.ts",
        find: "signal, create: false };",
        replace: "signal, create: true };",
      },
    ],
    catcher: {
      test: "tests/bus/request.test.ts",
      title:
        "a request whose inbox goes while it is about to claim its answer does not bring it back",
    },
  },
];
