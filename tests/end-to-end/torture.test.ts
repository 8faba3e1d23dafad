// 30 writers and 30 claimers, all of them the real executable, while 200 of their processes are killed at random
// moments: nothing that was accepted is lost, and nothing is acked twice.
import { expect, test } from "bun:test";
import { waitUntil } from "../helpers/wait-until.ts";
import { failureIn, jsonLines } from "./json.ts";
import { look } from "./look.ts";
import { type Place, type Running, places } from "./place.ts";

const place = places();

const writers = 30;
const claimers = 30;
const kills = 200;
const inboxes = ["jobs-0", "jobs-1", "jobs-2"];

// Small inboxes, so that writers wait for room too. No number of attempts may excuse a loss.
const env = { SKEP_BUS_INBOX_CAP: "100", SKEP_BUS_MAX_ATTEMPTS: "1000" };

test(`${writers} writers and ${claimers} claimers with ${kills} kill -9 among them lose and double nothing`, async () => {
  const seed = Date.now() % 1_000_000;
  console.error(`the seed is ${seed}`);
  const run: Run = {
    here: place(),
    random: randomFrom(seed),
    living: new Set(),
    busy: 0,
    writing: true,
    claiming: true,
    accepted: new Map(),
    acked: [],
  };
  const writing = Promise.all(times(writers, (i) => write(run, i)));
  const claiming = Promise.all(times(claimers, (i) => claim(run, i)));
  try {
    await orFailure(killAtRandom(run), writing, claiming);
    run.writing = false;
    await orFailure(writing, claiming);
    // An ack that found no lock in time leaves its messages for as long as their lease lasts.
    const empty = waitUntil("every inbox is empty", () => isEmpty(run), 400_000);
    await orFailure(empty, claiming);
  } finally {
    run.writing = run.claiming = false;
    await Promise.allSettled([writing, claiming]);
  }

  const { here, accepted, acked } = run;
  const find = <Row>(sql: string) => look<Row>(here.home, sql);
  const stored = new Map(
    find<{ id: number; body: string }>("select id, cast(body as text) as body from messages").map(
      ({ id, body }) => [id, body],
    ),
  );
  console.error(
    `${stored.size} messages, ${accepted.size} of them answered for; ${acked.length} acks; ${run.busy} commands found no lock in time`,
  );
  expect(accepted.size).toBeGreaterThan(100);
  expect([...accepted].filter(([id, body]) => stored.get(id) !== body)).toEqual([]);
  expect(new Set(stored.values()).size).toBe(stored.size);
  expect(new Set(acked).size).toBe(acked.length);
  // Each of them ended once, and well: whatever was accepted has been worked on.
  expect(find("select delivery_id as id from history where outcome = 'acked' order by 1")).toEqual(
    [...stored.keys()].sort((a, b) => a - b).map((id) => ({ id })),
  );
  expect(find("select * from dead_letters")).toEqual([]);
  expect(
    find(
      "select sum(sent) as sent, sum(acked) as acked, sum(ready + delayed + leased + parked + reserved + bytes) as live from ledger",
    ),
  ).toEqual([{ sent: stored.size, acked: stored.size, live: 0 }]);
  expect(find("pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
  const { stdout } = await here.skep(["inboxes", "--json"]);
  expect(jsonLines<{ acked: number }>(stdout).reduce((sum, { acked }) => sum + acked, 0)).toBe(
    stored.size,
  );
}, 900_000);

interface Run {
  here: Place;
  random: () => number;
  /** What may be killed now, by what it does. */
  living: Set<{ verb: string; running: Running }>;
  writing: boolean;
  claiming: boolean;
  /** How many commands did not get the lock in time. */
  busy: number;
  /** The bodies of messages whose id was printed. */
  accepted: Map<number, string>;
  /** The message ids of acks that were printed as accepted for the first time. */
  acked: number[];
}

function isEmpty({ here }: Run): boolean {
  try {
    return look(here.home, "select 1 from deliveries").length === 0;
  } catch {
    // Whoever is the last to leave for a moment has the file to itself, and may stand still.
    return false;
  }
}

/** One writer: batch after batch, each line a message that nobody else sends. */
async function write(run: Run, writer: number): Promise<void> {
  for (let batch = 0; run.writing; batch++) {
    const bodies = times(1 + Math.floor(run.random() * 8), (i) => `${writer}-${batch}-${i}`);
    const lines = bodies.map((body) => JSON.stringify({ to: pick(run, inboxes), body }));
    const answers = await answersOf<{ id?: number }>(
      run,
      ["send", "--batch", "--timeout", "20s"],
      `${lines.join("\n")}\n`,
    );
    for (const [i, { id }] of answers.entries())
      if (id !== undefined) run.accepted.set(id, bodies[i]!);
  }
}

/** One claimer: takes some, and acks them in one call, gives one back, or forgets about them. */
async function claim(run: Run, claimer: number): Promise<void> {
  const as = ["--as", `c${claimer}`];
  while (run.claiming) {
    // Once nobody is killed any more no lease has to run out, and a busy machine may need more than 2 s to ack.
    const calm = !run.writing;
    const words = [
      "recv",
      pick(run, inboxes),
      ...as,
      "--wait",
      "1s",
      "--max",
      "10",
      "--lease",
      calm ? "2m" : "2s",
    ];
    const receipts = (await answersOf<{ receipt: string }>(run, words)).map(
      ({ receipt }) => receipt,
    );
    if (receipts.length === 0) continue;
    const whim = run.random();
    if (whim < 0.05 && !calm) continue;
    if (whim < 0.15) await answersOf(run, ["nack", receipts.pop()!, "--delay", "0s"]);
    if (receipts.length === 0) continue;
    for (const { id, already } of await answersOf<{ id: number; already?: true }>(run, [
      "ack",
      ...receipts,
      ...as,
    ]))
      if (already === undefined) run.acked.push(id);
  }
}

/** Resolves when `step` does; rejects as soon as it or one of `others` does. */
function orFailure(step: Promise<unknown>, ...others: Promise<unknown>[]): Promise<unknown> {
  const failure = new Promise<never>((_, reject) => {
    for (const other of others) other.catch(reject);
  });
  return Promise.race([step, failure]);
}

/** The whole lines that the command prints before it ends or is killed. */
async function answersOf<Answer>(run: Run, words: string[], stdin = ""): Promise<Answer[]> {
  const running = run.here.start([...words, "--json"], { env, stdin });
  const victim = { verb: words[0]!, running };
  run.living.add(victim);
  const { status, stdout, stderr } = await running.ended;
  run.living.delete(victim);
  // Killed, done, nothing there, a lease that another one has by now; a batch answers in its lines.
  const expected = [137, 0, 3, 5].includes(status) || (words[0] === "send" && stderr === "");
  if (status === 4 && stderr !== "" && failureIn(stderr).code === "E_BUSY") run.busy++;
  else if (!expected) throw new Error(`${words.join(" ")}: ${status}: ${stderr}`);
  return jsonLines<Answer>(stdout.slice(0, stdout.lastIndexOf("\n") + 1));
}

async function killAtRandom(run: Run): Promise<void> {
  let killed = 0;
  // However few get anywhere on a busy machine, some have to.
  while (killed < kills || run.accepted.size <= 100) {
    await Bun.sleep(run.random() * 50);
    const victims = await waitUntil("somebody lives", () => run.living.size > 0 && [...run.living]);
    // Most of those who live are waiting; those who write have to get their share.
    const verb = pick(run, [...new Set(victims.map((victim) => victim.verb))]);
    const victim = pick(
      run,
      victims.filter((each) => each.verb === verb),
    );
    victim.running.kill("SIGKILL");
    run.living.delete(victim);
    // Some end by themselves just before, and those do not count.
    void victim.running.ended.then(({ status }) => status === 137 && killed++);
  }
}

function pick<Item>(run: Run, items: Item[]): Item {
  return items[Math.floor(run.random() * items.length)]!;
}

function times<Made>(count: number, make: (i: number) => Made): Made[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

/** Numbers from 0 to 1 that follow from `seed` (Mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
