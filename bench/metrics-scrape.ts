// What it costs to answer Prometheus for a swarm of 708 agents with a million points, and for how long that holds up
// whoever answers, beside a bare server that sends the same text from memory.
import { createServer } from "node:http";
import { type App, openApp } from "../src/app.ts";
import { readSnapshot } from "../src/app/exposition.ts";
import { createInbox } from "../src/bus/ledger.ts";
import { defaults } from "../src/config/settings.ts";
import { familiesOf } from "../src/export/prometheus.ts";
import { serveMetrics } from "../src/export/serve.ts";
import { recordPoints } from "../src/metrics/record.ts";
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { body, monotonicMs, withHome } from "./home.ts";

const scrapesPerRound = 5;

export const metricsScrape: Bench = {
  name: "metrics-scrape",
  summary: "a scrape at 708 agents with 10⁶ points, and with 1,000 ready in each inbox",
  async run({ rounds, small, say }) {
    const count = small ? 10 : 708;
    return await withHome(async (home) => {
      say("filling the tables");
      const app = await openApp(home, defaults, ["skep"]);
      const names = Array.from({ length: count }, (_, n) => `worker-${n + 1}`);
      await fillBus(app, names);
      await fillVitals(app, names, small ? 1_000 : 1_000_000);
      const idle = await measure(app, rounds, say, "nothing waits");
      await fillInboxes(app, names, small ? 10 : 1_000);
      const full = await measure(app, rounds, say, "full inboxes");
      await app.close();
      return [...idle, ...full];
    });
  },
};

async function measure(app: App, rounds: number, say: (text: string) => void, name: string) {
  const took: Figure = { name: `scrape, ${name}`, unit: "ms", wanted: "less", ours: [] };
  const held: Figure = { name: `longest hold, ${name}`, unit: "ms", wanted: "less", ours: [] };
  const bare: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    say(`${name}: ${round === 0 ? "once ahead" : `round ${round} of ${rounds}`}`);
    for (let n = 0; n < scrapesPerRound; n++) {
      const ours = await scrapeOnce(app);
      const reference = await sendOnce(ours.text);
      // Statements are prepared and code is compiled before anything is measured.
      if (round === 0) continue;
      took.ours.push(ours.ms);
      held.ours.push(ours.heldMs);
      bare.push(reference);
    }
  }
  took.reference = { name: "the same text from memory", values: bare };
  return [took, { ...held, target: { of: "value" as const, limit: 50 } }];
}

/** One scrape of a server that has read nothing yet. */
async function scrapeOnce(app: App) {
  const serving = await serveMetrics(0, async () => familiesOf(await readSnapshot(app)));
  const watch = watchHold();
  const start = monotonicMs();
  const text = await (await fetch(`http://127.0.0.1:${serving.port}/metrics`)).text();
  const ms = monotonicMs() - start;
  const heldMs = await watch.end();
  serving.close();
  return { ms, heldMs, text };
}

/** How long a bare server takes to send `text`. */
async function sendOnce(text: string): Promise<number> {
  const server = createServer((_, response) => response.end(text));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const start = monotonicMs();
  await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const ms = monotonicMs() - start;
  server.close();
  server.closeAllConnections();
  return ms;
}

/** Notes for how long nothing else had its turn. */
function watchHold() {
  let [last, longest] = [monotonicMs(), 0];
  const look = () => {
    const now = monotonicMs();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(look, 1);
  return {
    async end(): Promise<number> {
      await new Promise((resolve) => setTimeout(resolve, 2));
      clearInterval(timer);
      look();
      return longest;
    },
  };
}

const numbers = `with recursive numbers (n) as
  (select 0 union all select n + 1 from numbers where n < $count - 1)`;

async function fillBus({ store }: App, names: readonly string[]): Promise<void> {
  await store.write(async (tx) => {
    for (const name of names) await createInbox(tx, name);
    const given = { now: tx.now, names: JSON.stringify(names) };
    await tx.run(
      `insert into runs (swarm, file, state, mark, boot, namespace, pid, start_time, started_at, seen_tick)
       values ('bench', 'bench.toml', 'stopped', '', '', '', 1, 1, $now, 1)`,
      { now: tx.now },
    );
    await tx.run(
      `insert into agents (name, run, member_of, runner, inbox, state, token_hash, changed_at, last_beat_at)
       select value, 1, 'worker', 'exec', value, 'ready', '', $now, $now from json_each($names)`,
      given,
    );
    // As many as ever are looked at.
    await tx.run(
      `${numbers} insert into messages (id, priority, sent_at, body)
       select n + 1, 4, $now - 200000 + n * 9, $body from numbers`,
      { count: 20_000, now: tx.now, body },
    );
    await tx.run(
      `insert into history
         (delivery_id, message_id, inbox, outcome, attempt, epoch, nonce, holder, claimed_at, ended_at)
       select id, id, 'worker-' || (1 + id % $inboxes), 'acked', 1, 1, 4711, 'somebody', sent_at + 1, sent_at + 5
         from messages`,
      { inboxes: names.length },
    );
  });
}

async function fillInboxes({ store }: App, names: readonly string[], each: number): Promise<void> {
  const [inboxes, count] = [names.length, names.length * each];
  await store.write(async (tx) => {
    await tx.run(
      `${numbers} insert into messages (id, priority, sent_at, body)
       select 100001 + n, 4, $now - 1000 + n * 1000 / $count, $body from numbers`,
      { count, now: tx.now, body },
    );
    await tx.run(
      `insert into deliveries (id, message_id, inbox, state, priority, bytes, owes_reply)
       select id, id, 'worker-' || (1 + id % $inboxes), 'ready', 4, 256, 0 from messages where id > 100000`,
      { inboxes },
    );
    await tx.run("update ledger set ready = $each, sent = $each, bytes = 256 * $each", { each });
  });
  await store.checkpoint();
}

async function fillVitals(app: App, names: readonly string[], count: number): Promise<void> {
  const store = await app.vitals();
  const kinds = [
    ["process.cpu", "percent"],
    ["process.memory", "bytes"],
    ["process.descriptors", "count"],
  ] as const;
  const points = names.flatMap((agent) =>
    ["host", "program"].flatMap((kind) =>
      kinds.map(([name, unit]) => ({
        name,
        unit,
        agent,
        tags: { kind, group: "worker" },
        value: 1,
      })),
    ),
  );
  await store.write((tx) =>
    tx.run(
      `${numbers} insert into points (at, series, value)
       select $now - 1800000 + n * 1500000 / $count, 1 + n % $series, n from numbers`,
      { count, now: tx.now, series: points.length },
    ),
  );
  for (let minute = 5; minute >= 0; minute--)
    await store.write((tx) =>
      recordPoints(
        tx,
        points.map((point) => ({ ...point, at: tx.now - minute * 59_000 })),
      ),
    );
  await store.checkpoint();
}
