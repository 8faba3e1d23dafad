// Alerts of a real run: a condition arises, fires once, is a row and a message, and is over.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { type Place, exists, fixtures, idle, swarmPlaces } from "../agents/swarm-place.ts";
import { jsonLines } from "../end-to-end/json.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newPlace = swarmPlaces();

interface Row {
  id: number;
  rule: string;
  subject: string;
  state: string;
  fired_at: number;
}

const crasher = {
  runner: "self",
  command: ["false"],
  restart: "on-failure",
  restart_max: 2,
  // Its starts may be slow, and none of them is to be forgotten.
  restart_period: "1h",
  backoff_max: "1s",
};

/** Settings of a home in which alerts are looked for often, and rest for no time. */
const often = (more: string, sections = "") =>
  `[agents]\nstop_grace = "200ms"\n${sections}\n[alerts]\nevaluate_every = "50ms"\n${more}\n`;

async function alertsOf({ skep }: Place): Promise<Row[]> {
  const { stdout } = await skep(["alerts", "history", "--json"]);
  return jsonLines<Row>(stdout);
}

/** Waits until `rule` has an alert about `subject`, which may be over already; or one that is. */
async function comes(place: Place, rule: string, subject: string, state = "firing"): Promise<void> {
  await waitUntil(`${rule} of ${subject} is ${state}`, async () => {
    const rows = await alertsOf(place);
    return rows.some(
      (row) =>
        row.rule === rule && row.subject === subject && [row.state, "firing"].includes(state),
    );
  });
}

/** What lies in `inbox` of what was published. */
async function toldTo({ skep }: Place, inbox: string): Promise<Row[]> {
  const { stdout } = await skep(["peek", inbox, "--max", "100"]);
  return jsonLines(stdout).map(({ body }) => JSON.parse(String(body)) as Row);
}

/** Every time that `rule` has fired about `subject`. */
async function times(place: Place, rule: string, subject: string): Promise<number> {
  return (await alertsOf(place)).filter((row) => row.rule === rule && row.subject === subject)
    .length;
}

test("what lies in an inbox for long, fills it, or is too much fires once each, and is over", async () => {
  const place = await newPlace(
    often('queue_depth_max = 3\noldest = "50ms"', "[bus]\ninbox_cap = 5"),
  );
  await place.skep(["subscribe", "alerts", "ops"]);
  await place.skep(["limits", "set", "ops", "--cap", "100"]);
  place.up({ a: idle });
  await place.becomes("a", "ready");
  await place.skep(["pause", "a"]);
  await place.becomes("a", "paused");
  for (const body of ["1", "2", "3", "4", "5"]) await place.send("a", body);
  const rules = ["queue-depth", "oldest-unclaimed", "inbox-filling", "inbox-critical"];
  for (const rule of rules) await comes(place, rule, "a");
  await place.skep(["unpause", "a"]);
  for (const rule of rules) await comes(place, rule, "a", "resolved");
  for (const rule of rules) expect([rule, await times(place, rule, "a")]).toEqual([rule, 1]);
  // The message comes after the row.
  await waitUntil("each was told when it began and when it was over", async () => {
    const told = await toldTo(place, "ops");
    return rules.every(
      (name) =>
        told
          .filter(({ rule, subject }) => rule === name && subject === "a")
          .map(({ state }) => state)
          .join() === "firing,resolved",
    );
  });
  await place.skep(["down"]);
});

test("an agent that crashes, fails or is stopped fires once each, and is over", async () => {
  const place = await newPlace(often("crashes_max = 0", 'suspect_after = "3s"'));
  const sleeper = { runner: "self", command: ["sleep", "1000"] };
  place.up({ s: sleeper, c: crasher });
  await place.becomes("s", "ready");
  await comes(place, "agent-crash-loop", "c");
  await comes(place, "agent-failed", "c");
  const { programPid } = (await place.agent("s"))!;
  process.kill(programPid!, "SIGSTOP");
  await comes(place, "agent-suspect", "s");
  process.kill(programPid!, "SIGCONT");
  await comes(place, "agent-suspect", "s", "resolved");
  // It is in the swarm no more.
  await place.up({ s: sleeper }).ended;
  await comes(place, "agent-crash-loop", "c", "resolved");
  await comes(place, "agent-failed", "c", "resolved");
  expect(await times(place, "agent-crash-loop", "c")).toBe(1);
  expect(await times(place, "agent-failed", "c")).toBe(1);
  expect(await times(place, "agent-suspect", "s")).toBe(1);
  await place.skep(["down"]);
});

