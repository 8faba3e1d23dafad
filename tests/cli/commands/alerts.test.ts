import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { systemClock } from "../../../src/core/clock.ts";
import type { Told } from "../../../src/metrics/alerts/record.ts";
import { writeTransitions } from "../../../src/metrics/alerts/record.ts";
import { rules } from "../../../src/metrics/alerts/rules.ts";
import { swarmPlaces } from "../../agents/swarm-place.ts";
import { failureIn, jsonLines } from "../../end-to-end/json.ts";
import { newSkep } from "../../helpers/skep.ts";
import { tempDir } from "../../helpers/temp-dir.ts";
import { waitUntil } from "../../helpers/wait-until.ts";
import { openVitals } from "../../metrics/vitals.ts";

const newPlace = swarmPlaces();
// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

type Line = Record<string, unknown>;

/** Runs skep in a home of its own, in which what the test says is wrong. */
function newHome() {
  const [run, home] = [newSkep(), tempDir()];
  const skep = (...words: string[]) => run(words, "", { SKEP_HOME: home });
  return {
    home,
    skep,
    /** What `words` print as JSON; they have to succeed, and to say nothing to people. */
    async json(...words: string[]): Promise<Line[]> {
      const { status, stdout, stderr } = await skep(...words, "--json");
      expect([words, status, stderr]).toEqual([words, 0, ""]);
      return jsonLines<Line>(stdout);
    },
    /** Writes down that rules begin or end, as an evaluation does. */
    async note(
      ...happened: [rule: string, subject: string, state: Told["state"], value: number][]
    ) {
      const clock = systemClock();
      const store = await openVitals(home, clock);
      const told = happened.map(([name, subject, state, value]) => {
        const rule = rules.find((one) => one.name === name)!;
        return { rule, subject, state, value, threshold: 7, at: clock.now(), silenced: false };
      });
      await store.write((tx) => writeTransitions(tx, told));
      await store.close();
    },
  };
}

test("where nothing is wrong it says so, and programs get no line", async () => {
  const { skep, json } = newHome();
  const { status, stdout, stderr } = await skep("alerts");
  expect([status, stdout, stderr]).toEqual([0, "", "nothing is wrong\n"]);
  expect((await skep("alerts", "history")).stderr).toBe("nothing is or was wrong\n");
  for (const verb of [[], ["list"], ["history"]]) expect(await json("alerts", ...verb)).toEqual([]);
});

test("what fires comes first and the worst of it first, and history has what is over too", async () => {
  const { note, skep, json } = newHome();
  await note(
    ["queue-depth", "a", "firing", 1_200],
    ["dead-letters", "b", "firing", 1],
    ["dead-letters", "b", "resolved", 0],
    ["oldest-unclaimed", "c", "firing", 90_000],
    ["inbox-critical", "a", "firing", 91.26],
  );
  expect((await json("alerts")).map(({ rule }) => rule)).toEqual([
    "inbox-critical",
    "oldest-unclaimed",
    "queue-depth",
  ]);
  const all = await json("alerts", "history");
  expect(all.map(({ rule, state }) => [rule, state])).toEqual([
    ["inbox-critical", "firing"],
    ["oldest-unclaimed", "firing"],
    ["queue-depth", "firing"],
    ["dead-letters", "resolved"],
  ]);
  expect(Object.keys(all[0]!).sort()).toEqual(
    "about acked_at acked_by fired_at id resolved_at rule severity silenced state subject threshold unit value"
      .split(" ")
      .sort(),
  );
  expect(all[3]!["resolved_at"]).toEqual(expect.any(Number));
  const { stdout, stderr } = await skep("alerts", "history");
  expect(stderr).toBe(
    "skep: no swarm is up; unless skep alerts watch runs, nobody looks, and this is how it was last\n",
  );
  const table = stdout.trimEnd().split("\n");
  expect(table.map((line) => line.split(/ {2,}/).slice(1, 6))).toEqual([
    ["SEVERITY", "RULE", "SUBJECT", "STATE", "VALUE THEN"],
    ["critical", "inbox-critical", "a", "firing", "91.3 %"],
    ["warning", "oldest-unclaimed", "c", "firing", "1m 30s"],
    ["warning", "queue-depth", "a", "firing", "1200 deliveries"],
    ["warning", "dead-letters", "b", "over", "1 deliveries"],
  ]);
  expect(await json("alerts", "history", "--max", "1")).toHaveLength(4);
});

