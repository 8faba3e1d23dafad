// The bundle under Node and Deno: the same command line, on the same home, beside the executable.
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { runtimeCommand, skepBundle, skepExecutable } from "../helpers/executable.ts";
import { quickest } from "../helpers/quickest.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { everyVerb, setStage } from "./every-verb.ts";
import { type Line, jsonLines } from "./json.ts";
import type { Place } from "./place.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const runtimes = ["node", "deno"] as const;
const commands: Record<string, string[]> = {};
const started: Bun.Subprocess[] = [];

beforeAll(async () => {
  commands["bun"] = [await skepExecutable()];
  for (const runtime of runtimes)
    commands[runtime] = [...(runtimeCommand(runtime) ?? []), await skepBundle()];
}, 240_000);
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
});

/** `skep` as `runtime` runs it, on a home of the caller's. */
function skepOf(runtime: string, home: string) {
  const start = (words: string[], stdin = "", more: Record<string, string | undefined> = {}) => {
    const child = Bun.spawn([...commands[runtime]!, ...words], {
      stdin: Buffer.from(stdin),
      stdout: "pipe",
      stderr: "pipe",
      env: {
        PATH: "/usr/bin:/bin",
        HOME: join(home, ".."),
        SKEP_HOME: home,
        NO_COLOR: "1",
        // Where no queue hands the lock on, one of many may wait for long on a busy machine.
        SKEP_STORE_BUSY_TIMEOUT: "3m",
        ...more,
      },
    });
    started.push(child);
    return child;
  };
  const run = async (
    words: string[],
    stdin = "",
    more: Record<string, string | undefined> = {},
  ) => {
    const child = start(words, stdin, more);
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { status: await child.exited, stdout, stderr };
  };
  return { start, run };
}

const newHome = () => join(tempDir(), "home");

/** Resolves when so many processes wait for mail. */
async function untilWaiting(home: string, count: number): Promise<void> {
  const { run } = skepOf("bun", home);
  await waitUntil("somebody waits", async () => {
    const sql = "select count(*) as n from waiters where waiting = 1";
    return jsonLines<{ n: number }>((await run(["sql", sql, "--json"])).stdout)[0]?.n === count;
  });
}

