import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { keepApplied, makeKeep, readApplied } from "../../src/config/applied-swarm.ts";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { tempDir } from "../helpers/temp-dir.ts";

const newFile = (count: number) => {
  const path = join(tempDir(), "swarm.json");
  writeFileSync(path, textOf(count));
  return path;
};
const textOf = (count: number) =>
  JSON.stringify({ name: "s", agents: { a: { command: ["sleep", "1"], count } } });

test("what was applied is read again, whatever has become of its file", async () => {
  const keep = makeKeep()!;
  const file = newFile(3);
  const swarm = await readSwarmFile(file);
  keepApplied(keep, swarm);
  writeFileSync(file, "{");
  expect(await readApplied(keep, file)).toEqual(swarm);
  rmSync(file);
  expect((await readApplied(keep, file, { counts: { a: 2 } }))!.agents).toHaveLength(2);
});
test("a shorter one leaves nothing of a longer one behind it", async () => {
  const keep = makeKeep()!;
  const file = newFile(1_000);
  keepApplied(keep, await readSwarmFile(file));
  writeFileSync(file, textOf(1));
  keepApplied(keep, await readSwarmFile(file));
  expect((await readApplied(keep, file))!.agents).toHaveLength(1);
});
test("where nothing is kept, or only a part of it, or of another file, there is none", async () => {
  const keep = makeKeep()!;
  const file = newFile(1);
  expect(await readApplied(undefined, file)).toBeUndefined();
  expect(await readApplied(keep, file)).toBeUndefined();
  keepApplied(keep, await readSwarmFile(file));
  expect(await readApplied(keep, `${file}.other`)).toBeUndefined();
  writeFileSync(keep, readFileSync(keep, "utf8").slice(0, -1));
  expect(await readApplied(keep, file)).toBeUndefined();
  // Of a guardian that is gone.
  const gone = `/proc/${2 ** 22 + 1}/fd/3`;
  keepApplied(gone, await readSwarmFile(file));
  expect(await readApplied(gone, file)).toBeUndefined();
});
