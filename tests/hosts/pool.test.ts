import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Doorbell, openDoorbell } from "../../src/bus/doorbell.ts";
import { sendBatch } from "../../src/bus/send.ts";
import { bytesOf } from "../../src/core/text.ts";
import type { Assignment } from "../../src/hosts/runner.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { sharedHosts } from "./shared-host.ts";
import { fixtures } from "./workshop.ts";

const sharedHost = sharedHosts();
const three = ["p-1", "p-2", "p-3"];
const ack = 'r=${l#*receipt\\":\\"}; echo "{\\"ack\\":\\"${r%%\\"*}\\"}"';

describe("modules", () => {
  test("each agent of a process is told its name, and what it says goes to its own log, however late", async () => {
    const host = await sharedHost();
    host.start(three, { runner: "module", module: join(fixtures, "says-its-name.ts") });
    const ids = await Promise.all(three.map((name) => host.send(`for ${name}`, { to: name })));
    for (const id of ids) await host.becomes(id, "acked");
    const said: string[] = [];
    for (const name of three) {
      await waitUntil("it has said the last", () => host.log(name).includes("late"));
      const lines = host.log(name).trim().split("\n");
      said.push(...lines);
      const own = ["begins", `has for ${name}`, "straight out", "late"];
      expect(lines.filter((line) => line !== "loaded")).toEqual(own.map((one) => `${name} ${one}`));
    }
    // It is loaded once for all of them.
    expect(said.filter((line) => line === "loaded")).toHaveLength(1);
  });
  test("one that throws harms nobody", async () => {
    const host = await sharedHost();
    host.start(three, { runner: "module", module: join(fixtures, "handlers.ts") });
    const [bad, ...good] = await Promise.all(
      three.map((name, index) => host.send(index === 0 ? "throw" : "later", { to: name })),
    );
    expect((await host.becomes(bad!, "delayed")).attempts).toMatchObject([
      { reason: "cannot do it" },
    ]);
    for (const id of good) await host.becomes(id, "acked");
    for (const name of three) expect(host.reports("ended", name)).toEqual([]);
  });
  test("the console is as it was when all of them have ended, and not before", async () => {
    const { log } = console;
    const host = await sharedHost();
    host.start(["p-1", "p-2"], { runner: "module", module: join(fixtures, "handlers.ts") });
    for (const name of ["p-1", "p-2"]) await host.reported("ready", name);
    host.order({ order: "stop", name: "p-1" });
    await host.reported("ended", "p-1");
    await host.becomes(await host.send("say", { to: "p-2" }), "acked");
    expect(host.log("p-2")).toContain("to the console");
    expect(console.log).not.toBe(log);
    await host.end();
    expect(console.log).toBe(log);
  });
});

describe("programs", () => {
  test("of agents that share a turn rest in it when their host is held back, until it is let go", async () => {
    const host = await sharedHost();
    const at = join(host.bus.home, "at");
    const command = ["sh", "-c", `date +%s%3N >>${at}; sleep 0.3; date +%s%3N >>${at}`];
    host.order({ order: "hold", level: 25, forMs: 600_000 });
    host.start(three, { runner: "exec", command, atOnce: 1 });
    const ids: number[] = [];
    for (const to of [...three, ...three]) ids.push(await host.send("x", { to }));
    for (const id of ids) await host.becomes(id, "acked");
    const times = readFileSync(at, "utf8").trim().split("\n").map(Number);
    // Before the second message of each: half of three times as long as the first one took at least, but for the moment in which it was claimed.
    for (let n = 6; n < 12; n += 2) expect(times[n]! - times[n - 1]!).toBeGreaterThanOrEqual(100);
    host.order({ order: "hold", level: 100, forMs: 600_000 });
    await host.becomes(await host.send("x", { to: "p-1" }), "acked");
  });
  test("those of exec agents stay processes, at most `at_once` of them, and each gets its turn", async () => {
    const host = await sharedHost();
    const names = [...three, "p-4", "p-5"];
    const go = join(host.bus.home, "go");
    const wait = `until test -e ${go}; do sleep 0.01; done; echo "$SKEP_AGENT"`;
    host.start(names, { runner: "exec", command: ["sh", "-c", wait], atOnce: 2 });
    const ids = await Promise.all(names.map((name) => host.send("x", { to: name })));
    for (const id of ids) await host.becomes(id, "leased");
    const shells = () => host.programs() >= 2;
    await waitUntil("two of them run", shells);
    // Each may be seen with the `sleep` it is waiting for.
    for (let looks = 0; looks < 10; looks++) {
      expect(host.programs()).toBeLessThanOrEqual(4);
      await Bun.sleep(5);
    }
    writeFileSync(go, "");
    for (const id of ids) await host.becomes(id, "acked");
    for (const name of names) expect(host.log(name)).toBe(`${name}\n`);
  });
  test("each stream agent has one of its own, and the end of one is no other's", async () => {
    const host = await sharedHost();
    const loop = `while read -r l; do case $l in *die*) exit 3;; esac; ${ack}; done`;
    host.start(three, { runner: "stream", command: ["sh", "-c", loop] });
    for (const name of three) await host.reported("ready", name);
    await waitUntil("three run", () => host.programs() === 3);
    const bad = await host.send("die", { to: "p-1" });
    expect(await host.reported("ended", "p-1")).toMatchObject({ state: "failed" });
    expect((await host.fate(bad)).attempts).toMatchObject([{ outcome: "died" }]);
    for (const name of ["p-2", "p-3"])
      await host.becomes(await host.send("x", { to: name }), "acked");
    expect(host.programs()).toBe(2);
  });
});

