import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Place, idle, swarmPlaces } from "../../agents/swarm-place.ts";
import { waitUntil } from "../../helpers/wait-until.ts";

const newPlace = swarmPlaces();
const people: Bun.Subprocess[] = [];
afterEach(async () => {
  for (const one of people.splice(0)) {
    one.kill("SIGKILL");
    await one.exited;
    one.terminal?.close();
  }
});

/** An agent that answers each line it reads on its terminal. */
const echo = {
  command: ["sh", "-c", "echo ready; while read -r line; do echo got $line; done"],
  terminal: true,
};

/** Somebody at a terminal who runs `skep` with these words. */
function sitDown({ executable, home }: Place, words: string[]) {
  let seen = "";
  const child = Bun.spawn([executable, ...words, "--home", home], {
    env: { PATH: "/usr/bin:/bin", TERM: "xterm", NO_COLOR: "1" },
    terminal: {
      cols: 101,
      rows: 31,
      data: (_, bytes) => void (seen += Buffer.from(bytes).toString()),
    },
  });
  people.push(child);
  const terminal = child.terminal!;
  return {
    child,
    terminal,
    seen: () => seen,
    sees: (text: string) => waitUntil(`${JSON.stringify(text)} is seen`, () => seen.includes(text)),
    type: (text: string) => terminal.write(text),
    /** Whether keys come one by one, and Ctrl-C as a key. */
    isRaw: () => (terminal.localFlags & 0b11) === 0,
  };
}

describe("the terminal of an agent", () => {
  test("is seen and used, Ctrl-C too, until Ctrl-]; and the agent goes on", async () => {
    const place = await newPlace();
    const script =
      "trap 'echo interrupted' INT; echo ready; while :; do read -r line && echo got $line; done";
    const up = place.up({ a: { ...echo, command: ["sh", "-c", script] } });
    const { programPid } = await place.becomes("a", "ready");
    const one = sitDown(place, ["attach", "a"]);
    await one.sees("attached to a; Ctrl-] detaches, and it goes on\r\n");
    // A line end that the program did not write would spoil what it paints.
    await one.sees("ready\r\n");
    expect(one.isRaw()).toBe(true);
    expect(one.terminal.outputFlags & 1).toBe(0);
    one.type("this\r");
    await one.sees("got this");
    one.type("\u0003");
    await one.sees("interrupted");
    one.type("that\u001dnever");
    expect(await one.child.exited).toBe(0);
    await one.sees("detached from a\r\n");
    expect(one.isRaw()).toBe(false);
    expect(one.terminal.outputFlags & 1).toBe(1);
    const two = sitDown(place, ["attach", "a"]);
    await two.sees("got this");
    two.type("\r");
    await two.sees("got that\r\n");
    expect((await place.agent("a"))?.programPid).toBe(programPid);
    up.kill("SIGTERM");
    await up.ended;
    expect(await two.child.exited).toBe(0);
    await two.sees("a was ended by SIGHUP\r\n");
    expect(two.isRaw()).toBe(false);
    expect(readdirSync(join(place.home, "run"))).toEqual([]);
  });
  test("has the size of the window, also when that changes", async () => {
    const place = await newPlace();
    const up = place.up({
      a: { ...echo, command: ["sh", "-c", "while read -r x; do stty size; done"] },
    });
    await place.becomes("a", "ready");
    const one = sitDown(place, ["attach", "a"]);
    await one.sees("attached");
    const isNow = (size: string) =>
      waitUntil(`it is ${size}`, async () => {
        one.type("x\r");
        await Bun.sleep(50);
        return one.seen().includes(size);
      });
    await isNow("31 101");
    one.terminal.resize(77, 22);
    await isNow("22 77");
    up.kill("SIGTERM");
    await up.ended;
  });
  test("is given back as it was, however somebody leaves, and whatever the program did to it", async () => {
    const place = await newPlace();
    const paint = String.raw`printf '\033[?1049h\033[?25l\033[?2004hpainted'; exec sleep 1000`;
    const up = place.up({ a: { ...echo, command: ["sh", "-c", paint] } });
    await place.becomes("a", "ready");
    for (const [signal, status] of [
      ["SIGTERM", 143],
      ["SIGINT", 130],
      ["SIGHUP", 129],
    ] as const) {
      const one = sitDown(place, ["attach", "a"]);
      await one.sees("\u001b[?2004h");
      one.child.kill(signal);
      expect(await one.child.exited).toBe(status);
      for (const undone of ["\u001b[?1049l", "\u001b[?25h", "\u001b[?2004l", "\u001b[m"])
        await one.sees(undone);
      expect(one.isRaw()).toBe(false);
    }
    up.kill("SIGTERM");
    await up.ended;
  });
  test("comes back with the agent when it starts again; who was there is told", async () => {
    const place = await newPlace();
    const up = place.up({ a: { ...echo, restart: "always" } });
    await place.becomes("a", "ready");
    const one = sitDown(place, ["attach", "a"]);
    await one.sees("ready");
    one.type("\u0004");
    expect(await one.child.exited).toBe(0);
    await one.sees("a exited with 0\r\n");
    await waitUntil("it has started again", async () => {
      const now = await place.agent("a");
      return now?.restarts === 1 && now.state === "ready";
    });
    const two = sitDown(place, ["attach", "a"]);
    two.type("again\r");
    await two.sees("got again");
    up.kill("SIGTERM");
    await up.ended;
  });
  test("goes with its host when that is killed, and the agent with it", async () => {
    const place = await newPlace();
    const up = place.up({ a: echo });
    const { hostPid } = await place.becomes("a", "ready");
    const one = sitDown(place, ["attach", "a"]);
    await one.sees("ready");
    process.kill(hostPid!, "SIGKILL");
    expect(await one.child.exited).toBe(3);
    await one.sees("skep: the host of a is gone\r\n");
    expect(one.isRaw()).toBe(false);
    await place.becomes("a", "failed", "dead");
    await up.ended;
    await waitUntil("nobody is left", () => place.left().length === 0);
  });
});

