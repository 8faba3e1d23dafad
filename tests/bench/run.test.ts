// That every bench runs and answers figures; how large they are is not for a test to judge.
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { tempDir } from "../helpers/temp-dir.ts";

// A hundred agents start slowly on a busy machine, and a bench may have them do so several times.
setDefaultTimeout(600_000);

const run = join(import.meta.dir, "..", "..", "bench", "run.ts");

interface Figure {
  name: string;
  unit: string;
  median: number;
  least: number;
  most: number;
  reference?: { name: string; median: number };
  ratio?: { median: number };
}

/** Runs a bench with tiny counts. */
function small(name: string, ...words: string[]) {
  return bench(name, "--small", ...words);
}

async function bench(...words: string[]) {
  const child = Bun.spawn([process.execPath, run, ...words], { stdout: "pipe", stderr: "pipe" });
  const [out, said, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, said, status };
}

test.each([
  ["one-process", 5],
  ["four-to-four", 2],
  ["start-up", 6],
  ["crowd", 12],
  ["wake-up", 6],
  ["crowded-table", 1],
  ["publish", 2],
  ["agents-up", 10],
  ["agents-fail", 5],
  ["files-moved", 2],
  ["spares", 2],
  ["metrics-report", 2],
  ["alert-pass", 4],
  ["alerts-come", 2],
  ["metrics-scrape", 4],
  ["metrics-cost-1", 3],
  ["metrics-cost-100", 3],
])("%s measures what it says, with nothing to compare with at hand", async (name, count) => {
  const { out, said, status } = await small(
    name,
    "--rounds",
    "1",
    "--json",
    "--references",
    tempDir(),
  );
  expect({ said, status }).toMatchObject({ status: 0 });
  const { machine, benches } = JSON.parse(out);
  expect(machine).toMatchObject({ cores: expect.any(Number), bun: Bun.version });
  expect(benches.map((one: { name: string }) => one.name)).toEqual([name]);
  const figures: Figure[] = benches[0].figures;
  expect(figures.length).toBe(count);
  for (const { unit, median, least, most } of figures) {
    expect(unit).not.toBe("");
    for (const value of [median, least, most]) expect(value).toBeGreaterThanOrEqual(0);
    expect(least).toBeLessThanOrEqual(median);
    expect(median).toBeLessThanOrEqual(most);
  }
});

test("a reference is run in turn with ours, and the ratio is that of the rounds", async () => {
  const folder = tempDir();
  await Bun.write(
    join(folder, "raw.ts"),
    "console.log(JSON.stringify({ singleSend: 1, singleCycle: 1, batchSend: 1, batchCycle: 1 }));",
  );
  const { out, status } = await small(
    "one-process",
    "--rounds",
    "1",
    "--json",
    "--references",
    folder,
  );
  expect(status).toBe(0);
  for (const { median, reference, ratio } of JSON.parse(out).benches[0].figures as Figure[]) {
    expect(reference).toEqual({ name: "raw.ts", median: 1 });
    expect(ratio!.median).toBe(median);
  }
});

test("a reference that is missing is named, with what that means", async () => {
  const nowhere = join(tempDir(), "nowhere");
  const { out, said, status } = await small(
    "one-process",
    "--rounds",
    "1",
    "--references",
    nowhere,
  );
  expect(status).toBe(0);
  expect(said).toContain("nowhere/raw.ts is missing");
  expect(out).not.toContain("NaN");
});

test("figures of tiny counts are not written down", async () => {
  const { said, status } = await small("crowded-table", "--rounds", "1", "--write");
  expect(status).not.toBe(0);
  expect(said).toContain("not written down");
});

test("a bench that there is not is a usage error", async () => {
  const { said, status } = await bench("no-such-bench");
  expect(status).toBe(2);
  expect(said).toContain("usage: bun bench/run.ts");
});
