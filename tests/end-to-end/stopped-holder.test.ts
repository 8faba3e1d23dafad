// A process stops in the middle of a write, with the lock of the whole swarm in its hands. Whoever waits for it can
// still be told to stop, gives up when its time is over and says who is to blame; when it goes on, so do all.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "bun:test";
import { waitUntil } from "../helpers/wait-until.ts";
import { failureIn, jsonLines } from "./json.ts";
import { look } from "./look.ts";
import { type Ended, type Place, type Running, places } from "./place.ts";

const place = places();
const holders: { kill(signal: NodeJS.Signals): void; exited: Promise<number> }[] = [];
afterAll(async () => {
  for (const holder of holders) holder.kill("SIGKILL");
  await Promise.all(holders.map((holder) => holder.exited));
});

const dueMs = 3_000;

test("100 who wait for a stopped writer hear signals, keep their deadlines, name it, and go on when it does", async () => {
  const here = place();
  await here.skep(["send", "box", "first"]);
  const holder = await stoppedHolder(here);

  // Those who shall be there when the lock is free again.
  const senders = many(40, (i) => here.start(["send", "box", `kept-${i}`, "--timeout", "1h"]));
  const receivers = many(20, () => here.start(["recv", "later", "--wait", "1h", "--ack"]));
  // Those who are told to stop before that.
  const signalled = [
    ...many(15, () => here.start(["recv", "a1", "--wait", "1h"])),
    ...many(15, () => here.start(["send", "box", "no", "--timeout", "1h"])),
    ...many(10, () => here.start(["request", "box", "no", "--timeout", "1h"])),
  ];
  const patient = [...senders, ...receivers, ...signalled];
  await waitUntil("all of them listen", () => patient.every(({ pid }) => catches(pid, 2)), 300_000);

  const signals = await Promise.all(
    signalled.map(async (running, i) => {
      const [signal, status] =
        i % 2 === 0 ? (["SIGINT", 130] as const) : (["SIGTERM", 143] as const);
      const at = performance.now();
      running.kill(signal);
      const { ended, atMs } = await timedEnd(running, at);
      return { ended, status, atMs };
    }),
  );
  for (const { ended, status } of signals)
    expect(ended).toEqual({ status, stdout: "", stderr: "" });
  soon(signals.map(({ atMs }) => atMs));

  // Those whose time is over before that, in the place of those who are gone.
  const begun = performance.now();
  const timed = [
    ...many(15, () => here.start(["recv", "b1", "--wait", `${dueMs}ms`, "--json"])),
    ...many(15, () => here.start(["send", "box", "no", "--timeout", `${dueMs}ms`, "--json"])),
    ...many(10, () => here.start(["request", "box", "no", "--timeout", `${dueMs}ms`, "--json"])),
  ].map((running) => timedEnd(running, begun));

  const late = await Promise.all(timed);
  for (const { ended } of late) {
    expect([ended.status, ended.stdout]).toEqual([4, ""]);
    const { code, message, hint } = failureIn(ended.stderr);
    expect(code).toBe("E_BUSY");
    expect(message).toContain(`is locked by process ${holder.pid} (`);
    expect(message).toEndWith("which is stopped");
    expect(hint).toContain(`kill -CONT ${holder.pid}`);
  }
  const lateMs = late.map(({ atMs }) => atMs - dueMs);
  expect(Math.min(...lateMs)).toBeGreaterThan(-5);
  soon(lateMs);

  // Looking needs no lock, and nobody has got anything done.
  expect((await here.skep(["inboxes"])).stdout).toMatch(/^box +1 +0 +0 /m);
  expect([...senders, ...receivers].filter(({ pid }) => !catches(pid, 2))).toEqual([]);

  holder.kill("SIGCONT");
  expect(await holder.exited).toBe(0);
  const sent = await Promise.all(senders.map(({ ended }) => ended));
  expect(sent.filter(({ status }) => status !== 0)).toEqual([]);
  const stdin = receivers.map((_, i) => `{"to":"later","body":"later-${i}"}\n`).join("");
  await here.skep(["send", "--batch", "--timeout", "10m"], { stdin });
  const received = await Promise.all(receivers.map(({ ended }) => ended));
  expect(bodiesOf(received).sort()).toEqual(receivers.map((_, i) => `later-${i}`).sort());

  // Everything that was accepted is there, and nothing that was refused.
  const rows = look<{ body: string }>(here.home, "select cast(body as text) as body from messages");
  const kept = [...senders.map((_, i) => `kept-${i}`), ...receivers.map((_, i) => `later-${i}`)];
  expect(rows.map(({ body }) => body).sort()).toEqual(["first", "holder", ...kept].sort());
  expect(look(here.home, "select inbox from ledger where temporary = 1")).toEqual([]);
  expect(look(here.home, "pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
}, 900_000);

/** Within about a second on a quiet machine; a busy one may make all of them late. Whoever does not hear waits for an hour. */
function soon(timesMs: number[]): void {
  expect(Math.max(...timesMs)).toBeLessThan(300_000);
}

/** A process of our own code that is stopped with the lock in its hands. */
async function stoppedHolder({ home }: Place) {
  const program = join(import.meta.dir, "..", "fixtures", "end-to-end", "stop-with-the-lock.ts");
  const child = Bun.spawn([process.execPath, program, home, "box", "holder"], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  holders.push(child);
  await waitUntil("it stops", () => statusLine(child.pid, "State").startsWith("T"));
  return child;
}

async function timedEnd(running: Running, since: number): Promise<{ ended: Ended; atMs: number }> {
  const ended = await running.ended;
  return { ended, atMs: performance.now() - since };
}

function many(count: number, make: (i: number) => Running): Running[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

function bodiesOf(received: Ended[]): (string | null)[] {
  return received.flatMap(({ stdout }) => jsonLines(stdout)).map(({ body }) => body);
}

/** Whether the process has a handler of its own for the signal: a recv or send that waits has. */
function catches(pid: number, signal: number): boolean {
  const mask = statusLine(pid, "SigCgt");
  return mask !== "" && (BigInt(`0x${mask}`) & (1n << BigInt(signal - 1))) !== 0n;
}

function statusLine(pid: number, name: string): string {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
  } catch {
    return "";
  }
}
