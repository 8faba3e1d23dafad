import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "../../../examples/census/piece.ts";
import { find } from "../../../examples/census/work.ts";
import { bun, run, stage, written } from "./programs.ts";

const files = {
  "a.ts": "x\n".repeat(250),
  "b c/d.md": "one\ntwo",
  "empty.json": "",
  "e.js": "y\n".repeat(100),
};

test("every byte of every file is asked for once, after the plan", async () => {
  const set = stage(files);
  await run(set, bun("planner.ts"));
  const [plan, ...messages] = written(set, "sent").map((line) => JSON.parse(line));
  expect(plan).toEqual({ to: "collector", type: "plan", body: "now 5 4" });
  for (const message of messages)
    expect(message).toMatchObject({ to: "pieces", type: "piece", reply_to: "collector" });

  const pieces = messages.map(({ body }) => parse(body)!);
  expect(pieces.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4]);
  for (const [path, content] of Object.entries(files)) {
    const text = pieces
      .filter((piece) => piece.path === `./${path}`)
      .map(({ offset, length }) => content.slice(offset, offset + length))
      .join("");
    expect(text).toBe(content);
  }

  const left = find(set.env["CENSUS_WORK"]!, "plan")!;
  expect(left).toMatchObject({ home: set.env["SKEP_HOME"], pieces: 5, skipped: [] });
  for (const { file, path } of pieces) expect(left.files[file]).toBe(path);
});

test("what found no room is sent again, and nothing else is", async () => {
  const set = stage(files);
  writeFileSync(join(set.fake, "full"), "");
  await run(set, bun("planner.ts"));
  const bodies = written(set, "sent").map((line) => JSON.parse(line).body);
  expect(bodies).toHaveLength(6);
  expect(new Set(bodies).size).toBe(6);
});
