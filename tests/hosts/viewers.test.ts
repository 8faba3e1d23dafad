import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { type Socket, connect } from "node:net";
import { join } from "node:path";
import { attachLine, decoded, encoded, shownOn } from "../../src/agents/attach-line.ts";
import { bytesOf } from "../../src/core/text.ts";
import { type Viewers, openViewers } from "../../src/hosts/viewers.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const opened: Viewers[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const viewers of opened.splice(0)) viewers.close("over");
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A terminal that notes what is done to it, and people who look at it. */
async function theatre() {
  const path = join(tempDir(), "run", "a.sock");
  const typed: string[] = [];
  const sizes: string[] = [];
  let takes = Promise.resolve();
  const viewers = await openViewers(path, {
    terminal: {
      write(bytes) {
        typed.push(Buffer.from(bytes).toString());
        return takes;
      },
      resize: ({ columns, rows }) => void sizes.push(`${columns}x${rows}`),
    },
    catchUp: () => bytesOf("so far;"),
  });
  opened.push(viewers);
  return {
    path,
    viewers,
    typed,
    sizes,
    /** Has the terminal take nothing more until what is answered is called. */
    block() {
      const { promise, resolve } = Promise.withResolvers<void>();
      takes = promise;
      return resolve;
    },
    async viewer() {
      const socket = connect(path);
      sockets.push(socket);
      socket.on("error", () => {});
      let seen = "";
      let ended: string | undefined;
      let rest = "";
      let gone = false;
      socket.on("close", () => (gone = true));
      socket.on("data", (chunk) => {
        const lines = (rest + String(chunk)).split("\n");
        rest = lines.pop()!;
        for (const line of lines) {
          const shown = shownOn(line)!;
          if ("output" in shown) seen += Buffer.from(decoded(shown.output)).toString();
          else ended = shown.ended;
        }
      });
      await waitUntil("it has caught up", () => seen.startsWith("so far;"));
      return {
        socket,
        seen: () => seen.slice("so far;".length),
        ended: () => ended,
        gone: () => gone,
        type: (text: string) => socket.write(attachLine({ keys: encoded(bytesOf(text)) })),
        resize: (columns: number, rows: number) =>
          socket.write(attachLine({ size: { columns, rows } })),
      };
    },
  };
}

describe("several who are attached", () => {
  test("all see the same from when they came, and all can type", async () => {
    const { viewer, viewers, typed } = await theatre();
    viewers.show(bytesOf("before;"));
    const one = await viewer();
    viewers.show(bytesOf("alone;"));
    const two = await viewer();
    viewers.show(bytesOf("both;"));
    await waitUntil("both see it", () => one.seen() === "alone;both;" && two.seen() === "both;");
    one.type("x");
    await waitUntil("x came", () => typed.length === 1);
    two.type("y");
    await waitUntil("y came", () => typed.length === 2);
    expect(typed).toEqual(["x", "y"]);
  });
  test("one that leaves disturbs nobody", async () => {
    const { viewer, viewers } = await theatre();
    const [one, two] = [await viewer(), await viewer()];
    one.socket.destroy();
    viewers.show(bytesOf("still;"));
    await waitUntil("the other one sees it", () => two.seen() === "still;");
  });
  test("the terminal is as large as everybody can see, and painted anew for who comes", async () => {
    const { viewer, sizes } = await theatre();
    const is = (...wanted: string[]) =>
      waitUntil(`sizes are ${wanted}`, () => sizes.join() === wanted.join());
    const one = await viewer();
    one.resize(80, 24);
    // The size that it had: for a moment it is another one.
    await is("80x23", "80x24");
    one.resize(100, 40);
    await is("80x23", "80x24", "100x40");
    const two = await viewer();
    two.resize(90, 50);
    await is("80x23", "80x24", "100x40", "90x40");
    two.socket.destroy();
    await is("80x23", "80x24", "100x40", "90x40", "100x40");
  });
});

test("what nobody reads in the program is not taken from who types", async () => {
  const { viewer, block, typed } = await theatre();
  const resume = block();
  const one = await viewer();
  const text = "x".repeat(50_000);
  for (let n = 0; n < 60; n++) one.type(text);
  await Bun.sleep(100);
  expect(typed.length).toBeLessThan(30);
  resume();
  await waitUntil("all came", () => typed.length === 60);
});

test("one that does not read misses something, is then told how it stands, and keeps nobody waiting", async () => {
  const { viewer, viewers, sizes } = await theatre();
  const [slow, other] = [await viewer(), await viewer()];
  slow.resize(80, 24);
  await waitUntil("it is painted", () => sizes.length === 2);
  slow.socket.pause();
  const piece = bytesOf("x".repeat(100_000));
  const all = 80;
  for (let n = 1; n <= all; n++) {
    viewers.show(piece);
    await waitUntil("the other one sees it", () => other.seen().length === n * 100_000);
  }
  slow.socket.resume();
  await waitUntil("it is told how it stands", () => slow.seen().endsWith("so far;"));
  expect(slow.seen().length).toBeWithin(1_000_000, 4_000_000);
  await waitUntil("it is painted anew", () => sizes.join() === "80x23,80x24,80x23,80x24");
  viewers.show(bytesOf("and on;"));
  await waitUntil("it goes on", () => slow.seen().endsWith("so far;and on;"));
});

test("how it ended is told to everybody, and nobody comes any more", async () => {
  const { viewer, viewers, path } = await theatre();
  const [one, two] = [await viewer(), await viewer()];
  viewers.show(bytesOf("last;"));
  viewers.close("exited with 3");
  await waitUntil("both know", () => one.ended() !== undefined && two.ended() !== undefined);
  expect([one.ended(), two.seen(), two.ended()]).toEqual([
    "exited with 3",
    "last;",
    "exited with 3",
  ]);
  await waitUntil("the socket is gone", () => readdirSync(join(path, "..")).length === 0);
});

test("only its own user gets there, and what lay there before is no obstacle", async () => {
  const { path } = await theatre();
  expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
  const home = tempDir();
  mkdirSync(join(home, "run"), { mode: 0o755 });
  const other = join(home, "run", "a.sock");
  writeFileSync(other, "");
  const scene = { terminal: { write: async () => {}, resize() {} }, catchUp: () => bytesOf("") };
  opened.push(await openViewers(other, scene));
  expect(statSync(join(home, "run")).mode & 0o777).toBe(0o700);
  expect(statSync(other).isSocket()).toBe(true);
});

test("lines that make no sense are ignored", async () => {
  const { viewer, typed, sizes } = await theatre();
  const one = await viewer();
  one.socket.write('rubbish\n{"keys":5}\n{"size":{"columns":-1,"rows":0}}\n');
  one.type("x");
  await waitUntil("x came", () => typed.length === 1);
  expect([typed, sizes]).toEqual([["x"], []]);
});
