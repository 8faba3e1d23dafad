// docs/inspect.md by the letter: its commands are run with the machine's own sqlite3 on the home of a little swarm that
// works meanwhile; and somebody who holds the write lock for longer than anybody waits does no harm.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { lacks } from "../helpers/programs.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { workers } from "./asked-swarm.ts";
import { waitUntil } from "../helpers/wait-until.ts";

setDefaultTimeout(240_000);

const root = join(import.meta.dir, "..", "..");
const page = readFileSync(join(root, "docs", "inspect.md"), "utf8");
const commands = [...page.matchAll(/^```sh\n(.*)\n```$/gm)].map(([, line]) => line!);

/** What each command shows of this swarm, in the order of the page. */
const answers = [
  /^words +\d+ /m,
  /^upper-1 +(ready|busy) /m,
  /^\d+ +\d+ +(words|doomed|held) +(ready|leased|acked|dead) /m,
  /^somebody +\d+ +held +1 +\d{4}-/m,
  /^\d+ +\d+ +words +upper-\d +1 +\d+ +\d+ +\d+ +\d{4}-/m,
  /^(words|doomed) +mail +\d+ +(waiting|awake) /m,
  /^\d+ +doomed +1 +gave up after 1 attempt.* +poison$/m,
  /^upper-\d +\d+ +\d+\.0 *$/m,
  /^nacked +\S.* +2 *$/m,
  /^0 *$/m,
];

const swarm = `
name = "inspected"
${workers}`;