for (const runtime of runtimes) {
  describe.skipIf(runtimeCommand(runtime) === undefined)(`skep.mjs under ${runtime}`, () => {
    test("says what runs it", async () => {
      const { run } = skepOf(runtime, newHome());
      expect((await run(["version"])).stdout).toMatch(
        new RegExp(`^skep \\d+\\.\\d+\\.\\d+ \\(${runtime} \\d+\\.\\d+\\.\\d+, [a-z0-9-]+\\)\\n$`),
      );
      const { bun, deno, node } = JSON.parse((await run(["version", "--json"])).stdout);
      expect([bun, deno !== null, node !== null]).toEqual([
        null,
        runtime === "deno",
        runtime === "node",
      ]);
    });

    test("sends, receives, answers and settles", async () => {
      const { run } = skepOf(runtime, newHome());
      expect((await run(["init"])).status).toBe(0);
      expect(JSON.parse((await run(["send", "a1", "-"], "grüße\0\n")).stdout)).toMatchObject({
        id: 1,
        to: "a1",
      });
      const [line] = jsonLines<Line>((await run(["recv", "a1"])).stdout);
      expect(line).toMatchObject({ id: 1, body: "grüße\0\n", attempt: 1 });
      expect(await run(["ack", line!.receipt])).toMatchObject({ status: 0, stderr: "" });
      expect(await run(["recv", "a1"])).toMatchObject({ status: 3, stdout: "" });
    });

    test("sends a batch line by line, and 300 kB of bytes as they are", async () => {
      const { run } = skepOf(runtime, newHome());
      const lines = ['{"to":"a1","body":"1"}', "broken", '{"to":"a2","body":"2"}', ""];
      const batch = await run(["send", "--batch"], lines.join("\n"));
      expect(jsonLines<{ id?: number }>(batch.stdout).map(({ id }) => id)).toEqual([
        1,
        undefined,
        2,
      ]);
      const body = "0123456789".repeat(30_000);
      await run(["send", "a3", "-"], body);
      expect(jsonLines<Line>((await run(["recv", "a3"])).stdout)[0]!.body).toBe(body);
    });

    test("ends with the status of what went wrong, and tells it in one line", async () => {
      const { run } = skepOf(runtime, newHome());
      expect((await run(["recv", "a1", "--nonsense"])).status).toBe(2);
      await run(["send", "a1", "x"]);
      const stale = await run(["ack", "1.1.1", "--json"]);
      expect(stale.status).toBe(5);
      expect(JSON.parse(stale.stderr).error.code).toBe("E_STALE");
    });

    test("is woken by its doorbell, and by a signal", async () => {
      const home = newHome();
      const { run, start } = skepOf(runtime, home);
      await run(["send", "other", "x"]);
      let n = 0;
      const tookMs = await quickest(700, async () => {
        const body = `${n++}`;
        const waiting = start(["recv", "a1", "--wait", "10m", "--ack"]);
        await untilWaiting(home, 1);
        await run(["send", "a1", body]);
        expect(jsonLines<Line>(await waiting.stdout.text())[0]!.body).toBe(body);
        expect(await waiting.exited).toBe(0);
        // Of its own time: on a busy machine processes start and end slowly.
        const times = "select claimed_at - sent_at as delay from times order by delivery desc";
        const { stdout } = await skepOf("bun", home).run(["sql", times, "--json"]);
        return jsonLines<{ delay: number }>(stdout)[0]!.delay;
      });
      // By itself it would look after 1 to 2 s.
      expect(tookMs).toBeLessThan(700);
      for (const [signal, status] of [
        ["SIGTERM", 143],
        ["SIGINT", 130],
      ] as const) {
        const waiting = start(["recv", "a1", "--wait", "10m"]);
        await untilWaiting(home, 1);
        waiting.kill(signal);
        expect(await waiting.exited).toBe(status);
        await untilWaiting(home, 0);
      }
    }, 600_000);

    test("20 that send at once all get through", async () => {
      const home = newHome();
      const { run } = skepOf(runtime, home);
      await run(["init"]);
      const sent = await Promise.all(
        Array.from({ length: 20 }, (_, n) => run(["send", "a1", `${n}`])),
      );
      expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 0));
      const ids = sent.map(({ stdout }) => JSON.parse(stdout).id as number);
      expect(ids.toSorted((a, b) => a - b)).toEqual(sent.map((_, n) => n + 1));
    });

    test("keeps to the leases of the executable, and the executable to its", async () => {
      const home = newHome();
      const [bundle, executable] = [skepOf(runtime, home), skepOf("bun", home)];
      for (const [one, other] of [
        [bundle, executable],
        [executable, bundle],
      ] as const) {
        await one.run(["send", "a1", "x"]);
        const [line] = jsonLines<Line>((await one.run(["recv", "a1", "--lease", "1h"])).stdout);
        expect((await other.run(["recv", "a1"])).status).toBe(3);
        expect((await other.run(["ack", line!.receipt])).status).toBe(0);
        // A clock of its own would end it at once, or never.
        await one.run(["send", "a1", "y"]);
        await one.run(["recv", "a1", "--lease", "100ms"]);
        const again = await other.run(["recv", "a1", "--wait", "1m", "--ack"]);
        expect(jsonLines<Line>(again.stdout)[0]).toMatchObject({ body: "y", attempt: 2 });
      }
    });

    test("does what each verb is for", async () => {
      const { run } = skepOf(runtime, newHome());
      const skep: Place["skep"] = (words, { stdin = "", env = {} } = {}) =>
        run(words, `${stdin}`, env);
      const stage = await setStage(skep);
      for (const { title, words, stdin = "", status = 0 } of everyVerb) {
        const ended = await run([...words(stage), "--json"], stdin);
        expect([title, ended.status, status === 0 ? ended.stderr : ""]).toEqual([
          title,
          status,
          "",
        ]);
      }
      const looks = [
        ["inboxes"],
        ["topics"],
        ["limits"],
        ["dead", "list"],
        ["trace", "1"],
        ["status"],
      ];
      for (const words of [...looks, ["sql", "select * from lives"]])
        expect(await run(words)).toMatchObject({ status: 0, stderr: expect.any(String) });
      // As many starts as there are verbs, and half as many again.
    }, 900_000);

    test("says what is missing where better-sqlite3 is not installed", async () => {
      const directory = tempDir();
      const alone = join(directory, "skep.mjs");
      copyFileSync(await skepBundle(), alone);
      const words = [...runtimeCommand(runtime)!, alone, "--home", "h", "init"];
      const { exitCode, stderr } = Bun.spawnSync(words, { cwd: directory, env: {} });
      expect(exitCode).toBe(7);
      expect(stderr.toString()).toMatch(/better-sqlite3 cannot be loaded\n.*npm install/);
    });
  });
}

