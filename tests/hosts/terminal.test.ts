import { connect } from "node:net";
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { attachLine, attachPath, decoded, encoded, shownOn } from "../../src/agents/attach-line.ts";
import { findMarked } from "../../src/agents/survivors.ts";
import { sleepAwake } from "../../src/core/clock.ts";
import { bytesOf } from "../../src/core/text.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { exists } from "../agents/swarm-place.ts";
import { type Workshop, fixtures, sleeps, workshops } from "./workshop.ts";

const workshop = workshops();
const usual = { runner: "self", terminal: true } as const;

/** The host of a shell script on a terminal. */
function onTerminal(shop: Workshop, script: string, env: Record<string, string> = {}) {
  return shop.host({ ...usual, command: ["sh", "-c", script] }, env);
}

/** Somebody at the terminal of `a`, once there is one. */
async function viewerOf(shop: Workshop) {
  await shop.program();
  const socket = connect(attachPath(shop.bus.home, "a"));
  let seen = "";
  let ended: string | undefined;
  let rest = "";
  socket.on("data", (chunk) => {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const shown = shownOn(line)!;
      if ("output" in shown) seen += Buffer.from(decoded(shown.output)).toString();
      else ended = shown.ended;
    }
  });
  return {
    seen: () => seen,
    sees: (text: string) => waitUntil(`it sees ${JSON.stringify(text)}`, () => seen.includes(text)),
    ends: () => waitUntil("it is told of the end", () => ended),
    type: (text: string) => socket.write(attachLine({ keys: encoded(bytesOf(text)) })),
    leave: () => socket.destroy(),
  };
}

describe("while it works", () => {
  test("it has a terminal of a known kind, whose output is its log", async () => {
    const shop = await workshop();
    const host = await onTerminal(shop, "test -t 0 && test -t 1 && test -t 2 && echo on $TERM");
    expect(await host.ended).toEqual({ state: "stopped", reason: null });
    expect(shop.log()).toBe("on xterm-256color\r\n");
    const other = await workshop();
    await (
      await onTerminal(other, "echo $TERM", { TERM: "vt100" })
    ).ended;
    expect(other.log()).toBe("vt100\r\n");
  });
  test("somebody can attach, sees what was said, types, leaves, and it goes on", async () => {
    const shop = await workshop();
    const host = await onTerminal(shop, "echo early; while read -r x; do echo got $x; done");
    await waitUntil("it has begun", () => shop.log().includes("early"));
    const one = await viewerOf(shop);
    await one.sees("early\r\n");
    one.type("this\n");
    await one.sees("got this");
    one.leave();
    const two = await viewerOf(shop);
    await two.sees("early");
    two.type("that\n");
    await two.sees("got that");
    two.type("\u0004");
    expect(await two.ends()).toBe("exited with 0");
    expect(await host.ended).toEqual({ state: "stopped", reason: null });
    expect(shop.log()).toContain("got this");
    expect(shop.log()).toContain("got that");
  });
  test("of what was said before, nothing drives the terminal of who comes later but the modes", async () => {
    const shop = await workshop();
    const evil = String.raw`\033[6n\033]52;c;eA==\007\033[31mred\033[0m\033[?2004h`;
    await onTerminal(shop, `printf '${evil}'; exec sleep 1000`);
    await waitUntil("it has printed", () => shop.log().includes("2004h"));
    const one = await viewerOf(shop);
    await one.sees("red");
    expect(one.seen()).toBe("\u001b[?2004hred");
    one.leave();
  });
  test("one with a screen of its own paints it anew, in the size of who comes", async () => {
    const shop = await workshop();
    const script = "trap 'stty size' WINCH; printf '\\033[?1049hold'; while :; do sleep 0.05; done";
    await onTerminal(shop, script);
    await waitUntil("it has painted", () => shop.log().includes("old"));
    const one = await viewerOf(shop);
    await one.sees("\u001b[?1049h");
    expect(one.seen()).not.toContain("old");
    one.leave();
  });
  test("without a place for the socket it works all the same, and the log says so", async () => {
    const shop = await workshop();
    writeFileSync(join(shop.bus.home, "run"), "in the way");
    const host = await onTerminal(shop, "echo at work");
    expect(await host.ended).toEqual({ state: "stopped", reason: null });
    expect(shop.log()).toMatch(/skep: nobody can attach to it: .*EEXIST/);
    expect(shop.log()).toContain("at work");
  });
});

