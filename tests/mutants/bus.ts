// Mutants of the bus that a history shows, each with the smallest run that does.
import type { Shape } from "../history/shape.ts";
import type { Catcher, Mutant } from "./mutant.ts";

const plain: Partial<Shape> = { foreign: false, drains: false, cut: false, commands: 0 };
const few = (calls: number, shape: Partial<Shape> = {}): Catcher => ({
  history: "few",
  calls,
  shape: { ...plain, processes: 4, clients: 3, ...shape },
});
const lone = (calls: number, shape: Partial<Shape> = {}): Catcher => ({
  history: "lone",
  calls,
  shape: { ...plain, processes: 1, spareCalls: 0, forgets: false, ...shape },
});
// Leases that run out all the time.
const short = { leaseMs: 20 };

/** The bus mutants that `facts` of other systems name: each was somebody's bug. */
export const named: readonly Mutant[] = [
  {
    name: "epoch check dropped",
    wrong: "an ack does not look whether its receipt is the latest",
    file: "src/bus/finish.ts",
    find: "where id = $deliveryId and epoch = $epoch and nonce = $nonce\n     returning",
    replace: "where id = $deliveryId and $epoch > 0 and $nonce >= 0\n     returning",
    catcher: few(600, short),
  },
  {
    name: "deferred transaction",
    wrong: "a write begins as a read and wants the lock too late",
    file: "src/store/sqlite.ts",
    find: `writer.exec("begin immediate");`,
    replace: `writer.exec("begin");`,
    catcher: few(600, { foreign: true, spareCalls: 0 }),
  },
  {
    name: "ack and send in two transactions",
    wrong: "what is sent with an ack is committed after it",
    file: "src/bus/settle.ts",
    find: "const acked: Acked = { receipt, id: messageId };",
    replace: `const acked: Acked = { receipt, id: messageId };
  await tx.run("commit");
  await tx.run("begin immediate");`,
    catcher: few(800, { cap: 8, spareCalls: 0 }),
  },
  {
    name: "insert or replace",
    wrong: "a message with a key that is taken takes the place of the first",
    file: "src/bus/keys.ts",
    find: "=== 0) return earlier.id;",
    replace: "=== 0) return earlier.id;\n  if (earlier.id > 0) return undefined;",
    catcher: lone(1_200),
  },
  {
    name: "order by missing",
    wrong: "a claim takes whatever it finds first",
    file: "src/bus/claim.ts",
    find: `"order by d.priority desc, d.id limit 0 + $max"`,
    replace: `"order by d.priority desc, -d.id limit 0 + $max"`,
    catcher: lone(200),
  },
  {
    name: "expiry that keeps the lease",
    wrong: "a lease that ran out has its number and its receipt still when it is claimed again",
    file: "src/bus/claim.ts",
    find: "epoch = epoch + 1, nonce = $nonce,",
    replace: "epoch = epoch + (nonce is null), nonce = coalesce(nonce, $nonce),",
    catcher: few(400, short),
  },
  {
    name: "lost retry on busy",
    wrong: "whoever finds the lock taken gives up at once",
    file: "src/store/sqlite.ts",
    find: "if (signal?.aborted || elapsedMs() >= deadline) throw busy(path, lockPath);",
    replace: "throw busy(path, lockPath);",
    catcher: few(600, { foreign: true, spareCalls: 0 }),
  },
  {
    name: "cap check outside the transaction",
    wrong: "whether there is room is looked up before the write begins",
    file: "src/bus/send.ts",
    find: "const pass = room.pass();",
    replace: `const pass = room.pass();
  const { hasRoom } = await import("./ledger.ts");
  const load = { deliveries: drafts.length, slots: 0, bytes: 0 };
  if (await bus.store.read((tx) => hasRoom(tx, bus.settings, drafts[0]!.to, load)))
    bus = { ...bus, settings: { ...bus.settings, inboxCap: 1e9, inboxBytes: 1e12 } };`,
    catcher: few(1_500, { cap: 6, capBytes: 20_000, inboxes: ["i0", "i1"], spareCalls: 0 }),
  },
  {
    name: "park without taking leases back",
    wrong: "a drain leaves what is held in the hands of its holders",
    file: "src/bus/park.ts",
    find: "const returned = await handBackAll(tx, settings, reason, inboxes);",
    replace: "const returned = reason.length * 0;",
    catcher: few(1_000, { drains: true, spareCalls: 0, leaseMs: 2_000 }),
  },
  {
    name: "id reuse",
    wrong: "ids are counted from the newest message that is left",
    file: "migrations/0001-bus.sql",
    find: "when old.id = (select max(id) from messages)",
    replace: "when old.id < 0",
    catcher: lone(300, { forgets: true }),
  },
  {
    name: "length in characters",
    wrong: "the cap on bytes counts characters",
    file: "src/bus/try-send.ts",
    find: "slots: replyTo === to ? 1 : 0, bytes: body.length };",
    replace: "slots: replyTo === to ? 1 : 0, bytes: new TextDecoder().decode(body).length };",
    catcher: lone(200),
  },
  {
    name: "naive pid kill",
    wrong: "a process is known by its number alone",
    file: "src/core/identity.ts",
    find: `state.state !== "Z" && state.startTime === identity.startTime;`,
    replace: `state.state !== "Z";`,
    catcher: {
      test: "tests/agents/process.test.ts",
      title: "a process that has another start time is never signalled",
    },
  },
  {
    name: "wall-clock leases",
    wrong: "leases are counted by a clock that people set",
    file: "src/store/session.ts",
    find: "tick: clock.tick(),",
    replace: "tick: clock.now(),",
    catcher: { test: "tests/bus/sweep.test.ts", title: "setting the wall clock by" },
  },
  {
    name: "key not unique",
    wrong: "a key is noted and not looked up",
    file: "src/bus/keys.ts",
    find: "if (earlier === undefined) return undefined;",
    replace: "if (earlier === undefined || earlier.id > 0) return undefined;",
    catcher: lone(400),
  },
];