test("crashes before anybody has looked count, and so do those under a supervisor that was killed", async () => {
  // The third one is too much, however late it comes.
  const place = await newPlace(
    '[agents]\nstop_grace = "200ms"\n[alerts]\nevaluate_every = "3s"\ncrashes_max = 2\ncount_window = "1h"\n',
  );
  place.up({ s: { runner: "self", command: ["sleep", "1000"] }, c: crasher });
  await place.becomes("c", "failed");
  const newestLook = async () => {
    const query = "select id, counts from looks order by id desc limit 1";
    const vitals = await place.app.vitals();
    return await vitals.read((tx) => tx.get<{ id: number; counts: string }>(query));
  };
  const crashesAreNoted = (after: number) =>
    waitUntil("its crashes are noted", async () => {
      const { id, counts } = (await newestLook()) ?? { id: 0, counts: "" };
      return id > after && counts.includes('{"name":"c","restarts":2}');
    });
  await crashesAreNoted(0);
  const agentFailed = async () => times(place, "agent-failed", "c");
  await waitUntil("it has failed", async () => (await agentFailed()) === 1);
  const isLoop = async () => (await times(place, "agent-crash-loop", "c")) > 0;
  expect(await isLoop()).toBe(false);
  // A supervisor that comes half a minute after the last look of the one before takes nothing over: then there is one more.
  do {
    const { pid } = (await place.app.lastRun())!;
    process.kill(pid, "SIGKILL");
    await waitUntil("it is dead", () => !exists(pid));
    await crashesAreNoted((await newestLook())!.id);
  } while (!(await isLoop()));
  await place.skep(["down"]);
});

test("a start waits no more for agents that were removed before they could start", async () => {
  const place = await newPlace(often('coordination_time = "1ms"\nrate_window = "1s"'));
  const first = { command: ["sleep", "1000"], ready: { log: "never" }, ready_timeout: "1h" };
  place.up({ first, next: { ...idle, after: ["first"], count: 2 } });
  await comes(place, "coordination-time", "swarm");
  await place.becomes("first", "starting");
  await place.up({ first }).ended;
  await comes(place, "coordination-time", "swarm", "resolved");
  await place.skep(["down"]);
});

test("a swarm that takes long to start, and a process that grows, fire once each and are over", async () => {
  const place = await newPlace(
    often(
      'coordination_time = "1ms"\nrate_window = "5s"\ngrowth_window = "1s"\nwarm_up = "0s"\ndescriptor_growth_max = 10',
      '[metrics]\nsample_every = "50ms"',
    ),
  );
  const [stop, go] = ["stop", "go"].map((name) => join(place.directory, name)) as [string, string];
  const command = [process.execPath, join(fixtures, "grows.ts"), stop, "0", go];
  place.up({ g: { runner: "self", command }, a: idle });
  await comes(place, "coordination-time", "swarm");
  const { programPid } = await place.becomes("g", "ready");
  const subject = `g program ${programPid}`;
  // It grows for some seconds only, and what it had before has to be known.
  await waitUntil("it is watched", async () => {
    const query = "select 1 from metrics where name = 'process.memory' and agent = 'g'";
    const kind = "json_extract(tags, '$.kind') = 'program'";
    return (await place.app.vitals()).read((tx) => tx.get(`${query} and ${kind}`));
  });
  writeFileSync(go, "");
  await comes(place, "memory-growth", subject);
  await comes(place, "descriptor-growth", subject);
  writeFileSync(stop, "");
  for (const rule of ["memory-growth", "descriptor-growth"]) {
    await comes(place, rule, subject, "resolved");
    expect([rule, await times(place, rule, subject)]).toEqual([rule, 1]);
  }
  await comes(place, "coordination-time", "swarm", "resolved");
  expect((await place.skep(["export", "prometheus"])).stdout).toMatch(
    /^skep_coordination_time_seconds\{of="swarm"\} (?!0$)/m,
  );
  await place.skep(["down"]);
});