test("an ack says who sees to it, and what does not fire has none", async () => {
  const { note, skep, json } = newHome();
  await note(["queue-depth", "a", "firing", 9], ["queue-depth", "b", "firing", 9]);
  await note(["queue-depth", "b", "resolved", 0]);
  expect(await json("alerts", "ack", "1", "--as", "tom")).toEqual([{ id: 1, acked: true }]);
  expect(await json("alerts")).toMatchObject([{ id: 1, acked_by: "tom", state: "firing" }]);
  expect((await skep("alerts")).stdout).toContain("acked by tom");
  // Without a name it is somebody all the same.
  expect((await skep("alerts", "ack", "1")).stdout).toBe('{"id":1,"acked":true}\n');
  expect(await json("alerts")).toMatchObject([{ acked_by: null, acked_at: expect.any(Number) }]);
  for (const id of ["2", "99"]) {
    const { status, stdout, stderr } = await skep("alerts", "ack", id, "--json");
    expect([id, status, stdout, failureIn(stderr)]).toMatchObject([
      id,
      3,
      "",
      { code: "E_NOT_FOUND", message: `no alert ${id} fires` },
    ]);
  }
  await note(["queue-depth", "a", "resolved", 0]);
  expect((await skep("alerts", "ack", "1")).status).toBe(3);
});

test.each([
  [["ack"], 2, "E_USAGE", "which alert?"],
  [["ack", "x"], 2, "E_USAGE", '"x"'],
  [["ack", "0"], 2, "E_USAGE", '"0"'],
  [["ack", "1", "--rule", "queue-depth"], 2, "E_USAGE", "--rule does not go with alerts ack"],
  [["list", "1"], 2, "E_USAGE", '"1" does not go with alerts list'],
  [["history", "--max", "0"], 2, "E_USAGE", "--max"],
  [["list", "--max", "5"], 2, "E_USAGE", "--max does not go with alerts list"],
  [["watch", "--for", "1h"], 2, "E_USAGE", "--for does not go with alerts watch"],
  [["history", "--subject", "a"], 2, "E_USAGE", "--subject does not go with alerts history"],
  [["mend"], 2, "E_USAGE", '"mend"'],
  [["silence"], 2, "E_USAGE", "silent about what?"],
  [["silence", "--subject", ""], 2, "E_USAGE", "a subject is a line of up to 200 characters"],
  [["silence", "--subject", "a\u001b[2J"], 2, "E_USAGE", "a subject is a line"],
  [["silence", "--subject", "a", "--for", "soon"], 2, "E_USAGE", "--for"],
  [["silence", "--subject", "a", "--for", "0s"], 2, "E_USAGE", "a silence of 0ms is none"],
  [["silence", "--subject", "a", "--for", "366d"], 2, "E_USAGE", "a silence of 366d is none"],
  [["silences", "1"], 2, "E_USAGE", '"1" does not go with alerts silences'],
  [["unsilence"], 2, "E_USAGE", "which silence?"],
  [["unsilence", "1"], 3, "E_NOT_FOUND", "no silence 1 holds"],
  [["silence", "--rule", "queue-dept"], 3, "E_NOT_FOUND", 'there is no rule "queue-dept"'],
  [["test", "1"], 2, "E_USAGE", '"1" does not go with alerts test'],
  [["watch", "--rule", "queue-depth"], 2, "E_USAGE", "--rule does not go with alerts watch"],
])("%j ends with %i and says why", async (words, exit, code, message) => {
  const { skep } = newHome();
  const { status, stdout, stderr } = await skep("alerts", ...words, "--json");
  expect([status, stdout]).toEqual([exit, ""]);
  expect(failureIn(stderr)).toMatchObject({ code, message: expect.stringContaining(message) });
});

test("the rules are told with the thresholds that hold here", async () => {
  const { skep, json } = newHome();
  const told = await json("alerts", "rules", "--set", "alerts.queue_depth_max=50");
  expect(told.map(({ name }) => name)).toEqual(
    expect.arrayContaining(rules.map(({ name }) => name)),
  );
  expect(told).toContainEqual({
    name: "queue-depth",
    severity: "warning",
    reads: "inbox.depth",
    compare: "above",
    threshold: 50,
    unit: "deliveries",
    recovery: 45,
    about: "much lies in an inbox",
    enabled: true,
    user: null,
  });
  const { stdout } = await skep("alerts", "rules");
  expect(stdout).toContain("inbox.oldest above 5m");
});

test("a trial comes to whoever is subscribed, and says when nobody is", async () => {
  const { skep, json } = newHome();
  const nobody = await skep("alerts", "test");
  expect([nobody.status, nobody.stdout, nobody.stderr]).toEqual([
    0,
    '{"channel":"topic alerts","deliveries":0}\n',
    "nobody is subscribed to the topic alerts: skep subscribe alerts INBOX\n",
  ]);
  await skep("subscribe", "alerts", "ops");
  expect(await json("alerts", "test")).toEqual([{ channel: "topic alerts", deliveries: 1 }]);
  const [{ body, type } = { body: "", type: "" }] = await json("recv", "ops", "--ack");
  expect([type, JSON.parse(String(body))]).toMatchObject([
    "alert.firing",
    { rule: "test", severity: "info", state: "firing" },
  ]);
  // Nothing of it is an alert.
  expect(await json("alerts", "history")).toEqual([]);
});

