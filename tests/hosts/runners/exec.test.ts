import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openShelter } from "../../../src/agents/strays.ts";
import { findMarked } from "../../../src/agents/survivors.ts";
import { processState } from "../../../src/core/identity.ts";
import { waitUntil } from "../../helpers/wait-until.ts";
import { fixtures, sleeps, workshops } from "../workshop.ts";

const workshop = workshops();
const sh = (script: string) => ["sh", "-c", script];

describe("what the program is told", () => {
  test("the body is its input byte for byte, and what it prints is the reply", async () => {
    const shop = await workshop();
    await shop.host({ runner: "exec", command: ["cat"] });
    const body = Uint8Array.from({ length: 4_096 }, (_, at) => (at * 7) % 256);
    const id = await shop.send(body, { replyTo: "answers" });
    const reply = await shop.take("answers");
    expect(Buffer.from(reply.body)).toEqual(Buffer.from(body));
    expect(reply).toMatchObject({ from: "a", type: "reply", thread: String(id) });
    expect(await shop.fate(id)).toEqual({ state: "acked", attempt: 1, attempts: [] });
  });
  test("the rest of the message is in SKEP_MSG_ variables, and what is null is not there", async () => {
    const shop = await workshop();
    await shop.host({ runner: "exec", command: ["sh", join(fixtures, "show-message.sh")] });
    const draft = { replyTo: "answers", type: "job", thread: "t 1", priority: 7 };
    const id = await shop.send("the body", draft);
    const [variables, body] = (await shop.take("answers")).text.split("--\n");
    expect(body).toBe("the body");
    const given = Object.fromEntries(
      variables!
        .trim()
        .split("\n")
        .map((line) => line.split("=")),
    );
    expect(given).toMatchObject({
      SKEP_MSG_ID: String(id),
      SKEP_MSG_FROM: "tester",
      SKEP_MSG_TO: "a",
      SKEP_MSG_TYPE: "job",
      SKEP_MSG_THREAD: "t 1",
      SKEP_MSG_REPLY_TO: "answers",
      SKEP_MSG_ATTEMPT: "1",
      SKEP_MSG_PRIORITY: "7",
    });
    expect(given["SKEP_MSG_RECEIPT"]).toMatch(new RegExp(`^${id}\\.1\\.\\d+$`));
    expect(Number(given["SKEP_MSG_SENT_AT"])).toBeGreaterThan(1_700_000_000_000);
    await shop.send("", { replyTo: "answers" });
    const plain = (await shop.take("answers")).text;
    expect(plain).not.toMatch(/SKEP_MSG_(TYPE|THREAD)/);
    expect(plain).toEndWith("--\n");
  });
  test("it sees the environment it is given, and nothing of the host's", async () => {
    const shop = await workshop();
    process.env["SKEP_TEST_SECRET"] = "for the host alone";
    await shop.host({ runner: "exec", command: ["/usr/bin/env"] }, { GIVEN: "1" });
    await shop.send("", { replyTo: "answers" });
    const lines = (await shop.take("answers")).text.trim().split("\n");
    delete process.env["SKEP_TEST_SECRET"];
    const names = lines
      .map((line) => line.split("=")[0]!)
      .filter((name) => !name.startsWith("SKEP_MSG_"));
    expect(names.sort()).toEqual(["GIVEN", "PATH", "SKEP_RUN"]);
  });
});

test("what a killed program leaves behind does not go on with the message, and holds up nobody", async () => {
  const shop = await workshop();
  const script = '[ "$SKEP_MSG_ATTEMPT" = 2 ] || { sleep 1000 & sleep 1000; }';
  await shop.host({ runner: "exec", command: sh(script) }, { SKEP_AGENT: "a" });
  const id = await shop.send("x");
  const parts = () => findMarked({ run: shop.mark });
  // Not while one is about to become what it is: such a one cannot be found.
  await waitUntil("all of it runs", () => parts().filter(sleeps).length === 2);
  const shell = parts().find(({ pid }) => processState(pid)?.parent === process.pid)!;
  process.kill(shell.pid, "SIGKILL");
  await waitUntil("it is done", async () => (await shop.fate(id)).state === "acked");
  expect(parts()).toEqual([]);
});

describe("how its exit settles", () => {
  test("what it prints goes to the log when nobody asked for a reply", async () => {
    const shop = await workshop();
    await shop.host({ runner: "exec", command: sh("echo said; echo complained >&2") });
    const id = await shop.send("x");
    await shop.becomes(id, "acked");
    expect(shop.log().split("\n").sort()).toEqual(["", "complained", "said"]);
  });
  test("another exit status refuses the message with a rest, and the end of stderr is the reason", async () => {
    const shop = await workshop();
    const script = "echo half an answer; printf '%2000s no room \\303\\274berall' '' >&2; exit 3";
    await shop.host({ runner: "exec", command: sh(script) });
    const id = await shop.send("x", { replyTo: "answers" });
    const { attempt, attempts } = await shop.becomes(id, "delayed");
    expect(attempt).toBe(1);
    expect(attempts).toEqual([{ outcome: "nacked", reason: "sh exited with 3: no room überall" }]);
    // Nobody gets half an answer; it may still say what went wrong.
    expect(await shop.ledger("answers")).toMatchObject({ sent: 0, reserved: 1 });
    expect(shop.log()).toContain("half an answer");
  });
  test("what is killed goes to somebody else at once", async () => {
    const shop = await workshop();
    const once = join(shop.bus.home, "once");
    const script = `test -e ${once} && exit 0; touch ${once}; echo last words >&2; kill -KILL $$`;
    await shop.host({ runner: "exec", command: sh(script) });
    const id = await shop.send("x");
    const { attempt, attempts } = await shop.becomes(id, "acked");
    expect(attempt).toBe(2);
    expect(attempts).toEqual([
      { outcome: "nacked", reason: "sh was ended by SIGKILL: last words" },
    ]);
  });
  test("an answer that is too long is refused with that reason, and not cut", async () => {
    const shop = await workshop({ bodyBytesMax: 1_000 });
    await shop.host({ runner: "exec", command: sh("printf '%1001s' x") });
    const id = await shop.send("x", { replyTo: "answers" });
    const { attempts } = await shop.becomes(id, "delayed");
    expect(attempts[0]!.reason).toContain("has 1001 bytes; 1000 are allowed");
  });
  test("a type that no variable can hold is left out, and keeps no program from starting", async () => {
    const shop = await workshop();
    const id = await shop.send("x", { replyTo: "answers", type: "job" });
    const type = `update messages set type = 'a' || char(0) || 'b' where id = $id`;
    await shop.bus.store.write((tx) => tx.run(type, { id }));
    await shop.host({ runner: "exec", command: ["/usr/bin/env"] });
    const { text } = await shop.take("answers");
    expect(text).toContain("SKEP_MSG_TO=a");
    expect(text).not.toContain("SKEP_MSG_TYPE");
  });
});

