import { expect, test } from "bun:test";
import { join } from "node:path";
import { probe } from "../../src/hosts/probe.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { exists, readOrNothing } from "../agents/swarm-place.ts";

function host() {
  const spec = { name: "a", runner: "self", inbox: "a", cwd: tempDir(), inFlight: 1 } as const;
  return { spec, env: { PATH: process.env["PATH"]!, MINE: "1" } };
}

test("a command that succeeds says nothing, one that fails says why", async () => {
  expect(await probe(host(), ["sh", "-c", "test $MINE = 1"], 200_000)).toBeUndefined();
  expect(await probe(host(), ["sh", "-c", "echo not today; exit 3"], 200_000)).toBe(
    "sh exited with 3: not today",
  );
  expect(await probe(host(), ["no-such-program"], 200_000)).toContain("cannot be started");
});

test("one that takes too long is ended, with what it started", async () => {
  const one = host();
  const script = "sleep 1000 & echo $! > pid; sleep 1000";
  let pid = 0;
  // On a busy machine it takes a while until it has started anything.
  for (let timeoutMs = 250; pid === 0; timeoutMs *= 2) {
    const why = `sh took longer than ${timeoutMs} ms`;
    expect(await probe(one, ["sh", "-c", script], timeoutMs)).toBe(why);
    pid = Number(readOrNothing(join(one.spec.cwd, "pid")));
  }
  await waitUntil("it is gone", () => !exists(pid));
});