test("of what a silence is about nobody is told, neither that it fires nor that it is over", async () => {
  const place = await newPlace(
    '[alerts]\nevaluate_every = "50ms"\nqueue_depth_max = 0\ncooldown = "0s"\n',
  );
  const words = ["alerts", "silence", "--rule", "queue-depth", "--subject", "a", "--as", "tom"];
  const made = jsonLines<Line>((await place.skep([...words, "--json"])).stdout);
  expect(made).toEqual([{ id: 1, rule: "queue-depth", subject: "a", until: expect.any(String) }]);
  await place.skep(["subscribe", "alerts", "ops"]);
  await place.skep(["send", "a", "x"]);
  await place.skep(["send", "b", "x"]);
  const watching = place.start(["alerts", "watch", "--json"]);
  const list = async () => jsonLines<Line>((await place.skep(["alerts", "--json"])).stdout);
  const toldOf = async () =>
    jsonLines<Line>((await place.skep(["peek", "ops", "--json"])).stdout).map(({ body }) => {
      const { rule, subject, state } = JSON.parse(String(body)) as Line;
      return [rule, subject, state].join(" ");
    });
  await waitUntil("both fire", async () => (await list()).length >= 2);
  await waitUntil("b is told of", async () => (await toldOf()).includes("queue-depth b firing"));
  expect(await toldOf()).not.toContain("queue-depth a firing");
  expect((await place.skep(["alerts"])).stdout).toContain("silenced");
  await place.skep(["purge", "a", "--yes"]);
  await waitUntil("a is over", async () => (await list()).every(({ subject }) => subject !== "a"));
  expect(await toldOf()).not.toContain("queue-depth a resolved");
  watching.kill("SIGTERM");
  await watching.ended;
});

test("the silences that hold are listed, and one can be ended before its time", async () => {
  const { skep, json } = newHome();
  expect((await skep("alerts", "silences")).stderr).toBe("no silence holds\n");
  await json("alerts", "silence", "--rule", "queue-depth", "--for", "2h", "--as", "tom");
  const [made] = await json("alerts", "silence", "--subject", "files");
  const [first, second] = await json("alerts", "silences");
  expect(first).toMatchObject({ id: 1, rule: "queue-depth", subject: null, made_by: "tom" });
  expect(second).toEqual({ ...made, made_by: null });
  const { stdout } = await skep("alerts", "silences");
  expect(stdout).toMatch(
    /^ID +RULE +SUBJECT +UNTIL +BY\n1 +queue-depth +- +\S+ +tom\n2 +- +files /,
  );
  expect(await json("alerts", "unsilence", "1")).toEqual([{ id: 1, ended: true }]);
  expect((await json("alerts", "silences")).map(({ id }) => id)).toEqual([2]);
  expect((await skep("alerts", "unsilence", "1")).status).toBe(3);
});

test("an agent acks in its own name, and nobody else does", async () => {
  const place = await newPlace(
    '[agents]\nstop_grace = "200ms"\n[alerts]\nevaluate_every = "50ms"\ndisk_free_min = 1_000_000_000_000_000\n',
  );
  const ack = "until skep alerts ack 1; do sleep 0.05; done; exec sleep 1000";
  place.up({ a: { runner: "self", command: ["sh", "-c", ack] } });
  await place.becomes("a", "ready");
  const list = async () => jsonLines<Line>((await place.skep(["alerts", "--json"])).stdout);
  // What else fires on a slow machine may stand before it.
  await waitUntil("it is acked", async () =>
    (await list()).some(({ id, acked_by: by }) => id === 1 && by === "a"),
  );
  const stranger = await place.skep(["alerts", "ack", "1", "--as", "a"]);
  expect([stranger.status, stranger.stderr]).toEqual([
    4,
    expect.stringContaining("you are not it"),
  ]);
  const second = await place.skep(["alerts", "watch", "--json"]);
  expect([
    second.status,
    second.stdout,
    failureIn(second.stderr.split("\n").slice(1).join("\n")),
  ]).toMatchObject([4, "", { code: "E_RUNNING" }]);
  await place.skep(["down"]);
});

test("a damaged file is an error to whoever asks for what is in it, and to nobody else", async () => {
  const { home, skep } = newHome();
  writeFileSync(join(home, "vitals.db"), "x".repeat(5_000));
  for (const words of [[], ["history"], ["ack", "1"], ["silence", "--subject", "a"]]) {
    const { status, stdout, stderr } = await skep("alerts", ...words, "--json");
    expect([words, status, stdout]).toEqual([words, 7, ""]);
    expect(failureIn(stderr)).toMatchObject({
      code: "E_CORRUPT",
      hint: expect.stringContaining("delete it"),
    });
  }
  for (const verb of ["rules", "test"]) expect((await skep("alerts", verb)).status).toBe(0);
});
