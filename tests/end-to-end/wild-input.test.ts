// Whatever is put into the fields of a message: it arrives as it was, or it is refused in its place.
import { writeFileSync } from "node:fs";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { casesMs, casesOf, seed } from "../helpers/cases.ts";
import { everyVerb, setStage } from "./every-verb.ts";
import { failureIn, jsonLines } from "./json.ts";
import { look } from "./look.ts";
import { places } from "./place.ts";

const place = places();

const cases = casesOf(1_000);

const nasty = fc.constantFrom(
  "",
  " ",
  "'",
  '"',
  "`",
  "%",
  "%s%n",
  "\\",
  "\0",
  "a\0b",
  "\u001b[2J",
  "\r\n",
  "\u007f",
  "\u202e",
  "';drop table messages;--",
  "$(reboot)",
  "../x",
  "-rf",
  "*",
  ">",
  "a.*",
  "null",
  "NaN",
  "\ud800",
  "ﷺ",
  "é".repeat(128),
  "é".repeat(129),
  "x".repeat(64),
  "x".repeat(65),
  "x".repeat(256),
  "x".repeat(257),
);
const text = fc.oneof(
  nasty,
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 40 }),
);
const number = fc.oneof(
  fc.integer({ min: -3, max: 12 }),
  fc.double(),
  fc.constantFrom(1e12, 2 ** 53, 1e308, -0),
);
const anything = fc.oneof(
  text,
  number,
  fc.boolean(),
  fc.constant(null),
  fc.constant([]),
  fc.constant({}),
);
const mostly = <T>(usual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: usual as fc.Arbitrary<unknown> }, anything);

const name = fc.constantFrom("a1", "b.2", "c_3", "D-4");
const draft = fc.record(
  {
    to: mostly(name),
    body: mostly(text),
    type: mostly(text),
    thread: mostly(text),
    priority: mostly(fc.integer({ min: 0, max: 9 })),
    key: mostly(text),
    delay_ms: mostly(fc.integer({ min: 0, max: 5 })),
    ttl_ms: mostly(fc.integer({ min: 1, max: 100_000 })),
    reply_to: mostly(name),
  },
  { requiredKeys: ["to", "body"] },
);

interface Stored {
  id: number;
  type: string | null;
  thread: string | null;
  priority: number;
  body: Uint8Array;
}

test(
  `${cases} messages with anything in them: each arrives as it was or is refused in its place`,
  async () => {
    console.log(`CASES_SEED=${seed}`);
    const { skep, home } = place();
    const drafts = fc.sample(draft, { numRuns: cases, seed });
    const stdin = drafts.map((one) => `${JSON.stringify(one)}\n`).join("");
    const env = { SKEP_BUS_INBOX_CAP: String(10 * cases) };
    const { stdout, stderr } = await skep(["send", "--batch", "--json"], { stdin, env });
    const answers = jsonLines<{ id?: number; already?: true; error?: { code: string } }>(stdout);
    expect(stderr).toBe("");
    expect(answers.length).toBe(drafts.length);
    const known = ["E_USAGE", "E_NAME", "E_BODY", "E_CONFLICT", "E_KEY"];
    const refused = answers.filter((answer) => answer.error !== undefined);
    expect(refused.filter(({ error }) => !known.includes(error!.code))).toEqual([]);
    const rows = look<Stored>(home, "select id, type, thread, priority, body from messages");
    const stored = new Map(rows.map((row) => [row.id, row]));
    for (const [n, { id, already }] of answers.entries()) {
      if (id === undefined || already) continue;
      const { type = null, thread = null, priority, body } = JSON.parse(JSON.stringify(drafts[n]));
      const { body: bytes, ...row } = stored.get(id)!;
      const given: object = { id, type, thread, priority: priority ?? 4 };
      expect(row).toEqual(given as Omit<Stored, "body">);
      expect(Buffer.from(bytes).toString()).toBe(body as string);
      stored.delete(id);
    }
    expect([...stored.keys()]).toEqual([]);
    // The generator is of use only when it meets both.
    expect(refused.length).toBeGreaterThan(cases / 20);
    expect(refused.length).toBeLessThan((cases * 19) / 20);
  },
  casesMs(240_000),
);

test("JSON 200,000 levels deep is refused in its place, and what comes after it goes", async () => {
  const { skep } = place();
  const deep = `{"to":"a1","body":${"[".repeat(200_000)}${"]".repeat(200_000)}}\n`;
  const after = '{"to":"a1","body":"after"}\n';
  const { status, stdout } = await skep(["send", "--batch"], { stdin: deep + after });
  const [refused, sent] = jsonLines<{ error?: { code: string }; id?: number }>(stdout);
  expect(refused).toMatchObject({ error: { code: "E_USAGE" } });
  expect(sent).toMatchObject({ id: 1, to: "a1" });
  expect(status).not.toBe(0);
});

test("with 16 files at most each verb does its work", async () => {
  const { skep } = place();
  const stage = await setStage(skep);
  const before = ["sh", "-c", 'ulimit -n 16 && exec "$0" "$@"'];
  for (const { title, words, stdin = "", status = 0 } of everyVerb) {
    const ended = await skep([...words(stage), "--json"], { before, stdin });
    expect([title, ended.status, status === 0 ? ended.stderr : ""]).toEqual([title, status, ""]);
  }
  const waits = await skep(["recv", "nobody", "--wait", "300ms", "--json"], { before });
  expect([waits.status, failureIn(waits.stderr).code]).toEqual([3, "E_EMPTY"]);
  // Some fifty processes, one after the other.
}, 900_000);

test("with fewer files than it needs a command says so, and does nothing", async () => {
  const { skep } = place();
  await skep(["send", "a1", "x"]);
  const before = ["sh", "-c", 'ulimit -n 8 && exec "$0" "$@"'];
  const { status, stdout, stderr } = await skep(["send", "a1", "y", "--json"], { before });
  expect([status, stdout]).toEqual([7, ""]);
  expect(failureIn(stderr).hint).toContain("ulimit -n");
  expect(jsonLines((await skep(["peek", "a1", "--max", "9"])).stdout).length).toBe(1);
});

test("a swarm that has too few files says so of each agent it could not start, and ends", async () => {
  const { skep, path } = place();
  const file = path("few.toml");
  writeFileSync(
    file,
    'name = "few"\n[agents.echo]\ncommand = ["cat"]\nrunner = "exec"\ncount = 3\n',
  );
  // With 12 there is no room for a supervisor either.
  for (const [limit, who] of [
    [24, "echo-1 failed: "],
    [12, "skep: "],
  ] as const) {
    const before = ["sh", "-c", `ulimit -n ${limit} && exec "$0" "$@"`];
    const { status, stderr } = await skep(["up", file], { before });
    expect([status, stderr]).toEqual([8, expect.stringContaining(who)]);
    expect(stderr).toContain("too many files are open here (ulimit -n)");
    expect(stderr).not.toContain("this is a bug");
  }
});