describe("when it ends", () => {
  test("its exit counts as that of any other program", async () => {
    for (const [script, state, reason] of [
      ["exit 3", "failed", "sh exited with 3"],
      ["kill -KILL $$", "failed", "sh was ended by SIGKILL"],
    ] as const) {
      const shop = await workshop();
      const host = await onTerminal(shop, script);
      expect(await host.ended).toEqual({ state, reason });
      expect(await shop.agent()).toMatchObject({ state, programPid: null });
    }
  });
  test("what it leaves behind at its terminal is ended first, and does not put off its end", async () => {
    const shop = await workshop();
    const script = "trap '' HUP; sleep 1000 & read x; exit 3";
    const host = await onTerminal(shop, script, { SKEP_AGENT: "a" });
    const one = await viewerOf(shop);
    const left = await waitUntil("it has begun", () => findMarked({ run: shop.mark }).find(sleeps));
    one.type("\n");
    await waitUntil("it is gone", () => !exists(left.pid));
    // Whoever waits for more output does so for half a second, on a busy machine for as many turns as take so long here.
    const late = sleepAwake(400).then(() => "late");
    expect(await Promise.race([one.ends(), late])).toBe("exited with 3");
    const reason = "sh exited with 3; 1 process that it left behind killed";
    expect(await host.ended).toEqual({ state: "failed", reason });
    // As soon as its program had ended, and not when its output was read: there was nothing left to kill then.
    expect(host.strays).toEqual([1, 0]);
  });
  test("missing from the start: the agent has failed", async () => {
    const shop = await workshop();
    const host = await shop.host({ ...usual, command: ["no-such-program"] });
    expect(await host.ended).toMatchObject({ state: "failed", unstarted: true });
  });
});

describe("when the agent is to stop", () => {
  test("a shell, which heeds no SIGTERM, hears that its terminal is gone", async () => {
    const shop = await workshop({ stopGraceMs: 60_000 });
    const host = await shop.host({ ...usual, command: ["bash", "--norc", "-i"] });
    const one = await viewerOf(shop);
    one.type("echo $((6*7))\n");
    await one.sees("42");
    expect(await host.stop()).toEqual({ state: "stopped", reason: null });
    expect(await one.ends()).toBe("was ended by SIGHUP");
  });
  test("nothing of what it started in other groups stays", async () => {
    const shop = await workshop();
    const command = ["bash", "--norc", "-i"];
    const host = await shop.host({ ...usual, command }, { SKEP_AGENT: "a" });
    const one = await viewerOf(shop);
    one.type("nohup sleep 1000 & echo pid=$!=\n");
    await one.sees("pid=");
    const pid = await waitUntil("it says which", () => {
      const found = /pid=(\d+)=/.exec(one.seen())?.[1];
      return found === undefined ? undefined : Number(found);
    });
    await waitUntil("it has begun", () => sleeps({ pid }));
    await host.stop();
    await waitUntil("it is gone", () => !exists(pid));
  });
  test("one that heeds nothing is killed when its time is over", async () => {
    const shop = await workshop({ stopGraceMs: 50 });
    const command = ["sh", join(fixtures, "deaf.sh")];
    const host = await shop.host({ ...usual, command });
    await waitUntil("it is deaf", () => shop.log() === "deaf\r\n");
    expect(await host.stop()).toEqual({ state: "stopped", reason: null });
  });
});