describe("a program that cannot be started", () => {
  const cases: [string, (home: string) => string[], RegExp][] = [
    ["missing", () => ["no-such-program"], /^no-such-program cannot be started: there is no such/],
    ["not executable", () => ["/etc/passwd"], /cannot be started: it may not be executed/],
    ["not a program", (home) => [script(home, "exit 0\n")], /neither a program nor a script/],
    ["without its interpreter", (home) => [script(home, "#!/nope\n")], /no such interpreter/],
  ];
  for (const [what, command, reason] of cases)
    test(`${what}: the agent has failed, and its message is given back unspent`, async () => {
      const shop = await workshop();
      const id = await shop.send("x");
      const host = await shop.host({ runner: "exec", command: command(shop.bus.home) });
      const ended = await host.ended;
      expect(ended.state).toBe("failed");
      expect(ended.reason).toMatch(reason);
      const { state, attempt, attempts } = await shop.fate(id);
      expect([state, attempt, attempts[0]!.outcome]).toEqual(["ready", 0, "returned"]);
      expect(await shop.agent()).toMatchObject({ state: "failed", reason: ended.reason });
    });
  test("nor is it in a directory that is gone", async () => {
    const shop = await workshop();
    await shop.send("x");
    const host = await shop.host({ runner: "exec", command: ["true"], cwd: "/nope" });
    expect((await host.ended).reason).toBe("true cannot be started: there is no directory /nope");
  });
});

describe("programs that misbehave", () => {
  test("one that never reads its input is done when it ends", async () => {
    const shop = await workshop({ bodyBytesMax: 2_000_000, inboxBytes: 10_000_000 });
    await shop.host({ runner: "exec", command: ["true"] });
    const ids = [await shop.send(new Uint8Array(1_500_000)), await shop.send("small")];
    for (const id of ids) expect((await shop.becomes(id, "acked")).attempt).toBe(1);
  });
  test("one that floods its outputs is read to its end, and its log stays within bounds", async () => {
    const shop = await workshop({ logBytesMax: 1_000_000 });
    const flood =
      "head -c 20000000 /dev/zero; head -c 20000000 /dev/zero >&2; echo end >&2; exit 1";
    await shop.host({ runner: "exec", command: sh(flood) });
    const [asked, unasked] = [await shop.send("x", { replyTo: "answers" }), await shop.send("x")];
    const { attempts } = await shop.becomes(asked, "delayed");
    await shop.becomes(unasked, "delayed");
    expect(attempts[0]!.reason).toEndWith("end");
    const logs = join(shop.bus.home, "logs");
    // Nothing of a log is cut: what is read at once may be 256 KiB. The last of it may have had one begun anew, which
    // is not there yet.
    for (const name of readdirSync(logs))
      expect(statSync(join(logs, name)).size).toBeLessThan(1_000_000 + 262_144);
    expect(readdirSync(logs).filter((name) => name !== "a.log")).toEqual(["a.log.1"]);
  });
  test("one that ends while its child keeps the pipes is done without waiting for the child, and that ends with it", async () => {
    // As a host is, so that orphans are left to it.
    openShelter();
    const shop = await workshop();
    await shop.host({ runner: "exec", command: ["sh", join(fixtures, "leave-a-child.sh")] });
    const id = await shop.send("x", { replyTo: "answers" });
    // Nobody lives to see the end of the child.
    expect((await shop.take("answers")).text).toBe("begun\n");
    expect((await shop.fate(id)).state).toBe("acked");
    await waitUntil("nothing is left", () => findMarked({ run: shop.mark }).length === 0);
  });
});

test("when the agent is to stop, what is in hand is finished and nothing more is claimed", async () => {
  const shop = await workshop();
  const [begun, go] = ["begun", "go"].map((name) => join(shop.bus.home, name));
  const script = `touch ${begun}; until test -e ${go}; do sleep 0.01; done`;
  const host = await shop.host({ runner: "exec", command: sh(script) });
  const [first, second] = [await shop.send("1"), await shop.send("2")];
  await waitUntil("it has begun", () => existsSync(begun!));
  const ended = host.stop();
  writeFileSync(go!, "");
  expect(await ended).toEqual({ state: "stopped", reason: null });
  expect((await shop.fate(first)).state).toBe("acked");
  expect(await shop.fate(second)).toEqual({ state: "ready", attempt: 0, attempts: [] });
  expect(shop.log()).toBe("");
});

function script(home: string, text: string): string {
  const path = join(home, "script");
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}