describe.skipIf(lacks("sqlite3"))("with sqlite3 (wants sqlite3)", () => {
  const cwd = tempDir();
  const children: ReturnType<typeof start>[] = [];
  let up: ReturnType<typeof start>;
  let feed: ReturnType<typeof keepSending>;

  function start(words: readonly string[]) {
    const { PATH = "", HOME = "" } = process.env;
    const child = Bun.spawn([...words], {
      cwd,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      env: {
        PATH,
        HOME,
        SKEP_BUS_MAX_ATTEMPTS: "1",
        // Whoever sends faster than the agents work waits for them.
        SKEP_BUS_INBOX_CAP: "20",
        // While a stranger holds the lock nobody can renew one.
        SKEP_BUS_LEASE: "1h",
      },
    });
    return child;
  }
  const startSkep = (...words: string[]) => {
    const child = start([process.execPath, join(root, "bin", "skep.ts"), ...words]);
    children.push(child);
    return child;
  };
  async function ended(child: ReturnType<typeof start>) {
    await child.stdin.end();
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { status: await child.exited, stdout, stderr };
  }
  const skep = (...words: string[]) => ended(startSkep(...words));
  const ask = async (sql: string) =>
    (await ended(start(["sqlite3", "-readonly", ".skep/bus.db", sql]))).stdout.trim();
  const acked = async () => Number(await ask("select acked from ledger where inbox = 'words'"));

  /** Sends one message after the other until it is told to stop: how many went. */
  function keepSending() {
    const child = startSkep("send", "--batch", "--quiet", "--timeout", "1h");
    let sent = 0;
    const counting = (async () => {
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream()))
        sent += text.split("\n").length - 1;
    })();
    let stopped = false;
    const writing = (async () => {
      for (let written = 0; !stopped; await Bun.sleep(5)) {
        // What has no room yet would lie in the pipe.
        if (written - sent >= 20) continue;
        await child.stdin.write('{"to":"words","body":"hello"}\n');
        await child.stdin.flush();
        written++;
      }
      await child.stdin.end();
    })();
    return async () => {
      stopped = true;
      await writing;
      expect([await child.exited, await child.stderr.text()]).toEqual([0, ""]);
      await counting;
      return sent;
    };
  }

  beforeAll(async () => {
    await skep("init");
    writeFileSync(join(cwd, "swarm.toml"), swarm);
    await skep("send", "held", "later");
    await skep("recv", "held", "--as", "somebody", "--lease", "1h");
    up = startSkep("up", "swarm.toml");
    await waitUntil(
      "the swarm is up",
      async () => (await skep("ps")).stdout.match(/ready/g)?.length === 3,
    );
    for (let n = 0; n < 2; n++) await skep("send", "doomed", "poison");
    feed = keepSending();
    await waitUntil("it works", async () => (await acked()) > 3);
    await waitUntil("two are dead", async () => (await ask("select count(*) from dead")) === "2");
  }, 600_000);

  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map((child) => child.exited));
  });

  test("there are ten commands, each with a question before it", () => {
    expect(commands).toHaveLength(answers.length);
    expect(page.match(/^\S.*\?.*\n\n```sh\n/gm)).toHaveLength(10);
    for (const line of commands) expect(line).toStartWith("sqlite3 -readonly ");
  });

  for (const [n, line] of commands.entries())
    test(line, async () => {
      // What somebody waits for, or holds, comes and goes.
      await waitUntil("it is answered", async () => {
        const { status, stdout, stderr } = await ended(start(["sh", "-c", line]));
        expect([status, stderr]).toEqual([0, ""]);
        return answers[n]!.test(stdout);
      });
    });

  test("every view that there is is on the page, and answers", async () => {
    const views = (await ask("select name from sqlite_schema where type = 'view'")).split("\n");
    const shown = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!);
    expect(shown.toSorted()).toEqual(views.toSorted());
    for (const view of views)
      expect(
        (
          await ended(
            start(["sqlite3", "-readonly", ".skep/bus.db", `select count(*) from ${view}`]),
          )
        ).stderr,
      ).toBe("");
  });

  test("skep sql gives the same answers", async () => {
    for (const line of commands) {
      const sql = /(['"])(.*)\1$/.exec(line)![2]!;
      const { status, stdout } = await skep("sql", sql);
      expect([sql, status]).toEqual([sql, 0]);
      expect(stdout).not.toBe("");
    }
  });

  test("a stranger who holds the lock is named, and harms nothing", async () => {
    const stranger = start(["sqlite3", ".skep/bus.db"]);
    children.push(stranger);
    const said = stranger.stdout.getReader();
    await stranger.stdin.write("pragma busy_timeout = 200000; begin immediate; select 'held';\n");
    await stranger.stdin.flush();
    for (let text = ""; !text.includes("held");)
      text += new TextDecoder().decode((await said.read()).value);
    const held = await acked();

    const writer = { pid: stranger.pid, command: "sqlite3 .skep/bus.db", stopped: false };
    expect(JSON.parse((await skep("status", "--json")).stdout)).toMatchObject({ writer });
    expect((await skep("status")).stdout).toContain(
      `all writes wait for process ${stranger.pid} (sqlite3 .skep/bus.db)\n`,
    );
    const patient = startSkep("request", "words", "patience", "--timeout", "1h");
    const { status, stderr } = await skep(
      "request",
      "words",
      "none",
      "--timeout",
      "300ms",
      "--json",
    );
    expect(status).toBe(4);
    expect(JSON.parse(stderr).error).toMatchObject({
      code: "E_BUSY",
      message: expect.stringContaining(`locked by process ${stranger.pid} (sqlite3 `),
    });
    // Longer than a send waits for the lock. Nothing can be awaited here but the time.
    await Bun.sleep(6_000);
    expect(await acked()).toBe(held);

    await stranger.stdin.write("rollback;\n");
    await stranger.stdin.end();
    await stranger.exited;
    expect(JSON.parse((await ended(patient)).stdout)).toMatchObject({ body: "PATIENCE" });
    expect(JSON.parse((await skep("status", "--json")).stdout).writer).toBeNull();
    expect((await skep("ps")).stdout).not.toMatch(/dead|failed/);
  });

  test("and when all is done, everything that was sent is accounted for", async () => {
    const sent = await feed();
    await waitUntil(
      "all is done",
      async () => (await ask("select ready + leased from ledger where inbox = 'words'")) === "0",
      100_000,
    );
    // And the answer to patience.
    expect(await acked()).toBe(sent + 1);
    up.kill("SIGTERM");
    expect((await ended(up)).stdout).toContain("it adds up");
    expect(await ask("pragma integrity_check")).toBe("ok");
  }, 480_000);
});
