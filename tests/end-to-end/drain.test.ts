// Drains whose drainer is killed at random moments, among writers and claimers that never stop: after each one the
// next command parks what is left, `resume` brings all of it back, and in the end every message was worked on once.
import { expect, test } from "bun:test";
import { waitUntil } from "../helpers/wait-until.ts";
import { failureIn, jsonLines } from "./json.ts";
import { look } from "./look.ts";
import { type Place, places } from "./place.ts";

const place = places();

const rounds = 20;
const inboxes = ["jobs-0", "jobs-1"];

test(`${rounds} drains with a kill -9 in the middle lose and double nothing, and spend no attempt`, async () => {
  const run: Run = {
    here: place(),
    writing: true,
    claiming: true,
    refused: 0,
    accepted: new Map(),
    acked: [],
    nacked: 0,
  };
  const { here } = run;
  const find = <Row>(sql: string) => look<Row>(here.home, sql);
  await here.skep(["send", inboxes[0]!, "the first"]);
  const writing = Promise.all(["w0", "w1"].map((name) => write(run, name)));
  const claiming = Promise.all(["c0", "c1"].map((name) => claim(run, name)));
  const fates = { "not begun": 0, waiting: 0, parked: 0 };
  try {
    for (let round = 0; round < rounds; round++) {
      const timeoutMs = Math.floor(Math.random() * 150);
      const drainer = here.start(["drain", "--timeout", `${timeoutMs}ms`]);
      const found = () => find<Drain>("select deadline_at as deadlineAt, parked from drains")[0];
      // On a busy machine it may be long before it begins; every other one does.
      if (round % 2 === 0) await waitUntil("it begins", () => found() !== undefined);
      else await Bun.sleep(Math.random() * 60);
      await Bun.sleep(Math.random() * (timeoutMs + 50));
      drainer.kill("SIGKILL");
      await drainer.ended;
      const drain = found();
      fates[drain === undefined ? "not begun" : drain.parked === null ? "waiting" : "parked"]++;
      if (drain !== undefined) {
        const before = run.refused;
        await checkDrained(run, drain.deadlineAt);
        await waitUntil("somebody is refused", () => run.refused > before);
      }
      const live = drain === undefined ? 0 : parkedNow(here.home);
      const { status, stdout } = await here.skep(["resume", "--json"]);
      expect([status, JSON.parse(stdout)]).toEqual([
        0,
        { resumed: live, already: drain === undefined },
      ]);
      const before = run.acked.length;
      await waitUntil("the work goes on", () => run.acked.length > before);
    }
    run.writing = false;
    await writing;
    // What claimers forgot is brought back by another drain.
    const forgotten = () => find("select 1 from deliveries where state != 'leased'").length === 0;
    await waitUntil("nothing but the forgotten is left", forgotten, 600_000);
    run.claiming = false;
    await claiming;
    expect((await here.skep(["drain", "--timeout", "0s"])).status).toBe(0);
    expect((await here.skep(["resume"])).status).toBe(0);
    for (const inbox of inboxes)
      for (let left = 1; left > 0;) {
        const lines = await linesOf(here, ["recv", inbox, "--max", "100", "--ack"]);
        run.acked.push(...lines.map(({ id }) => id));
        left = lines.length;
      }
  } finally {
    run.writing = run.claiming = false;
    await Promise.allSettled([writing, claiming]);
  }

  console.error(
    `killed: ${JSON.stringify(fates)}; ${run.accepted.size} sent, ${run.refused} refused`,
  );
  const stored = find<{ id: number; body: string }>(
    "select id, cast(body as text) as body from messages order by id",
  );
  const bodies = new Map(stored.map(({ id, body }) => [id, body]));
  expect([...run.accepted].filter(([id, body]) => bodies.get(id) !== body)).toEqual([]);
  expect(new Set(bodies.values()).size).toBe(bodies.size);
  expect(run.acked.toSorted((a, b) => a - b)).toEqual(stored.map(({ id }) => id));
  expect(find("select * from dead_letters")).toEqual([]);
  // Each claim that ended otherwise than in a nack was taken back, and what was taken back spent nothing.
  expect(
    find(
      `select h.delivery_id, h.attempt from history h
        where h.attempt != 1 + (select count(*) from attempts a where a.delivery_id = h.delivery_id and a.outcome = 'nacked')`,
    ),
  ).toEqual([]);
  expect(find("select * from attempts where outcome not in ('nacked', 'returned')")).toEqual([]);
  expect(
    find(
      "select sum(sent) as sent, sum(acked) as acked, sum(ready + delayed + leased + parked + reserved + bytes) as live from ledger",
    ),
  ).toEqual([{ sent: stored.length, acked: stored.length, live: 0 }]);
  expect(find("pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
}, 1_800_000);

interface Run {
  here: Place;
  writing: boolean;
  claiming: boolean;
  /** How many commands were told that the bus drains. */
  refused: number;
  /** The bodies of messages whose id was printed. */
  accepted: Map<number, string>;
  /** The message ids of acks that were printed as accepted for the first time. */
  acked: number[];
  nacked: number;
}

interface Drain {
  deadlineAt: number;
  parked: number | null;
}

/** Once the time of the drain is over, whoever comes finds it parked, and nothing went in or out since it began. */
async function checkDrained({ here }: Run, deadlineAt: number): Promise<void> {
  const find = <Row>(sql: string) => look<Row>(here.home, sql);
  for (const words of [
    ["send", inboxes[0]!, "late"],
    ["recv", inboxes[0]!],
  ]) {
    const { status, stdout, stderr } = await here.skep([...words, "--json"]);
    expect([words[0], status, stdout]).toEqual([words[0], 4, ""]);
    expect(failureIn(stderr).code).toBe("E_DRAINING");
  }
  await Bun.sleep(Math.max(0, deadlineAt - Date.now() + 1));
  // While somebody else has the lock for long it is left to whoever comes next.
  const { parked } = await waitUntil("it is parked", async () => {
    const { status, stdout } = await here.skep(["status", "--json"]);
    expect(status).toBe(0);
    const { drain } = JSON.parse(stdout) as { drain: { parked: number; parked_at: number | null } };
    return drain.parked_at !== null && drain;
  });
  expect(parkedNow(here.home)).toBe(parked);
  expect(find("select state from deliveries where state != 'parked'")).toEqual([]);
  // A commit of the same millisecond may have been before.
  expect(
    find(`select 'sent' as what, m.id from messages m, drains where sent_at > started_at
           union all select 'claimed', delivery_id from attempts, drains where claimed_at > started_at
           union all select 'claimed', delivery_id from history, drains where claimed_at > started_at`),
  ).toEqual([]);
  const sum = JSON.parse((await here.skep(["drain", "--json"])).stdout);
  expect(sum).toMatchObject({ parked, conservation: { live: parked, holds: true } });
}

function parkedNow(home: string): number {
  return look<{ n: number }>(home, "select sum(parked) as n from ledger")[0]!.n;
}

/** One writer: batch after batch, each line a message that nobody else sends. */
async function write(run: Run, name: string): Promise<void> {
  for (let batch = 0; run.writing; batch++) {
    const bodies = [0, 1, 2].map((i) => `${name}-${batch}-${i}`);
    const lines = bodies.map((body) => JSON.stringify({ to: pick(inboxes), body }));
    const answers = await linesOf<{ id?: number; error?: { code: string } }>(
      run.here,
      ["send", "--batch"],
      `${lines.join("\n")}\n`,
    );
    for (const [i, { id, error }] of answers.entries()) {
      if (id !== undefined) run.accepted.set(id, bodies[i]!);
      else if (error?.code === "E_DRAINING") run.refused++;
      else throw new Error(JSON.stringify(error));
    }
  }
}

/** One claimer: takes some and acks them, gives one back, or forgets one until a drain takes it back. */
async function claim(run: Run, name: string): Promise<void> {
  const as = ["--as", name];
  while (run.claiming) {
    const words = ["recv", pick(inboxes), ...as, "--wait", "200ms", "--max", "20", "--lease", "1h"];
    const lines = await linesOf(run.here, words, "", run);
    const receipts = lines.map(({ receipt }) => receipt);
    const whim = Math.random();
    if (whim < 0.2) receipts.pop();
    // With its fifth attempt a message would be a dead letter.
    else if (whim < 0.4 && (lines.at(-1)?.attempt ?? 5) < 5)
      await linesOf(run.here, ["nack", receipts.pop()!, "--delay", "0s"]);
    // While one thinks a drain may begin, or end.
    await Bun.sleep(Math.random() * 50);
    // One by one, for a stale receipt takes back the others of its call.
    for (const receipt of receipts.slice(0, 3)) {
      const [acked] = await linesOf<{ id: number; already?: true }>(run.here, ["ack", receipt]);
      if (acked !== undefined && acked.already === undefined) run.acked.push(acked.id);
    }
    const rest = receipts.slice(3);
    if (rest.length === 0) continue;
    for (const { id, already } of await linesOf<{ id: number; already?: true }>(run.here, [
      "ack",
      ...rest,
    ]))
      if (already === undefined) run.acked.push(id);
  }
}

/** The lines that the command prints; none when nothing was there, the bus drains, its turn did not come, or a receipt is stale. */
async function linesOf<Line = { id: number; receipt: string; attempt: number }>(
  here: Place,
  words: string[],
  stdin = "",
  run?: Run,
): Promise<Line[]> {
  const { status, stdout, stderr } = await here.skep([...words, "--json"], { stdin });
  if (status === 4 && stderr !== "") {
    const { code } = failureIn(stderr);
    // On a busy machine a claim may come to nothing for others who write; whoever claims asks again.
    if (words[0] === "recv" && code === "E_BUSY") return [];
    if (code !== "E_DRAINING") throw new Error(stderr);
    if (run !== undefined) run.refused++;
  } else if (![0, 3, 5].includes(status) && stderr !== "")
    throw new Error(`${words.join(" ")}: ${status}: ${stderr}`);
  return jsonLines<Line>(stdout);
}

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)]!;
}
