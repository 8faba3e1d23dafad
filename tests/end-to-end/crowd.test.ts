// Many processes at once, each of them the real executable: starting, waiting, and being woken.
import { describe, expect, test } from "bun:test";
import { waitUntil } from "../helpers/wait-until.ts";
import { lacks } from "../helpers/programs.ts";
import { quickest } from "../helpers/quickest.ts";
import { jsonLines } from "./json.ts";
import { look, untilWaiting } from "./look.ts";
import { places } from "./place.ts";

const place = places();

test("100 processes that make one new home at once all succeed, and all their messages are there", async () => {
  const { skep, home } = place();
  const bodies = Array.from({ length: 100 }, (_, i) => `${i}`);
  // On a busy machine the last one may have to wait for long.
  const env = { SKEP_STORE_BUSY_TIMEOUT: "10m" };
  const send = (body: string) => skep(["send", "a1", body, "--timeout", "10m"], { env });
  const sent = await Promise.all(bodies.map(send));
  expect(sent.filter(({ status }) => status !== 0)).toEqual([]);
  const answers = sent.flatMap(({ stdout }) => jsonLines<{ id: number; created?: true }>(stdout));
  expect(answers.map(({ id }) => id).sort((a, b) => a - b)).toEqual(bodies.map((_, i) => i + 1));
  expect(answers.filter(({ created }) => created)).toHaveLength(1);
  const rows = look<{ body: string }>(home, "select cast(body as text) as body from messages");
  expect(rows.map(({ body }) => body).sort()).toEqual(bodies.sort());
  expect(look(home, "pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
}, 720_000);

describe("waiting", () => {
  test("recv --wait is woken by a send of another process long before it would look by itself", async () => {
    const { skep, start, home } = place();
    let round = 0;
    const delayMs = await quickest(300, async () => {
      const body = `${round++}`;
      const waiting = start(["recv", "a1", "--wait", "10m", "--ack"]);
      await untilWaiting(home, "a1", "mail");
      expect((await skep(["send", "a1", body])).status).toBe(0);
      const { status, stdout } = await waiting.ended;
      expect([status, jsonLines(stdout)[0]?.body]).toEqual([0, body]);
      // Of its own time: on a busy machine processes start and end slowly.
      const times = "select claimed_at - sent_at as delay from times order by delivery desc";
      return look<{ delay: number }>(home, times)[0]!.delay;
    });
    // Without a ring it would look after 1 to 2 s.
    expect(delayMs).toBeLessThan(300);
  }, 600_000);

  test("of two who wait for one message exactly one gets it, and the other goes on waiting for the next", async () => {
    const { skep, start, home } = place();
    const both = [1, 2].map(() => start(["recv", "a1", "--wait", "10m"]));
    await untilWaiting(home, "a1", "mail", 2);
    await skep(["send", "a1", "one"]);
    const first = await Promise.race(
      both.map(async (waiting) => ({ waiting, ...(await waiting.ended) })),
    );
    await untilWaiting(home, "a1", "mail", 1);
    const other = both.find((waiting) => waiting !== first.waiting)!;
    expect([jsonLines(first.stdout)[0]?.body, other.said()]).toEqual(["one", ""]);
    await skep(["send", "a1", "two"]);
    const second = await other.ended;
    expect([first.status, second.status]).toEqual([0, 0]);
    expect(jsonLines(second.stdout).map(({ body }) => body)).toEqual(["two"]);
  });

  test("20 who wait share 20 messages, each of them once", async () => {
    const { skep, start, home } = place();
    const all = Array.from({ length: 20 }, () => start(["recv", "a1", "--wait", "10m", "--ack"]));
    await untilWaiting(home, "a1", "mail", 20);
    const stdin = Array.from({ length: 20 }, (_, i) => `{"to":"a1","body":"${i}"}\n`).join("");
    await skep(["send", "--batch"], { stdin });
    const ended = await Promise.all(all.map((waiting) => waiting.ended));
    expect(ended.filter(({ status }) => status !== 0)).toEqual([]);
    const ids = ended.flatMap(({ stdout }) => jsonLines(stdout)).map(({ id }) => id);
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(look(home, "select count(*) as n from waiters")).toEqual([{ n: 0 }]);
  });

  test("nothing in time exits 3, on time", async () => {
    const { skep } = place();
    await skep(["init"]);
    const took = async (words: string[], says: string) => {
      const start = performance.now();
      const { status, stdout, stderr } = await skep(["recv", "a1", ...words]);
      expect([status, stdout, stderr]).toEqual([3, "", says]);
      return performance.now() - start;
    };
    // As long as it takes without waiting: processes start slowly on a busy machine.
    const leastMs = await quickest(300, () =>
      took([], "skep: nothing in a1\n  Wait for a message with --wait 30s.\n"),
    );
    const tookMs = await quickest(leastMs + 1_500, () =>
      took(["--wait", "500ms"], "skep: nothing in a1 in time\n"),
    );
    expect(tookMs).toBeWithin(500, leastMs + 1_500);
  }, 600_000);

  test("a waiting recv or request ends with 130 at Ctrl-C and 143 at SIGTERM, and leaves no trace", async () => {
    const { start, home } = place();
    for (const [words, inbox] of [
      [["recv", "a1", "--wait", "10m"], "a1"],
      [["request", "b1", "?", "--timeout", "10m"], undefined],
    ] as const)
      for (const [signal, status] of [
        ["SIGINT", 130],
        ["SIGTERM", 143],
      ] as const) {
        const waiting = start([...words]);
        if (inbox !== undefined) await untilWaiting(home, inbox, "mail");
        else await waitUntil("it waits", () => look(home, "select 1 from waiters").length > 0);
        waiting.kill(signal);
        expect(await waiting.ended).toEqual({ status, stdout: "", stderr: "" });
        expect(look(home, "select * from waiters")).toEqual([]);
      }
  });
});

// A network namespace of its own has a loopback that is down: nothing can be sent to it.
describe.skipIf(!mayUnshareNet())("without loopback sockets", () => {
  const cutOff = { before: ["unshare", "-n"] };

  test("send and recv work", async () => {
    const { skep } = place();
    expect(await skep(["send", "a1", "x"], cutOff)).toMatchObject({ status: 0, stderr: "" });
    const { status, stdout } = await skep(["recv", "a1"], cutOff);
    expect([status, jsonLines(stdout)[0]?.body]).toEqual([0, "x"]);
  });

  for (const [title, receiver, sender] of [
    ["a receiver that cannot be rung gets a message within two seconds", cutOff, {}],
    ["a receiver whose sender cannot ring gets a message within about two seconds", {}, cutOff],
    ["a receiver gets a message within two seconds when nobody has sockets", cutOff, cutOff],
  ] as const)
    test(
      title,
      async () => {
        const delayMs = await quickest(2_500, async () => {
          const { skep, start, home } = place();
          const waiting = start(["recv", "a1", "--wait", "10m"], { ...receiver });
          await waitUntil("the inbox", () => {
            try {
              return look(home, "select 1 from ledger").length > 0;
            } catch {
              return false;
            }
          });
          if (receiver !== cutOff) await untilWaiting(home, "a1", "mail");
          expect((await skep(["send", "a1", "x"], { ...sender })).status).toBe(0);
          const sentAt = performance.now();
          const { status, stdout, stderr } = await waiting.ended;
          expect([status, stderr, jsonLines(stdout)[0]?.body]).toEqual([0, "", "x"]);
          return performance.now() - sentAt;
        });
        // It looks after 2 s at the latest.
        expect(delayMs).toBeLessThan(2_500);
      },
      600_000,
    );

  test("a sender that waits for room is let in", async () => {
    const { skep, start, home } = place();
    const env = { SKEP_BUS_INBOX_CAP: "1" };
    await skep(["send", "a1", "1"], { env });
    const sender = start(["send", "a1", "2", "--timeout", "10m"], { ...cutOff, env });
    await untilWaiting(home, "a1", "room");
    await skep(["recv", "a1", "--ack"], cutOff);
    expect(await sender.ended).toMatchObject({ status: 0, stdout: '{"id":2,"to":"a1"}\n' });
  });
});

function mayUnshareNet(): boolean {
  return (
    !lacks("unshare") &&
    Bun.spawnSync(["unshare", "-n", "true"], { stderr: "ignore" }).exitCode === 0
  );
}
