import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { probe } from "../../src/hosts/probe.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { exists } from "../agents/swarm-place.ts";

function host() {
  const spec = { name: "a", runner: "self", inbox: "a", cwd: tempDir(), inFlight: 1 } as const;
  return { spec, env: { PATH: process.env["PATH"]!, MINE: "1" } };
}

test("a command that succeeds says nothing, one that fails says why", async () => {
  expect(await probe(host(), ["sh", "-c", "test $MINE = 1"], 5_000)).toBeUndefined();
  expect(await probe(host(), ["sh", "-c", "echo not today; exit 3"], 5_000)).toBe(
    "sh exited with 3: not today",
  );
  expect(await probe(host(), ["no-such-program"], 5_000)).toContain("cannot be started");
});

test("one that takes too long is ended, with what it started", async () => {
  const one = host();
  const script = "sleep 1000 & echo $! > pid; sleep 1000";
  expect(await probe(one, ["sh", "-c", script], 10_000)).toBe("sh took longer than 10000 ms");
  const pid = Number(readFileSync(join(one.spec.cwd, "pid"), "utf8"));
  await waitUntil("it is gone", () => !exists(pid));
});