test("what a host keeps does not grow with how often it has started an agent", async () => {
  const host = await sharedHost();
  const module = join(fixtures, "handlers.ts");
  const told: WeakRef<Assignment["env"]>[] = [];
  for (let count = 1; count <= 20; count++) {
    told.push(new WeakRef(host.start(["p-1"], { runner: "module", module })[0]!.env));
    await host.reported("ready", "p-1", count);
    host.order({ order: "stop", name: "p-1" });
    await host.reported("ended", "p-1", count);
  }
  // The last one says which programs to have ready, and what is on the stack may look like another.
  await waitUntil("most of what it was told is forgotten", () => {
    Bun.gc(true);
    return told.filter((env) => env.deref() !== undefined).length < 10;
  });
});

describe("a message to everybody wakes everybody at once", () => {
  const many = Array.from({ length: 40 }, (_, index) => `p-${index + 1}`);

  for (const [inboxes, where] of [
    ["inboxes of their own", undefined],
    ["an inbox they share", "jobs"],
  ] as const)
    test(`at ${inboxes}`, async () => {
      const work = where === undefined ? {} : { inbox: where };
      const module = join(fixtures, "handlers.ts");
      const host = await sharedHost({ openDoorbell: onlyRung });
      const go = join(host.bus.home, "go");
      const drafts = many.map((name) => ({ to: where ?? name, body: bytesOf(`hold ${go}`) }));
      host.start(many, { runner: "module", module, ...work });
      await waitUntil("all of them wait", async () => (await waiting(host.bus)) === many.length);
      const options = { from: null, onFull: "fail", timeoutMs: 0, atomic: false } as const;
      await sendBatch(host.bus, drafts, options);
      const count = async (sql: string) =>
        (await host.bus.store.read((tx) => tx.get<{ count: number }>(sql)))!.count;
      const held = "select count(distinct holder) as count from deliveries where state = 'leased'";
      await waitUntil("each has one", async () => (await count(held)) === many.length);
      writeFileSync(go, "");
      const acked = "select count(*) as count from history";
      await waitUntil("all of it is done", async () => (await count(acked)) === many.length);
    });
});

/** A doorbell for those who never look by themselves: only a ring wakes them, or an end. */
function onlyRung(): Doorbell {
  const doorbell = openDoorbell();
  const next: Doorbell["next"] = (heard, _, signal) => doorbell.next(heard, 3_600_000, signal);
  return { ...doorbell, next };
}

async function waiting({
  store,
}: {
  store: Awaited<ReturnType<typeof sharedHost>>["bus"]["store"];
}) {
  const sql = "select count(*) as count from waiters where wants = 'mail' and waiting = 1";
  return (await store.read((tx) => tx.get<{ count: number }>(sql)))!.count;
}
