// What starts a process under one runtime does what it does under the other.
import { describe, expect, test } from "bun:test";
import { spawnWithBun } from "../../src/agents/spawn-bun.ts";
import { spawnWithNode } from "../../src/agents/spawn-node.ts";
import type { Launch, Spawn } from "../../src/agents/spawned.ts";
import { processState } from "../../src/core/identity.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const PATH = process.env["PATH"]!;

for (const [runtime, spawn] of [
  ["Bun", spawnWithBun],
  ["Node", spawnWithNode],
] as const)
  describe(`with ${runtime}'s means`, () => {
    test("a program is in a group and a session of its own, and known for as long as it runs", async () => {
      const own = new Set<number>();
      const child = await start(spawn, ["cat"], {}, own);
      expect([...own]).toEqual([child.pid]);
      expect(processState(child.pid)).toMatchObject({ group: child.pid, parent: process.pid });
      child.end();
      expect(await child.exited).toEqual({ code: 0, signal: null });
      expect(own.size).toBe(0);
    });
    test("what many write at once comes in order, and what it answers is read to the end", async () => {
      const child = await start(spawn, ["cat"]);
      const lines = Array.from({ length: 500 }, (_, index) => `${index} ${"x".repeat(1_000)}\n`);
      await Promise.all(lines.map((line) => child.write(line)));
      child.end();
      await child.read;
      expect(child.out()).toBe(lines.join(""));
    });
    test("a program that reads nothing keeps its writer waiting, and its end is no error", async () => {
      const child = await start(spawn, ["sleep", "1000"]);
      let written = false;
      const writing = child.write("x".repeat(2_000_000)).then(() => (written = true));
      await Bun.sleep(20);
      expect(written).toBe(false);
      process.kill(child.pid, "SIGKILL");
      expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
      await writing;
      await child.write("more");
      child.end();
    });
    test("nothing is heard before whoever started it has it, and nothing that is unwanted", async () => {
      let known = false;
      let wanted = false;
      let heard = 0;
      const child = await start(spawn, ["head", "-c", "50000000", "/dev/zero"], {
        onStdout(chunk) {
          expect(known).toBe(true);
          heard += chunk.length;
          return wanted;
        },
      });
      known = true;
      await waitUntil("some is heard", () => heard > 0);
      await Bun.sleep(20);
      // What the runtime and the kernel hold may be more than a megabyte.
      expect(heard).toBeLessThan(25_000_000);
      wanted = true;
      child.resume();
      await child.read;
      expect(heard).toBe(50_000_000);
    });
    test("what cannot be started is the system's error", async () => {
      for (const [command, options, code] of [
        [["no-such-program"], {}, "ENOENT"],
        [["/etc/passwd"], {}, "EACCES"],
        [["true"], { cwd: "/no/such/directory" }, "ENOENT"],
        [["true", "x".repeat(3_000_000)], {}, "E2BIG"],
        [["sh"], { env: { PATH: "/no/such/directory" } }, "ENOENT"],
      ] as const) {
        const own = new Set<number>();
        const refused = await start(spawn, command, options, own).catch((error: unknown) => error);
        expect(refused).toMatchObject({ code });
        expect(own.size).toBe(0);
      }
    });
  });

/** The process of `command`, with what it has written so far. */
async function start(
  spawn: Spawn,
  command: readonly string[],
  options: Partial<Launch> = {},
  own = new Set<number>(),
) {
  let out = "";
  const onStdout = (chunk: Uint8Array) => void (out += Buffer.from(chunk).toString("latin1"));
  const launched = { command, cwd: "/", env: { PATH }, onStdout, onStderr() {}, ...options };
  return { ...(await spawn(launched, own)), out: () => out };
}
