import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { findMarked } from "../../src/agents/survivors.ts";
import { exists, readOrNothing } from "../agents/swarm-place.ts";
import { lacks } from "../helpers/programs.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { sharedHosts } from "./shared-host.ts";
import { sleeps } from "./workshop.ts";

const sharedHost = sharedHosts();

// Says who it is, then acks what it is told.
const loop =
  'echo "I am ${SKEP_AGENT:-nobody}"; echo "so says $$" >&2; while read -r l; do r=${l#*receipt\\":\\"}; echo "{\\"ack\\":\\"${r%%\\"*}\\"}"; done';
const stream = { runner: "stream" as const, command: ["sh", "-c", loop] };

type Host = Awaited<ReturnType<typeof sharedHost>>;

/** The program that the agent was started with the `count`th time. */
async function program(host: Host, name: string, count = 1): Promise<number> {
  const report = await host.reported("started", name, count);
  return (report as { program: { pid: number } }).program.pid;
}

/** Ends the program `pid` of the agent, and waits until the agent has ended for the `count`th time. */
async function endProgram(host: Host, name: string, pid: number, count = 1): Promise<void> {
  process.kill(pid, "SIGKILL");
  await host.reported("ended", name, count);
}

/** The programs that wait besides `those`, once there are so many. */
const waiting = (host: Host, count: number, ...those: number[]): Promise<number[]> =>
  waitUntil(`${count} wait`, () => {
    const pids = findMarked({ run: host.mark }).map(({ pid }) => pid);
    const spares = pids.filter((pid) => !those.includes(pid));
    return spares.length === count && spares;
  });

test("an agent that starts again gets a program that runs already, and another one takes its place", async () => {
  const host = await sharedHost();
  host.start(["s-1", "s-2"], { ...stream, spare: 2 });
  const first = await program(host, "s-1");
  const other = await program(host, "s-2");
  const spares = await waiting(host, 2, first, other);
  await endProgram(host, "s-1", first);
  host.start(["s-1"], { ...stream, spare: 2 });
  const second = await program(host, "s-1", 2);
  expect(spares).toContain(second);
  expect(await waiting(host, 2, other, second)).toContain(spares.find((pid) => pid !== second)!);
  await host.becomes(await host.send("x", { to: "s-1" }), "acked");
});

test("it knows no name, and what it said before goes to the log of whoever gets it", async () => {
  const host = await sharedHost();
  host.start(["s-1"], { ...stream, spare: 1 });
  const first = await program(host, "s-1");
  const [spare] = await waiting(host, 1, first);
  const environment = () => readFileSync(`/proc/${spare}/environ`, "utf8").split("\0");
  await waitUntil("it has its own environment", () => environment().some(isOf("SKEP_SPARE")));
  expect(environment().some(isOf("SKEP_RUN"))).toBe(true);
  expect(
    environment().filter((entry) => isOf("SKEP_AGENT")(entry) || isOf("SKEP_TOKEN")(entry)),
  ).toEqual([]);
  await waitUntil("the first has spoken", () => host.log("s-1").includes(`so says ${first}`));
  await endProgram(host, "s-1", first);
  // However long that takes.
  const ready = { log: "I am nobody" };
  host.start(["s-1"], { ...stream, ready, readyTimeoutMs: 200_000 });
  await host.reported("ready", "s-1", 2);
  const said = ["I am s-1", `so says ${first}`, "I am nobody", `so says ${spare}`].toSorted();
  // What it says to people comes by another way than what it says to programs.
  const logged = () => host.log("s-1").trim().split("\n").toSorted();
  await waitUntil("all is logged", () => logged().length >= said.length);
  expect(logged()).toEqual(said);
});

test("one that has ended is handed to nobody, nor is one of another command", async () => {
  const host = await sharedHost();
  host.start(["s-1"], { ...stream, spare: 1 });
  const first = await program(host, "s-1");
  const [spare] = await waiting(host, 1, first);
  process.kill(spare!, "SIGKILL");
  // It loses its environment, and with it its mark, a moment before it has ended.
  await waitUntil("it has ended", () => !exists(spare!));
  host.start(["s-2"], { ...stream, spare: 1 });
  const second = await program(host, "s-2");
  const [next] = await waiting(host, 1, first, second);
  const changed = { ...stream, command: ["sh", "-c", `: changed; ${loop}`], spare: 1 };
  host.start(["s-3"], changed);
  const third = await program(host, "s-3");
  expect(new Set([spare, second, next, third]).size).toBe(4);
  await waitUntil("what waits is of the new command", async () => {
    const [last] = await waiting(host, 1, first, second, third);
    return readOrNothing(`/proc/${last}/cmdline`).includes(": changed");
  });
});

test.skipIf(lacks("setsid"))(
  "what one leaves behind is ended with the agent it was handed to, and those that wait with their host",
  async () => {
    const host = await sharedHost();
    const leaves = { ...stream, command: ["sh", "-c", `setsid sleep 1000 & ${loop}`], spare: 1 };
    // While one begins there are others for a moment, until each has become what it is.
    const runs = (count: number) =>
      waitUntil(`${count} run`, () => {
        const found = findMarked({ run: host.mark });
        return found.length === count && found.filter(sleeps).length === count / 2;
      });
    // Whoever was killed may take a while to be gone.
    const stay = (count: number) => waitUntil(`${count} stay`, () => host.programs() === count);
    host.start(["s-1"], leaves);
    const first = await program(host, "s-1");
    await runs(4);
    await endProgram(host, "s-1", first);
    await stay(2);
    host.start(["s-1"], leaves);
    const second = await program(host, "s-1", 2);
    await runs(4);
    await endProgram(host, "s-1", second, 2);
    await stay(2);
    await host.end();
    await stay(0);
  },
);

const isOf = (name: string) => (entry: string) => entry.startsWith(`${name}=`);
