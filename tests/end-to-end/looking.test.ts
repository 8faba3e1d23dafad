// Looking on: peek, inboxes and trace show what is there and change nothing.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { deliveryKeys, jsonLines } from "./json.ts";
import { places } from "./place.ts";
import { received, sums } from "./verbs.ts";

const place = places();

describe("looking on", () => {
  test("peek shows what is ready and takes nothing", async () => {
    const { skep } = place();
    await skep(["send", "a1", "1"]);
    await skep(["send", "a1", "2"]);
    const { status, stdout } = await skep(["peek", "a1"]);
    expect(status).toBe(0);
    const lines = jsonLines(stdout);
    expect(Object.keys(lines[0]!)).toEqual(deliveryKeys);
    expect(lines.map(({ body, receipt, lease_until }) => [body, receipt, lease_until])).toEqual([
      ["1", null, null],
      ["2", null, null],
    ] as never);
    expect(jsonLines((await skep(["peek", "a1", "--max", "1"])).stdout)).toHaveLength(1);
    expect(await sums(skep)).toMatchObject({ a1: { ready: 2, leased: 0 } });
    await skep(["recv", "a1", "--max", "2", "--lease", "1h"]);
    expect(await skep(["peek", "a1"])).toEqual({
      status: 0,
      stdout: "",
      stderr: "nothing is ready in a1\n",
    });
  });

  test("inboxes counts every delivery once, for people and for programs", async () => {
    const { skep } = place();
    expect(await skep(["inboxes"])).toMatchObject({ status: 0, stdout: "" });
    const [one] = await received(skep, 3);
    await skep(["ack", one!]);
    await skep(["send", "a1", "ready"]);
    const text = await skep(["inboxes"]);
    expect([text.status, text.stderr]).toEqual([0, ""]);
    expect(text.stdout).toMatch(
      /^INBOX +READY +DELAYED +LEASED +PARKED +RESERVED +SENT +ACKED +DEAD +REFUSED +WAITING +OLDEST\na1 +1 +0 +2 +0 +0 +4 +1 +0 +0 +0 +\S+\n$/,
    );
    const [line] = jsonLines<Record<string, unknown>>((await skep(["inboxes", "--json"])).stdout);
    expect(line).toMatchObject({
      inbox: "a1",
      ready: 1,
      delayed: 0,
      leased: 2,
      parked: 0,
      sent: 4,
    });
    expect(line).toMatchObject({ reserved: 0, acked: 1, dead: 0, expired: 0, purged: 0 });
    expect(line).toMatchObject({ moved_in: 0, moved_out: 0, oldest_ready_ms: expect.any(Number) });
  });

  test("trace tells the life of a message, for people and for programs", async () => {
    const { skep } = place();
    await skep(["send", "a1", "hello\u001b[2J", "--as", "b1"]);
    const [line] = jsonLines((await skep(["recv", "a1", "--as", "a1", "--lease", "1h"])).stdout);
    await skep(["ack", line!.receipt, "--reply", "done", "--as", "a1"]);
    const text = (await skep(["trace", "1"])).stdout;
    expect(text).toMatch(
      /^message 1 from b1: "hello\\u001b\[2J"\nsent \S+Z, priority 4\ndelivery 1 to a1: acked, 1 attempt\n/,
    );
    expect(text).toMatch(
      /\n {2}\+0\.000s +sent by b1\n.* claimed by a1 \(lease 1\)\n.* acked by a1 \(lease 1\)\n/,
    );
    expect(text).toMatch(/\nanswered by message 2 from a1 to b1 at \+\S+: "done"\n$/);
    const [life] = jsonLines<Record<string, unknown>>(
      (await skep(["trace", "1", "--json"])).stdout,
    );
    expect(life).toMatchObject({ id: 1, from: "b1", bytes: 9, followed_by: [2] });
    const [delivery] = life!["deliveries"] as { state: string; steps: { what: string }[] }[];
    expect(delivery).toMatchObject({ inbox: "a1", state: "acked", attempt: 1 });
    expect(delivery!.steps.map(({ what }) => what)).toEqual(["sent", "claimed", "acked"]);
  });

  test("looking at a home that nobody made makes none", async () => {
    const { skep, cwd } = place();
    const options = { env: { SKEP_HOME: undefined } };
    for (const words of [["inboxes"], ["send", "a1", "x"], ["recv", "a1"], ["ps"], ["down"]]) {
      const { status, stdout, stderr } = await skep(words, options);
      expect([words, status, stdout]).toEqual([words, 3, ""]);
      expect(stderr).toContain("skep init");
    }
    expect(existsSync(join(cwd, ".skep"))).toBe(false);
  });
});
