import { expect, test } from "bun:test";
import { type Charge, newCharge } from "../../src/agents/charge.ts";
import { type Gone, openHosting } from "../../src/agents/hosting.ts";
import { tempDir } from "../helpers/temp-dir.ts";

function hosting(script: string) {
  const gone: Gone[] = [];
  const parts = { home: tempDir(), skep: ["sh", "-c", script], common: {} };
  const open = openHosting({
    ...parts,
    onReport() {},
    onSaid() {},
    onGone: async (one) => void gone.push(one),
  });
  return { ...open, gone };
}

function charge(name: string, slot: number, pool?: number): Charge {
  const of = { name, group: "g", inbox: name, role: "worker", team: null, limits: {}, cwd: "/" };
  const how = { runner: "self", hostEnv: { PATH: process.env["PATH"]! }, assignment: () => null };
  return newCharge({ ...of, ...how, role: "worker", signature: "", pool }, slot, "token");
}

test("agents of a pool share its hosts, others have one each, and keep it", async () => {
  const { hostFor, hosts, ended } = hosting("cat");
  const pooled = await Promise.all([1, 2, 3].map((slot) => hostFor(charge("p", slot, 2))));
  expect(pooled[0]).toBe(pooled[2]!);
  expect(pooled[0]).not.toBe(pooled[1]!);
  const own = await hostFor(charge("a", 4));
  expect(await hostFor(charge("a", 4))).toBe(own);
  expect(hosts()).toHaveLength(3);
  for (const host of hosts()) host.end();
  await ended();
  expect(hosts()).toEqual([]);
});

test("nobody is handed to a host that was told to end, or has ended", async () => {
  const { hostFor, ended } = hosting("cat; sleep 0.1");
  const first = await hostFor(charge("a", 1));
  first.end();
  const second = await hostFor(charge("a", 1));
  expect(second.pid).not.toBe(first.pid);
  // The end of the first one does not take the second one's place away.
  await first.exited;
  expect(await hostFor(charge("a", 1))).toBe(second);
  process.kill(second.pid, "SIGKILL");
  await second.exited;
  const third = await hostFor(charge("a", 1));
  expect(third.pid).not.toBe(second.pid);
  third.end();
  await ended();
});

test("what a host said last is on one line, and of a report of its runtime what happened", async () => {
  const said = hosting("echo not >&2; echo today >&2; exit 3");
  await said.hostFor(charge("a", 1));
  await said.ended();
  expect(said.gone[0]).toMatchObject({ exit: { code: 3 }, lastWords: "not; today" });
  const crash = hosting(
    "echo 'RSS: 50 MB\n\npanic(main thread): abort()\noh no: it has crashed' >&2",
  );
  await crash.hostFor(charge("a", 1));
  await crash.ended();
  expect(crash.gone[0]).toMatchObject({ lastWords: "panic(main thread): abort()" });
});