describe("skep.mjs", () => {
  test.skipIf(runtimeCommand("node") === undefined)(
    "refuses a Node that its database engine would crash",
    async () => {
      const directory = tempDir();
      const older = join(directory, "older.mjs");
      writeFileSync(older, 'Object.defineProperty(process.versions, "node", { value: "20.9.0" });');
      const words = [...runtimeCommand("node")!, "--import", older, await skepBundle(), "init"];
      const { exitCode, stderr } = Bun.spawnSync(words, { cwd: directory, env: {} });
      expect([exitCode, stderr.toString()]).toEqual([
        7,
        "skep: Node 20.9.0 cannot run the database engine\n  Use Node 22 or newer, Deno 2, or the compiled skep.\n",
      ]);
    },
  );

  test("runs under Bun too, and by its own name", async () => {
    const directory = tempDir();
    mkdirSync(join(directory, "bin"));
    symlinkSync(process.execPath, join(directory, "bin", "node"));
    const { exitCode, stdout } = Bun.spawnSync(
      [await skepBundle(), "--home", "h", "send", "a", "b"],
      {
        cwd: directory,
        env: { PATH: `${join(directory, "bin")}:/usr/bin:/bin` },
      },
    );
    expect([exitCode, JSON.parse(stdout.toString()).id]).toEqual([0, 1]);
  });

  test.skipIf(runtimes.some((runtime) => runtimeCommand(runtime) === undefined))(
    "crowds of all three runtimes share a home: nothing is lost, and nothing comes twice",
    async () => {
      const home = newHome();
      const skeps = ["bun", ...runtimes].map((runtime) => skepOf(runtime, home));
      await skeps[0]!.run(["init"]);
      const batch = (from: number) =>
        Array.from(
          { length: 40 },
          (_, n) => `${JSON.stringify({ to: "a1", body: `${from}.${n}` })}\n`,
        );
      await Promise.all(
        skeps.flatMap(({ run }, s) =>
          [0, 1].map((n) => run(["send", "--batch"], batch(2 * s + n).join(""))),
        ),
      );
      const got = await Promise.all(
        skeps.flatMap(({ run }) =>
          [0, 1].map(async () => {
            const bodies: string[] = [];
            for (;;) {
              const { status, stdout } = await run(["recv", "a1", "--max", "25", "--ack"]);
              if (status !== 0) return bodies;
              bodies.push(...jsonLines<Line>(stdout).map(({ body }) => body!));
            }
          }),
        ),
      );
      expect(got.flat().length).toBe(240);
      expect(new Set(got.flat()).size).toBe(240);
    },
  );
});