/** Mutants of promises that none of those breaks. */
export const more: readonly Mutant[] = [
  {
    name: "partial batch",
    wrong: "a refusal takes back nothing of what went before it in an atomic batch",
    file: "src/bus/send.ts",
    find: "!(refused !== undefined && isAlone)) {",
    replace: "!(refused !== undefined && isAlone) && outcomes.length === 0) {",
    catcher: few(600, { cap: 6, spareCalls: 0 }),
  },
  {
    name: "send to a drained bus",
    wrong: "a message is taken while the bus is closed",
    file: "src/bus/intake.ts",
    find: "if (reason !== null) throw draining(reason);",
    replace: `if (reason === "stop") throw draining(reason);`,
    catcher: few(1_000, { drains: true, spareCalls: 0 }),
  },
  {
    name: "resume forgets what was delayed",
    wrong: "what its sender delayed stays parked",
    file: "src/bus/park.ts",
    find: "due_at = case when due_at > $now then due_at end, run = null\n      where state = 'parked' and ${whose}`",
    replace:
      "due_at = case when due_at > $now then due_at end, run = null\n      where state = 'parked' and due_at is null and ${whose}`",
    catcher: few(1_200, { drains: true, spareCalls: 0 }),
  },
  {
    name: "poison without end",
    wrong: "a message is tried again however often it failed",
    file: "src/bus/give-back.ts",
    find: "attempt >= settings.maxAttempts",
    replace: "attempt >= settings.maxAttempts + 100",
    catcher: few(600, { ...short, maxAttempts: 2 }),
  },
  {
    name: "poison condemns its neighbours",
    wrong: "what was in flight when its holder died is claimed together again",
    file: "src/bus/claim.ts",
    find: "return firstAlone === -1 ? heads : heads.slice(0, Math.max(1, firstAlone));",
    replace: "return firstAlone > 1e9 ? [] : heads;",
    catcher: {
      test: "tests/bus/claim.test.ts",
      title: "one poisonous message does not condemn those that were in flight beside it",
    },
  },
  {
    name: "handed out too late",
    wrong: "what nobody wants any more is handed out all the same",
    file: "src/bus/claim.ts",
    find: "if (first.some(({ expiresAt }) => isOverdue(expiresAt, tx.now))) {",
    replace: "if (first.length > 1e9) {",
    catcher: few(1_200, { spareCalls: 0 }),
  },
  {
    name: "handed out too early",
    wrong: "a delay is cut short when something else is due",
    file: "src/bus/sweep.ts",
    find: `if (due) await sweepDue(tx, inbox, "due_at", tx.now);`,
    replace: `await sweepDue(tx, inbox, "due_at", tx.now + 150);`,
    catcher: few(800, { spareCalls: 0 }),
  },
  {
    name: "lease cut short",
    wrong: "with a lease that ran out go those that nearly did",
    file: "src/bus/sweep.ts",
    find: "{ inbox, tick: tx.tick },",
    replace: "{ inbox, tick: tx.tick + 100 },",
    catcher: few(1_000, { leaseMs: 150, inboxes: ["i0"], spareCalls: 0 }),
  },
  {
    name: "ledger forgets bytes",
    wrong: "what is acked with others goes on taking up room",
    file: "src/bus/finish.ts",
    find: "ends.bytes -= bytes;",
    replace: "ends.bytes -= 0 * bytes;",
    catcher: lone(300),
  },
  {
    name: "slot kept for ever",
    wrong: "whoever acks without an answer leaves its slot reserved",
    file: "src/bus/settle.ts",
    find: "else if (owed) await releaseReply(tx, messageId);",
    replace: "",
    catcher: lone(1_500),
  },
  {
    name: "rate without memory",
    wrong: "who is too fast is let in all the same",
    file: "src/bus/rate.ts",
    find: "return { waitMs: Math.max(0, waitMs), arrivalTick: arrival };",
    replace: "return { waitMs: Math.min(0, waitMs), arrivalTick: arrival };",
    catcher: {
      test: "tests/bus/rate.test.ts",
      title: "whatever comes and however fast",
    },
  },
  {
    name: "drain in two transactions",
    wrong: "a kill in the middle of a drain's end leaves half of it",
    file: "src/bus/park.ts",
    find: "let parked = 0;",
    replace: `let parked = 0;
  await tx.run("commit");
  await tx.run("begin immediate");`,
    catcher: { crash: "drain" },
  },
];