test("without a supervisor watch sees dead letters, rates, refusals and senders that wait", async () => {
  const place = await newPlace(
    often(
      [
        'coordination_time = "1ms"',
        // What was acked is to be seen by a look, however late that comes.
        'rate_window = "5s"',
        'count_window = "1s"',
        "rate_count_min = 1",
        "refusals_max = 0",
        "waiting_senders_max = 0",
        "queue_depth_max = 1",
      ].join("\n"),
      "[bus]\ninbox_cap = 2\nmax_attempts = 1",
    ),
  );
  for (const body of ["1", "2"]) await place.skep(["send", "a", body]);
  await place.skep(["subscribe", "news", "b"]);
  const watching = place.start(["alerts", "watch"]);
  // Now it has looked for the first time.
  await comes(place, "queue-depth", "a");
  expect((await place.skep(["send", "a", "3", "--on-full", "fail"])).status).toBe(4);
  await comes(place, "send-failures", "a");
  const sending = place.start(["send", "a", "4", "--timeout", "10m"]);
  await comes(place, "backpressure", "a");
  const [held] = jsonLines((await place.skep(["recv", "a"])).stdout);
  await place.skep(["nack", held!.receipt]);
  expect((await sending.ended).status).toBe(0);
  const fired = ["dead-letters a", "error-rate bus", "delivery-rate bus"];
  for (const one of fired) await comes(place, ...(one.split(" ") as [string, string]));
  // A publication counts for 5 s. Whoever looks later than that sees the next one.
  await waitUntil("a publication was slow", async () => {
    if ((await times(place, "coordination-time", "publications")) > 0) return true;
    expect((await place.skep(["publish", "news", "hello"])).status).toBe(0);
    expect((await place.skep(["recv", "b", "--ack", "--wait", "10s"])).status).toBe(0);
    return false;
  });
  expect((await place.skep(["export", "prometheus"])).stdout).toMatch(
    /^skep_coordination_time_seconds\{of="publications"\} (?!0$)/m,
  );
  await place.skep(["dead", "drop", "--all"]);
  await place.skep(["purge", "a", "--yes"]);
  const all = [...fired, "queue-depth a", "send-failures a", "backpressure a"];
  for (const one of [...all, "coordination-time publications"]) {
    const [rule, subject] = one.split(" ") as [string, string];
    await comes(place, rule, subject, "resolved");
    expect([one, await times(place, rule, subject)]).toEqual([one, 1]);
  }
  watching.kill("SIGTERM");
  expect((await watching.ended).stdout).toContain("dead-letters  a  resolved");
});

test("a disk with too little space fires, and whoever looks next knows of it", async () => {
  const place = await newPlace(often("disk_free_min = 1_000_000_000_000_000"));
  await place.skep(["send", "a", "1"]);
  const first = place.start(["alerts", "watch"]);
  await comes(place, "disk-low", "disk");
  first.kill("SIGTERM");
  await first.ended;
  const second = place.start(["alerts", "watch", "--set", "alerts.disk_free_min=0"]);
  await comes(place, "disk-low", "disk", "resolved");
  expect(await times(place, "disk-low", "disk")).toBe(1);
  second.kill("SIGTERM");
  await second.ended;
});

test.skipIf(Bun.which("sqlite3") === null)(
  "a log that a reader keeps from being copied back fires, and is over when the reader is gone",
  async () => {
    const place = await newPlace(often("log_bytes_max = 30_000_000"));
    await place.skep(["send", "a", "1"]);
    const watching = place.start(["alerts", "watch"]);
    const reader = Bun.spawn(["sqlite3", join(place.home, "bus.db")], {
      stdin: "pipe",
      stdout: "pipe",
    });
    try {
      reader.stdin.write("begin; select 'it reads', count(*) from meta;\n");
      reader.stdin.flush();
      await reader.stdout.getReader().read();
      for (let i = 0; i < 34; i++) await place.send("a", "x".repeat(1024 * 1024));
      for (const rule of ["log-size", "checkpoint-stuck"]) await comes(place, rule, "bus.db");
      const exported = (await place.skep(["export", "prometheus"])).stdout;
      expect(exported).toMatch(/^skep_store_log_kept_bytes \d{8,}$/m);
    } finally {
      reader.kill("SIGKILL");
      await reader.exited;
    }
    // Whoever writes next copies it back, and cuts it to its usual length.
    await comes(place, "checkpoint-stuck", "bus.db", "resolved");
    await place.skep(["purge", "a", "--yes"]);
    for (const rule of ["log-size", "checkpoint-stuck"])
      expect([rule, await times(place, rule, "bus.db")]).toEqual([rule, 1]);
    watching.kill("SIGTERM");
    await watching.ended;
  },
);
