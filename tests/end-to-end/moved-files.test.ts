// The files of the database go while a swarm runs and clients wait: all of them say so and end, nothing is written where
// nobody sees it, and what is put back is whole.
import { copyFileSync, existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { exists } from "../agents/swarm-place.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { failureIn, jsonLines } from "./json.ts";
import { type Running, places } from "./place.ts";

const place = places();

const swarm = `
name = "sleepers"
[agents.still]
command = ["sleep", "1000"]
count = 2
[agents.worker]
command = ["cat"]
runner = "exec"
`;

interface Agent {
  state: string;
  host_pid: number | null;
  program_pid: number | null;
}

/** A swarm that is up, and clients beside it that wait. */
async function running() {
  const here = place();
  writeFileSync(join(here.cwd, "swarm.toml"), swarm);
  const up = here.start(["up", "swarm.toml", "--json"]);
  let agents: Agent[] = [];
  await waitUntil("all agents are ready", async () => {
    agents = existsSync(here.home) ? jsonLines((await here.skep(["ps", "--json"])).stdout) : [];
    return agents.length === 3 && agents.every(({ state }) => state === "ready");
  });
  const { status, stdout } = await here.skep(["send", "worker", "kept", "--timeout", "3m"]);
  expect([status, stdout]).toEqual([0, expect.stringContaining('"id":1')]);
  const waiting = here.start(["recv", "still-1", "--wait", "1h", "--json"]);
  await waitUntil("it waits", async () => {
    const { stdout: count } = await here.skep([
      "sql",
      "select count(*) as n from waiting",
      "--json",
    ]);
    return Number(jsonLines<{ n: number }>(count)[0]?.n) >= 2;
  });
  const lines = here.start(["send", "--batch", "--timeout", "3m", "--json"], {
    stdin: "open",
  });
  await lines.write('{"to":"worker","body":"also kept"}\n');
  await waitUntil("the line is sent", () => lines.said() !== "");
  return { ...here, up, waiting, lines, agents };
}

function displace(home: string, name: string, how: "deleted" | "renamed" | "replaced"): void {
  const path = join(home, name);
  if (how === "deleted") rmSync(path);
  if (how === "renamed") renameSync(path, `${path}.away`);
  if (how === "replaced") {
    writeFileSync(`${path}.new`, "");
    renameSync(`${path}.new`, path);
  }
}

async function saysSo(name: string, running: Running): Promise<void> {
  const { status, stderr } = await running.ended;
  const last = stderr.trimEnd().split("\n").at(-1)!;
  const { code, message } = failureIn(`${last}\n`);
  expect([status, code, message]).toEqual([
    7,
    "E_CORRUPT",
    expect.stringMatching(new RegExp(`${name} was .* while it was in use$`)),
  ]);
}

function leftOf({ agents }: { agents: Agent[] }): number[] {
  const pids = agents.flatMap(({ host_pid, program_pid }) => [host_pid, program_pid]);
  return pids.filter((pid): pid is number => pid !== null && exists(pid));
}

test.each([
  ["bus.db", "deleted"],
  ["bus.db", "renamed"],
  ["bus.db", "replaced"],
  ["bus.db-wal", "deleted"],
  ["bus.db-shm", "replaced"],
] as const)("a %s that is %s takes the swarm down and ends who waits", async (name, how) => {
  const here = await running();
  displace(here.home, name, how);
  await saysSo(name, here.up);
  await saysSo(name, here.waiting);
  await here.lines.write('{"to":"worker","body":"lost"}\n');
  await saysSo(name, here.lines);
  await waitUntil("nothing is left of it", () => leftOf(here).length === 0);
  expect((await here.skep(["down"])).status).toBe(name === "bus.db" ? 7 : 0);
});

test("its supervisor leaves nobody behind, also when a host ends in that moment and nobody would clean up", async () => {
  const here = await running();
  // Its guardian would end them as well.
  here.up.kill("SIGSTOP");
  displace(here.home, "bus.db", "deleted");
  process.kill(here.agents.find(({ program_pid }) => program_pid !== null)!.host_pid!, "SIGKILL");
  await waitUntil("nothing is left of it", () => leftOf(here).length === 0);
  here.up.kill("SIGCONT");
  await saysSo("bus.db", here.up);
  await saysSo("bus.db", here.waiting);
});

test("what was renamed is put back, and is as it was", async () => {
  const here = await running();
  for (const end of ["", "-wal", "-shm"]) displace(here.home, `bus.db${end}`, "renamed");
  await saysSo("bus.db", here.up);
  await saysSo("bus.db", here.waiting);
  here.lines.close();
  await here.lines.ended;
  await waitUntil("nothing is left of it", () => leftOf(here).length === 0);
  const refused = await here.skep(["send", "worker", "x", "--json"]);
  expect([refused.status, failureIn(refused.stderr).code]).toEqual([7, "E_LOSS"]);
  expect(existsSync(join(here.home, "bus.db"))).toBe(false);
  for (const end of ["", "-wal"]) {
    const path = join(here.home, `bus.db${end}`);
    copyFileSync(`${path}.away`, path);
  }
  const down = await here.skep(["down", "--json"]);
  expect([down.status, JSON.parse(down.stdout)]).toMatchObject([
    0,
    { conservation: { holds: true } },
  ]);
  const { stdout } = await here.skep(["sql", "select count(*) as n from messages", "--json"]);
  expect(jsonLines<{ n: number }>(stdout)).toEqual([{ n: 2 }]);
});
