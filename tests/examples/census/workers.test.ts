// The three kinds of workers and the checker count by four different ways and have to agree on every file.
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { cut, format } from "../../../examples/census/piece.ts";
import { find } from "../../../examples/census/work.ts";
import { bun, delivery, run, type Stage, stage, written } from "./programs.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

interface Task {
  path: string;
  receipt: string;
  body: string;
}

const bytes = (...values: number[]) => new Uint8Array(values);
const long = (unit: string, times: number) => unit.repeat(times);

const nasty: Record<string, Uint8Array | string> = {
  "empty.ts": "",
  "no newline.ts": "one two",
  "only-newlines.md": "\n\n\n",
  "crlf.json": "a\r\nb c\r\n\r\nd\r",
  "digits.js": "9abc 0x1F 12 1e5 3$ 4_ 007\n99\n8",
  "signs.mjs": "$ _ $$ __ $_9 -$-_- a$b_c9 a.b\n",
  "nul.cjs": bytes(0x61, 0, 0x62, 0, 0, 0x39, 0x63, 0, 0x0a, 0, 0x64),
  "invalid.ts": bytes(0x61, 0xff, 0x62, 0xc3, 0x28, 0x63, 0x80, 0xe2, 0x82, 0x0a, 0xfe, 0x24),
  "above-ascii.ts": "naïve Größe ŉ日本語abc é9x\n",
  "borders.ts": "@A Z[ `a z{ /0a 9:b ^_ #$%\n",
  "one-line.json": long("abc 12 $x,", 100_000),
  "one-word.json": long("a1", 300_000),
  "one-number.json": long("1", 300_000),
  "100-lines.ts": long("x\n", 100),
  "101-lines.ts": long("x y\n", 101),
  "250-lines.ts": `${long("let $a = 1;\n", 249)}last`,
  " leading/ space .js": "a b c",
  "names/it's $HOME `id` * -n.md": "a b\n",
  "names/größe 日本.md": "a b\n",
};

test("all agree on nasty files", async () => {
  const set = stage(nasty);
  const counts = await checkedCounts(set);
  expect(counts["./digits.js"]).toBe(5);
  expect(counts["./signs.mjs"]).toBe(10);
  expect(counts["./nul.cjs"]).toBe(4);
  expect(counts["./invalid.ts"]).toBe(4);
  expect(counts["./one-word.json"]).toBe(1);
  await expectAgreement(set, nasty, counts);
}, 900_000);

test("all agree on random bytes", async () => {
  const anything = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...Buffer.from("aZ09_$ \n\r\0@[`{/:é\x7f")) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
  );
  const content = fc.array(anything, { maxLength: 400 }).map((values) => bytes(...values));
  await fc.assert(
    fc.asyncProperty(fc.array(content, { minLength: 25, maxLength: 25 }), async (contents) => {
      const files = Object.fromEntries(contents.map((file, place) => [`${place}.ts`, file]));
      const set = stage(files);
      await expectAgreement(set, files, await checkedCounts(set));
    }),
    { numRuns: 4 },
  );
}, 900_000);

test("a piece of an earlier census is acknowledged without an answer", async () => {
  const set = stage({ "a.ts": "a" });
  const body = format({
    run: "earlier",
    number: 0,
    file: 0,
    offset: 0,
    length: 1,
    path: "./gone.ts",
  });
  const task = { path: "./gone.ts", receipt: "1.1.1", body };
  const line = `${delivery("1.1.1", "piece", body)}\n`;
  expect(JSON.parse(await run(set, bun("stream-worker.ts"), line))).toEqual({ ack: "1.1.1" });
  expect(await run(set, ["sh", "exec-worker.sh"], body)).toBe("");
  await self(set, [task]);
  expect(written(set, "settled")).toEqual(["ack 1.1.1"]);
});

test("a file that is gone is not counted as empty", async () => {
  const set = stage();
  const body = format({ run: "now", number: 0, file: 0, offset: 0, length: 1, path: "./gone.ts" });
  const task = { path: "./gone.ts", receipt: "1.1.1", body };
  const line = `${delivery("1.1.1", "piece", body)}\n`;
  expect(JSON.parse(await run(set, bun("stream-worker.ts"), line))).toHaveProperty("nack", "1.1.1");
  await expect(run(set, ["sh", "exec-worker.sh"], body)).rejects.toThrow("ended with 1");
  await self(set, [task]);
  expect(written(set, "settled")[0]).toStartWith("nack 1.1.1 --reason cannot read");
});

async function checkedCounts(set: Stage): Promise<Record<string, number>> {
  await run(set, bun("checker.ts"));
  return find(set.env["CENSUS_WORK"]!, "checked")!.counts;
}

async function expectAgreement(
  set: Stage,
  files: Record<string, Uint8Array | string>,
  expected: Record<string, number>,
): Promise<void> {
  const tasks = Object.entries(files).flatMap(([path, content], file) =>
    cut(Buffer.from(content)).map(({ offset, length }, place) => ({
      path: `./${path}`,
      receipt: `${file}.${place}.1`,
      body: format({ run: set.run, number: place, file, offset, length, path: `./${path}` }),
    })),
  );
  const answers = {
    stream: await stream(set, tasks),
    exec: await exec(set, tasks),
    self: await self(set, tasks),
  };
  for (const [runner, replies] of Object.entries(answers)) {
    const counts = Object.fromEntries(Object.keys(expected).map((path) => [path, 0]));
    for (const [place, { path }] of tasks.entries())
      counts[path]! += Number(replies[place]!.trim().split(" ")[3]);
    expect({ runner, counts }).toEqual({ runner, counts: expected });
    expect(replies.map(withoutCount)).toEqual(tasks.map(({ body }) => wantedAnswer(body)));
  }
}

async function stream(set: Stage, tasks: Task[]): Promise<string[]> {
  const lines = tasks.map(({ receipt, body }) => `${delivery(receipt, "piece", body)}\n`);
  const output = (await run(set, bun("stream-worker.ts"), lines.join(""))).trimEnd().split("\n");
  const settled = output.map((line) => JSON.parse(line));
  expect(settled.map(({ ack }) => ack)).toEqual(tasks.map(({ receipt }) => receipt));
  return settled.map(({ reply }) => reply);
}

async function exec(set: Stage, tasks: Task[]): Promise<string[]> {
  const answers = [];
  for (const { body } of tasks) answers.push(await run(set, ["sh", "exec-worker.sh"], body));
  return answers;
}

async function self(set: Stage, tasks: Task[]): Promise<string[]> {
  const lines = tasks.map(({ receipt, body }) => `${delivery(receipt, "piece", body)}\n`);
  writeFileSync(join(set.fake, "deliveries"), lines.join(""));
  await run(set, ["sh", "self-worker.sh"]);
  return written(set, "settled").map((line, place) =>
    line.replace(`ack ${tasks[place]!.receipt} --reply `, ""),
  );
}

function withoutCount(answer: string): string {
  return answer.trim().split(" ").slice(0, 3).join(" ");
}

function wantedAnswer(body: string): string {
  return body.split(" ").slice(0, 3).join(" ");
}
