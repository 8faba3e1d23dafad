// Mutants of the bus that were somebody's bug, each with what shows it.
import { few, lone } from "./catchers.ts";
import type { Mutant } from "./mutant.ts";

/** The fourteen that other systems are known to have had. */
export const named: readonly Mutant[] = [
  {
    name: "epoch check dropped",
    wrong: "an ack does not look whether its receipt is the latest",
    edits: [
      {
        file: "src/bus/finish.ts",
        find: "where id = $deliveryId and epoch = $epoch and nonce = $nonce\n     returning",
        replace: "where id = $deliveryId and $epoch > 0 and $nonce >= 0\n     returning",
      },
    ],
    catcher: few("no stale success", 1_000, { leaseMs: 20 }),
  },
  {
    name: "deferred transaction",
    wrong: "a write begins as a read and wants the lock too late",
    edits: [
      {
        file: "src/store/sqlite.ts",
        find: `writer.exec("begin immediate");`,
        replace: `writer.exec("begin");`,
      },
    ],
    catcher: few("progress", 1_000, { foreign: true }),
  },
  {
    name: "ack and send in two transactions",
    wrong: "what is sent with an ack is committed after it",
    edits: [
      {
        file: "src/bus/settle.ts",
        find: "const acked: Acked = { receipt, id: messageId };",
        replace: `const acked: Acked = { receipt, id: messageId };
  await tx.run("commit");
  await tx.run("begin immediate");`,
      },
    ],
    catcher: few("atomic ack and send", 800, { cap: 8 }),
  },
  {
    name: "insert or replace",
    wrong: "a message with a key that is taken takes the place of the first",
    edits: [
      {
        file: "src/bus/keys.ts",
        find: "=== 0) return earlier.id;",
        replace: "=== 0) return earlier.id;\n  if (earlier.id > 0) return undefined;",
      },
    ],
    catcher: lone("idempotency", 1_200),
  },
  {
    name: "order by missing",
    wrong: "a claim takes whatever it finds first",
    edits: [
      {
        file: "src/bus/claim.ts",
        find: `"order by d.priority desc, d.id limit 0 + $max"`,
        replace: `"order by d.priority desc, -d.id limit 0 + $max"`,
      },
    ],
    catcher: lone("order", 200),
  },
  {
    name: "expiry that keeps the lease",
    wrong: "a lease that ran out has its number and its receipt still when it is claimed again",
    edits: [
      {
        file: "src/bus/claim.ts",
        find: "epoch = epoch + 1, nonce = $nonce,",
        replace: "epoch = max(epoch, 1), nonce = coalesce(nonce, $nonce),",
      },
      {
        file: "src/bus/claim.ts",
        find: "d.epoch + 1 as epoch, d.alone,",
        replace: "max(d.epoch, 1) as epoch, d.nonce, d.alone,",
      },
      {
        file: "src/bus/claim.ts",
        find: "receipt: formatReceipt({ deliveryId, epoch, nonce }),",
        replace: "receipt: formatReceipt({ deliveryId, epoch, nonce: message.nonce ?? nonce }),",
      },
      {
        file: "src/bus/give-back.ts",
        find: "insert into attempts",
        replace: "insert or replace into attempts",
      },
    ],
    catcher: few("lease exclusion", 400, { leaseMs: 20 }),
  },
  {
    name: "lost retry on busy",
    wrong: "whoever finds the lock taken gives up at once",
    edits: [
      {
        file: "src/store/sqlite.ts",
        find: "if (signal?.aborted || elapsedMs() >= deadline) throw busy(path, lockPath);",
        replace: "throw busy(path, lockPath);",
      },
    ],
    catcher: few("progress", 1_000, { foreign: true }),
  },
  {
    name: "cap check outside the transaction",
    wrong: "whether there is room is looked up before the write begins",
    edits: [
      {
        file: "src/bus/send.ts",
        find: "const pass = room.pass();",
        replace: `const pass = room.pass();
  const [{ to: inbox }, second] = drafts;
  const seen = await bus.store.read((tx) =>
    tx.get("select ready + delayed + leased + reserved as taken from ledger where inbox = $inbox", { inbox }),
  );
  if (second === undefined && seen?.taken < bus.settings.inboxCap)
    bus = { ...bus, settings: { ...bus.settings, inboxCap: 1e9 } };`,
      },
    ],
    catcher: few("bounds", 1_500, { cap: 6, capBytes: 20_000, inboxes: ["i0", "i1"] }),
  },
  {
    name: "park without taking leases back",
    wrong: "a drain leaves what is held in the hands of its holders",
    edits: [
      {
        file: "src/bus/park.ts",
        find: "const returned = await handBackAll(tx, settings, reason, inboxes);",
        replace: "const returned = reason.length * 0;",
      },
    ],
    catcher: few("conservation at drain", 1_000, { drains: true, openMs: 60, leaseMs: 2_000 }),
  },
  {
    name: "id reuse",
    wrong: "ids are counted from the newest message that is left",
    edits: [
      {
        file: "migrations/0001-bus.sql",
        find: "when old.id = (select max(id) from messages)",
        replace: "when old.id < 0",
      },
    ],
    catcher: lone("nothing invented", 300, { forgets: true }),
  },
  {
    name: "length in characters",
    wrong: "the cap on bytes counts characters",
    edits: [
      {
        file: "src/bus/try-send.ts",
        find: "slots: replyTo === to ? 1 : 0, bytes: body.length };",
        replace: "slots: replyTo === to ? 1 : 0, bytes: new TextDecoder().decode(body).length };",
      },
      {
        file: "src/bus/together.ts",
        find: "bytes: to.reduce((sum, draft) => sum + draft.body.length, 0),",
        replace:
          "bytes: to.reduce((sum, draft) => sum + new TextDecoder().decode(draft.body).length, 0),",
      },
      {
        file: "src/bus/reply.ts",
        find: "sent: 1, bytes: draft.body.length });",
        replace: "sent: 1, bytes: new TextDecoder().decode(draft.body).length });",
      },
      {
        file: "src/bus/insert.ts",
        find: "priority, length(body), $owesReply,",
        replace: "priority, length(cast(body as text)), $owesReply,",
      },
    ],
    catcher: few("bounds", 400, { inboxes: ["i0"], cap: 60, capBytes: 3_000 }),
  },
  {
    name: "naive pid kill",
    wrong: "a process is known by its number alone",
    edits: [
      {
        file: "src/core/identity.ts",
        find: `state.state !== "Z" && state.startTime === identity.startTime;`,
        replace: `state.state !== "Z";`,
      },
    ],
    catcher: {
      test: "tests/agents/process.test.ts",
      title: "a process that has another start time is never signalled",
    },
  },
  {
    name: "wall-clock leases",
    wrong: "leases are counted by a clock that people set",
    edits: [
      {
        file: "src/store/session.ts",
        find: "tick: clock.tick(),",
        replace: "tick: clock.now(),",
      },
    ],
    catcher: { test: "tests/bus/sweep.test.ts", title: "setting the wall clock by" },
  },
  {
    name: "key not unique",
    wrong: "a key is noted and not looked up",
    edits: [
      {
        file: "src/bus/keys.ts",
        find: "if (earlier === undefined) return undefined;",
        replace: "if (earlier === undefined || earlier.id > 0) return undefined;",
      },
    ],
    catcher: lone("idempotency", 400),
  },
];
