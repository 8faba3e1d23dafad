import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { awaitReady, listenFor } from "../../src/hosts/readiness.ts";
import type { Ready } from "../../src/hosts/runner.ts";
import { tempDir } from "../helpers/temp-dir.ts";

const never = new AbortController().signal;

function agent(ready: Ready, readyTimeoutMs = 200_000) {
  const cwd = tempDir();
  const spec = {
    name: "a",
    runner: "self",
    inbox: "a",
    cwd,
    inFlight: 1,
    ready,
    readyTimeoutMs,
  } as const;
  return { cwd, host: { spec, env: { PATH: process.env["PATH"]! } } };
}

describe("a line with that text", () => {
  const heardAfter = async (...pieces: string[]) => {
    const listener = listenFor("model loaded");
    for (const piece of pieces) listener.hear(piece);
    return await Promise.race([listener.heard.then(() => true), Bun.sleep(0).then(() => false)]);
  };
  test("is heard as it comes, whole or in pieces, and not across lines", async () => {
    expect(await heardAfter("x\nthe model loaded in 3 s\n")).toBe(true);
    expect(await heardAfter("mod", "el lo", "aded")).toBe(true);
    expect(await heardAfter("x".repeat(1_000_000), "model load", "ed")).toBe(true);
    expect(await heardAfter("model \n", "loaded\n")).toBe(false);
    expect(await heardAfter("model\nloaded")).toBe(false);
  });
  test("makes an agent ready; without it, it is not, in time", async () => {
    const { host } = agent({ log: "up" }, 50);
    const listener = listenFor("up");
    listener.hear("up\n");
    expect(await awaitReady(host, listener, never)).toBeUndefined();
    expect(await awaitReady(host, listenFor("up"), never)).toBe("not ready after 50ms");
  });
});

test("a command makes an agent ready when it succeeds, seen from the agent's directory", async () => {
  const { host, cwd } = agent({ command: ["test", "-e", "ready"] });
  const ready = awaitReady(host, undefined, never);
  await Bun.write(join(cwd, "ready"), "");
  expect(await ready).toBeUndefined();
  const { host: other } = agent({ command: ["no-such-program"] }, 300);
  expect(await awaitReady(other, undefined, never)).toBe("not ready after 300ms");
});

test("nothing is said of an agent that is over", async () => {
  const over = new AbortController();
  const ready = awaitReady(agent({ log: "up" }, 50).host, listenFor("up"), over.signal);
  over.abort();
  expect(await ready).toBeUndefined();
});
