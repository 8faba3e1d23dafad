// Programs that know nothing of skep and open its database: one keeps the write lock, one reads and does not end. Nothing is
// harmed by it, and whoever asks is told who it is.
import { statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "bun:test";
import { lacks } from "../helpers/programs.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { failureIn, jsonLines } from "./json.ts";
import { type Place, places } from "./place.ts";

const place = places();
const strangers: { kill(signal: "SIGKILL"): void; exited: Promise<unknown> }[] = [];

afterEach(async () => {
  for (const stranger of strangers.splice(0)) {
    stranger.kill("SIGKILL");
    await stranger.exited;
  }
});

/** Starts `command` with `home`'s database as its last word, and waits until it has said something. */
async function startStranger(command: string[], home: string, input: string) {
  const child = Bun.spawn([...command, join(home, "bus.db")], { stdin: "pipe", stdout: "pipe" });
  strangers.push(child);
  await child.stdin.write(input);
  await child.stdin.flush();
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toContain("begun");
  return child;
}

const pythonWriter = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("begin immediate")
db.execute("insert into meta values ('stranger', 'was here')")
print("begun", flush=True)
sys.stdin.readline()
db.execute("commit")
`;

const writers: [program: string, command: string[], input: string, end: string][] = [
  [
    "sqlite3",
    ["sqlite3"],
    "begin immediate; insert into meta values ('stranger', 'was here'); select 'begun';\n",
    "commit;\n",
  ],
  ["python3", ["python3", "-c", pythonWriter], "", "go\n"],
];

const sumsUp = async ({ skep }: Place) => {
  const { stdout } = await skep([
    "sql",
    "select sum(sent) = sum(ready + leased + acked + parked) as holds from ledger",
    "--json",
  ]);
  return jsonLines<{ holds: number }>(stdout)[0]!.holds === 1;
};

describe.skipIf(process.platform !== "linux")("a stranger", () => {
  for (const [program, command, input, end] of writers)
    test.skipIf(lacks(program))(
      `that keeps the write lock is named, and waited for (wants ${program})`,
      async () => {
        const here = place();
        expect((await here.skep(["send", "a1", "before"])).status).toBe(0);
        const writer = await startStranger(command, here.home, input);
        const refused = await here.skep(["send", "a1", "x", "--timeout", "100ms", "--json"]);
        expect([refused.status, failureIn(refused.stderr)]).toEqual([
          4,
          expect.objectContaining({
            code: "E_BUSY",
            message: expect.stringContaining(`process ${writer.pid} (`),
          }),
        ]);
        expect((await here.skep(["status"])).stdout).toContain(
          `all writes wait for process ${writer.pid} (`,
        );
        // Reading goes on, and a send that has the time gets its turn.
        expect((await here.skep(["peek", "a1"])).stdout).toContain('"before"');
        const patient = here.start(["send", "a1", "after", "--timeout", "10m"]);
        await writer.stdin.write(end);
        await writer.stdin.end();
        expect((await patient.ended).status).toBe(0);
        await writer.exited;
        const { stdout } = await here.skep([
          "sql",
          "select value from meta where key = 'stranger'",
          "--json",
        ]);
        expect(jsonLines<{ value: string }>(stdout)).toEqual([{ value: "was here" }]);
        expect(await sumsUp(here)).toBe(true);
      },
    );

  test.skipIf(lacks("sqlite3"))(
    "that reads for long has the log grow, is named by status, and leaves it as it was (wants sqlite3)",
    async () => {
      const here = place();
      expect((await here.skep(["send", "a1", "first"])).status).toBe(0);
      const reader = await startStranger(
        ["sqlite3", "-readonly"],
        here.home,
        "begin; select 'begun', count(*) from messages;\n",
      );
      const size = () =>
        statSync(join(here.home, "bus.db-wal"), { throwIfNoEntry: false })?.size ?? 0;
      const body = "x".repeat(1_000_000);
      const batch = Array.from({ length: 36 }, () => JSON.stringify({ to: "a1", body })).join("\n");
      expect(
        (await here.skep(["send", "--batch", "--quiet"], { stdin: `${batch}\n` })).status,
      ).toBe(0);
      expect(size()).toBeGreaterThan(35_000_000);
      const { stdout } = await here.skep(["status"]);
      expect(stdout).toMatch(
        new RegExp(
          `the log of bus.db has grown to 3\\d MiB, for process ${reader.pid} [(]sqlite3 -readonly .*[)] reads an old state of it`,
        ),
      );
      expect(JSON.parse((await here.skep(["status", "--json"])).stdout)).toMatchObject({
        log: { bytes: size(), reader: { pid: reader.pid, stopped: false } },
      });
      reader.kill("SIGKILL");
      await reader.exited;
      await waitUntil("the log is short again", async () => {
        expect((await here.skep(["send", "a2", "next"])).status).toBe(0);
        return size() <= 33_600_000;
      });
      expect((await here.skep(["status"])).stdout).not.toContain("the log");
      expect(await sumsUp(here)).toBe(true);
    },
  );
});
