// The home of a little swarm that has worked, failed, started again and been refused something, and is down: nothing in
// it changes any more.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll } from "bun:test";
import { jsonLines } from "../end-to-end/json.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const program = join(import.meta.dir, "..", "..", "bin", "skep.ts");

export type Row = Record<string, string | number | null>;

const settings = `
[bus]
max_attempts = 2
backoff_min = "10ms"
backoff_max = "20ms"
[agents]
stop_grace = "200ms"
[metrics]
sample_every = "200ms"
[alerts]
evaluate_every = "50ms"
`;

/** Groups of a swarm file: two that answer, and one that never does. */
export const workers = `[agents.upper]
command = ["tr", "a-z", "A-Z"]
runner = "exec"
inbox = "words"
count = 2
[agents.failing]
command = ["false"]
runner = "exec"
inbox = "doomed"
`;

const swarm = `
name = "asked"
${workers}[agents.crasher]
command = ["false"]
runner = "self"
restart_max = 2
restart_period = "1h"
backoff_max = "1s"
`;

/** Makes it before the tests where this is called. What is returned runs programs beside it, and asks skep. */
export function askedSwarm() {
  const cwd = tempDir();
  type Child = Bun.Subprocess<"ignore", "pipe", "pipe">;
  const children: Child[] = [];

  function start(words: readonly string[]): Child {
    const { PATH = "", HOME = "" } = process.env;
    const pipes = { stdin: "ignore", stdout: "pipe", stderr: "pipe" } as const;
    const child = Bun.spawn([...words], { cwd, ...pipes, env: { PATH, HOME } });
    children.push(child);
    return child;
  }
  async function ended(child: Child) {
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { status: await child.exited, stdout, stderr };
  }
  const skep = (...words: string[]) => ended(start([process.execPath, program, ...words]));
  /** Has skep read these as lines of JSON: as many commands would take long to start on a busy machine. */
  const feed = (lines: readonly object[], ...words: string[]) => {
    const path = join(cwd, "lines");
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const script = 'exec "$@" < "$0"';
    return ended(start(["sh", "-c", script, path, process.execPath, program, ...words]));
  };
  const says = async <Line = Row>(...words: string[]): Promise<Line[]> =>
    jsonLines<Line>((await skep(...words, "--json")).stdout);

  beforeAll(async () => {
    await skep("init");
    writeFileSync(join(cwd, ".skep", "skep.toml"), settings);
    writeFileSync(join(cwd, "swarm.toml"), swarm);
    const up = start([process.execPath, program, "up", "swarm.toml"]);
    await waitUntil(
      "the swarm is up",
      async () => (await skep("ps")).stdout.match(/ready/g)?.length === 3,
      300_000,
    );
    await skep("subscribe", "news", "words");
    await skep("subscribe", "news", "notes");
    await skep("publish", "news", "all of you");
    for (const [sender, type] of [
      ["ada", "long"],
      ["ada", "short"],
      ["bob", "short"],
    ] as const) {
      const five = Array.from({ length: 5 }, () => ({ to: "words", body: "hello", type }));
      await feed(five, "--as", sender, "send", "--batch");
    }
    await skep("send", "words", "hello");
    await skep("send", "doomed", "poison");
    await skep("recv", "notes", "--ack");
    const points = Array.from({ length: 21 }, (_, n) => (n * 13) % 21);
    const lines = points.map((value) => ({ name: "build.time", value, unit: "ms" }));
    await feed(lines, "metrics", "emit", "--batch");
    await waitUntil(
      "all of it has happened",
      async () => {
        const [doomed] = await says("dead", "list");
        const inboxes = await says("inboxes");
        const alerts = (await says("alerts", "history")).map(({ rule }) => rule);
        // It may all be over before any host has beaten or was measured.
        const beats = await says("sql", "select agent from vitals.heartbeats");
        const heardOf = new Set(beats.map(({ agent }) => agent));
        return (
          ["upper-1", "upper-2", "failing"].every((name) => heardOf.has(name)) &&
          doomed !== undefined &&
          inboxes.find(({ inbox }) => inbox === "words")?.["acked"] === 17 &&
          alerts.includes("agent-failed") &&
          alerts.includes("dead-letters") &&
          (await says("export", "jsonl", "metrics")).some(
            ({ name, agent }) => name === "process.memory" && agent === "upper-1",
          )
        );
      },
      300_000,
    );
    await skep("down");
    await up.exited;
    // From now on nothing changes but by the test.
    for (const n of [1, 2, 3]) await skep("--as", "eve", "send", "letters", `${n}`, "--type", "x");
    await skep("--as", "bob", "recv", "letters", "--lease", "1h");
    await skep("limits", "set", "tiny", "--cap", "1");
    await skep("send", "tiny", "1");
    for (const n of [2, 3]) await skep("send", "tiny", `${n}`, "--on-full", "fail");
  }, 900_000);

  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map((child) => child.exited));
  });

  return { cwd, start, ended, skep, says };
}
