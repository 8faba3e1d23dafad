// Kills three programs and two hosts of the workers with SIGKILL, at random moments of the work, and says whom. Those that
// hold something come first: what they held has to come back.
import { readFileSync } from "node:fs";
import { find, type Killed, leave, setting } from "./work.ts";

const run = setting("CENSUS_RUN");
const work = setting("CENSUS_WORK");
const ackedBefore = Number(setting("CENSUS_ACKED_BEFORE"));
const pollMs = 500;
const triesMax = 40;

const killed: Killed = [];
const targets = shuffled(["program", "program", "program", "host", "host"] as const);
// Moments are shares of the work done, so a fast machine does not finish before they come.
const moments = targets.map(() => 0.05 + 0.8 * Math.random()).sort((a, b) => a - b);

for (const [place, what] of targets.entries()) {
  while ((await shareDone()) < moments[place]!) await Bun.sleep(pollMs);
  await killOne(what);
}
leave(work, "killed", killed);

async function shareDone(): Promise<number> {
  const plan = find(work, "plan");
  if (plan === undefined) return 0;
  const inbox = (await skep("inboxes")).find((row) => row["inbox"] === "pieces");
  return (Number(inbox?.["acked"] ?? 0) - ackedBefore) / plan.pieces;
}

async function killOne(what: "program" | "host"): Promise<void> {
  for (let tries = 0; tries < triesMax; tries++) {
    const workers = (await skep("ps")).filter(
      (row) => row["inbox"] === "pieces" && !killed.some(({ agent }) => agent === row["name"]),
    );
    const { busy = [], others = [] } = Object.groupBy(workers, ({ state }) =>
      state === "busy" ? "busy" : "others",
    );
    for (const row of [...shuffled(busy), ...shuffled(others)]) {
      const agent = String(row["name"]);
      const pid = Number(row[`${what}_pid`] ?? 0);
      if (pid === 0 || !strike(pid, agent, what)) continue;
      killed.push({ agent, what, pid });
      console.error(`killed the ${what} of ${agent}, process ${pid}`);
      return;
    }
    await Bun.sleep(pollMs);
  }
  throw new Error(`found no ${what} to kill`);
}

// Between `ps` and the kill the process may end and its number go to a stranger. So the process has to show that it
// belongs to the agent, and to be the same one, by its start time, before and after showing it.
function strike(pid: number, agent: string, what: "program" | "host"): boolean {
  try {
    const startTime = startTimeOf(pid);
    if (!belongsTo(pid, agent, what) || startTimeOf(pid) !== startTime) return false;
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false; // It ended by itself.
  }
}

function belongsTo(pid: number, agent: string, what: "program" | "host"): boolean {
  const has = (file: string, word: string) =>
    readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0").includes(word);
  return what === "host"
    ? has("cmdline", "host") && has("cmdline", agent)
    : has("environ", `CENSUS_RUN=${run}`) && has("environ", `SKEP_AGENT=${agent}`);
}

function startTimeOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]!;
}

async function skep(command: string): Promise<Record<string, unknown>[]> {
  const output = await Bun.$`skep ${command} --json`.quiet().text();
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
