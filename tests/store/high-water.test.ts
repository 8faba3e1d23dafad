import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "bun:test";
import { formatMark, openHighWater, parseMark } from "../../src/store/high-water.ts";
import type { Store } from "../../src/store/store.ts";
import { openHome } from "../fixtures/store/home.ts";
import { tempDir as newDir } from "../helpers/temp-dir.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newHome = tempHomes();
const opened: Store[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

const markFile = () => join(newDir(), "bus.mark");

test("the first note is written at once, and says what it was told and in which boot", () => {
  const path = markFile();
  openHighWater(path, "the boot").note(17, false);
  expect(openHighWater(path, "another").read()).toEqual({ last: 17, durable: 0, boot: "the boot" });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("what follows is written within a moment, the newest of it and once", async () => {
  const path = markFile();
  const highWater = openHighWater(path, "b");
  for (let last = 1; last <= 500; last++) highWater.note(last, last <= 300);
  await waitUntil("the last note is there", () => highWater.read()?.last === 500);
  expect(highWater.read()).toEqual({ last: 500, durable: 300, boot: "b" });
});

test("what is still to be written is written when it is closed", () => {
  const path = markFile();
  const highWater = openHighWater(path, "b");
  highWater.note(1, false);
  highWater.note(2, true);
  highWater.close();
  expect(highWater.read()).toEqual({ last: 2, durable: 2, boot: "b" });
});

test("a process that ends at once has written all the same", async () => {
  const path = markFile();
  const program = `
    const { openHighWater } = await import(${JSON.stringify(join(import.meta.dir, "../../src/store/high-water.ts"))});
    const highWater = openHighWater(${JSON.stringify(path)}, "b");
    for (const last of [1, 2, 3]) highWater.note(last, false);
    process.exit(0);`;
  const child = Bun.spawn([process.execPath, "-e", program], { stderr: "inherit" });
  expect(await child.exited).toBe(0);
  expect(openHighWater(path, "b").read()?.last).toBe(3);
});

/** One that has noted 20, and has still to write 21; put off between the two it has written both, and another one is made. */
function halfWritten() {
  for (let tries = 0; tries < 100; tries++) {
    const path = markFile();
    const one = openHighWater(path, "b");
    for (const last of [20, 21]) one.note(last, true);
    if (openHighWater(path, "b").read()?.last === 20)
      return { one, other: openHighWater(path, "b") };
  }
  throw new Error("each note was written at once");
}

test("of several processes none takes back what another one noted", () => {
  const { one, other } = halfWritten();
  other.note(30, false);
  expect(one.read()).toEqual({ last: 30, durable: 20, boot: "b" });
  // What is late says no more than it knows.
  one.close();
  expect(one.read()).toEqual({ last: 30, durable: 21, boot: "b" });
});

test("a mark that is torn, foreign or missing says nothing, and the next note makes it whole", () => {
  const path = markFile();
  const whole = formatMark({ last: 9, durable: 4, boot: "b" });
  for (const text of ["", whole.slice(0, 40), whole.replace("9", "8"), "hello\n", `${whole}x`]) {
    writeFileSync(path, text);
    const highWater = openHighWater(path, "b");
    expect([text, highWater.read()]).toEqual([text, undefined]);
    highWater.note(10, false);
    truncateSync(path, whole.length);
    expect(highWater.read()?.last).toBe(10);
  }
  rmSync(path);
  expect(openHighWater(path, "b").read()).toBeUndefined();
});

test("any one byte that changes makes it say nothing", () => {
  const text = formatMark({ last: 123, durable: 77, boot: "0b6f1c" });
  const upTo = text.trimEnd().length;
  for (let at = 0; at < upTo; at++) {
    const other = text[at] === "5" ? "6" : "5";
    const changed = text.slice(0, at) + other + text.slice(at + 1);
    expect([changed, parseMark(changed)]).toEqual([changed, undefined]);
  }
  expect(parseMark(text)).toEqual({ last: 123, durable: 77, boot: "0b6f1c" });
});

test("where it cannot be written nothing fails", async () => {
  const highWater = openHighWater(join(newDir(), "no", "such", "place"), "b");
  highWater.note(1, true);
  await highWater.sync();
  expect(highWater.read()).toBeUndefined();
});

test("a store notes what a commit reached, and not what was rolled back", async () => {
  const home = newHome();
  const store = await openHome(home);
  opened.push(store);
  expect(store.mark()).toBeUndefined();
  await store.write(async (tx) => tx.reach(5));
  expect(store.mark()).toMatchObject({ last: 5, durable: 0 });
  const failing = store.write(async (tx) => {
    tx.reach(6);
    throw new Error("changed my mind");
  });
  await expect(failing).rejects.toThrow("changed my mind");
  await store.write(async (tx) => tx.reach(7), { durable: true });
  await store.close();
  const text = readFileSync(join(home, "bus.mark"), "utf8");
  expect(parseMark(text)).toMatchObject({ last: 7, durable: 7 });
});