describe("there is nothing to attach to", () => {
  test("without a terminal, a swarm, or such an agent: the error says what to do", async () => {
    const place = await newPlace();
    const shown = async (...words: string[]) => {
      const { status, stderr } = await place.skep(["attach", ...words]);
      return [status, stderr];
    };
    expect(await shown()).toEqual([
      3,
      "skep: no swarm runs here\n  skep up FILE starts one; skep logs shows what agents wrote before.\n",
    ]);
    const up = place.up({ plain: idle, a: echo, over: { command: ["true"] } });
    for (const name of ["a", "plain"]) await place.becomes(name, "ready");
    await place.becomes("over", "stopped");
    expect(await shown("plain")).toEqual([
      2,
      expect.stringMatching(/^skep: plain has no terminal to attach to\n.*terminal = true/),
    ]);
    expect(await shown("plainn")).toEqual([
      3,
      "skep: there is no agent plainn\n  Did you mean plain?\n",
    ]);
    expect(await shown("over")).toEqual([
      3,
      expect.stringMatching(/^skep: over does not run; it is stopped\n/),
    ]);
    // It has one, but nobody sits here.
    expect(await shown("a")).toEqual([
      2,
      "skep: skep attach a wants a terminal, and there is none\n  skep logs -f a shows what it writes.\n",
    ]);
    up.kill("SIGTERM");
    await up.ended;
  });
});

describe("the whole swarm", () => {
  test("is watched until Ctrl-C, and goes on", async () => {
    const place = await newPlace();
    const up = place.up({ a: { command: ["sh", "-c", "echo here; exec sleep 1000"] }, b: idle });
    await place.becomes("a", "ready");
    const one = sitDown(place, ["attach"]);
    await one.sees("attached to s; Ctrl-C detaches, and it goes on\r\n");
    await one.sees("a | here\r\n");
    one.type("\u0003");
    expect(await one.child.exited).toBe(130);
    expect((await place.agent("a"))?.state).toBe("ready");
    const two = sitDown(place, ["attach"]);
    await two.sees("a | here\r\n");
    expect((await place.skep(["down"])).status).toBe(0);
    expect(await two.child.exited).toBe(0);
    await two.sees("s has stopped\r\n");
    await up.ended;
  });
});
