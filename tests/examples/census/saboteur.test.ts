import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { find, leave } from "../../../examples/census/work.ts";
import { bun, run, stage } from "./programs.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const started: Bun.Subprocess[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
});

// The kernel's files about processes are the only proof that the saboteur takes.
test.skipIf(process.platform !== "linux")(
  "three programs and two hosts of this census die, and nobody else",
  async () => {
    const set = stage();
    const work = set.env["CENSUS_WORK"]!;
    leave(work, "plan", { home: "", files: [], skipped: [], pieces: 10 });
    const agents = Array.from({ length: 8 }, (_, place) => {
      const name = `stream-${place + 1}`;
      // The first two belong to others: their numbers were reused.
      const stranger = place < 2;
      const run = stranger ? "another" : set.run;
      const program = start(["sh", "-c", "read -r line"], { CENSUS_RUN: run, SKEP_AGENT: name });
      const host = start(["sh", "-c", "read -r line", "skep", "host", stranger ? "other" : name]);
      return { name, stranger, program, host };
    });
    const collector = start(["sh", "-c", "read -r line"], {
      CENSUS_RUN: set.run,
      SKEP_AGENT: "collector",
    });
    const row = (name: string, inbox: string, host: Bun.Subprocess, program: Bun.Subprocess) =>
      `${JSON.stringify({ name, inbox, host_pid: host.pid, program_pid: program.pid })}\n`;
    const rows = agents.map(({ name, host, program }) => row(name, "pieces", host, program));
    // So many rows that one of them would be drawn if it could be.
    for (let rowNumber = 0; rowNumber < 50; rowNumber++)
      rows.push(row("collector", "collector", collector, collector));
    rows.push('{"name":"idle","inbox":"pieces","host_pid":null,"program_pid":null}\n');
    writeFileSync(join(set.fake, "ps"), rows.join(""));
    writeFileSync(join(set.fake, "inboxes"), '{"inbox":"pieces","acked":10}\n');

    await run(set, bun("saboteur.ts"));

    const killed = find(work, "killed")!;
    expect(killed.map(({ what }) => what).sort()).toEqual([
      "host",
      "host",
      "program",
      "program",
      "program",
    ]);
    expect(new Set(killed.map(({ agent }) => agent)).size).toBe(5);
    const pids = new Set(killed.map(({ pid }) => pid));
    for (const child of started)
      if (pids.has(child.pid)) expect(await child.exited).not.toBe(0);
      else expect(child.killed || child.exitCode !== null || child.signalCode !== null).toBe(false);
    for (const { stranger, host, program } of agents)
      if (stranger) expect(pids.has(host.pid) || pids.has(program.pid)).toBe(false);
    expect(pids.has(collector.pid)).toBe(false);
  },
);

function start(command: string[], env: Record<string, string> = {}): Bun.Subprocess {
  const child = Bun.spawn(command, { env: { ...process.env, ...env }, stdin: "pipe" });
  started.push(child);
  return child;
}
