import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { newSkep } from "../../helpers/skep.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

type Skep = ReturnType<typeof newSkep>;

/** A home where each of `inboxes` has one more dead letter, with the ids in their order. */
async function buried(...inboxes: string[]): Promise<Skep> {
  const skep = newSkep();
  for (const inbox of inboxes) {
    await skep(["send", inbox, "poi\u001bson", "--as", "ada", "--type", "task"]);
    const { stdout } = await skep(["recv", inbox, "--as", "w1"]);
    const nack = ["nack", JSON.parse(stdout).receipt, "--reason", "bad\u001b[2J"];
    await skep(nack, "", { SKEP_BUS_MAX_ATTEMPTS: "1" });
  }
  return skep;
}

const usage = async (skep: Skep, ...words: string[]) => {
  const { status, stdout, stderr } = await skep(["dead", ...words, "--json"]);
  expect([status, stdout]).toEqual([2, ""]);
  return JSON.parse(stderr).error.message as string;
};

describe("dead list", () => {
  test("is a table for people, in which nothing drives the terminal", async () => {
    const skep = await buried("a1", "a2");
    const { stdout, stderr } = await skep(["dead", "list"]);
    expect(stdout).toMatch(/^ID +INBOX +FROM +TYPE +ATTEMPTS +DIED +REASON\n/);
    expect(stdout).toMatch(
      /^1 +a1 +ada +task +1 +\S.* ago +gave up after 1 attempt; the last one was refused: bad\\u001b\[2J\n2 +a2/m,
    );
    expect(stderr).toBe("");
    expect((await skep(["dead", "list", "a2"])).stdout.split("\n")).toHaveLength(3);
    expect((await skep(["dead", "list", "--inbox", "a2"])).stdout.split("\n")).toHaveLength(3);
  });

  test("is a line each for programs, and says when there are more", async () => {
    const skep = await buried("a1", "a2");
    const { stdout, stderr } = await skep(["dead", "list", "--json", "--max", "1"]);
    expect(JSON.parse(stdout)).toEqual({
      id: 1,
      message_id: 1,
      inbox: "a1",
      from: "ada",
      type: "task",
      reason: "gave up after 1 attempt; the last one was refused: bad\u001b[2J",
      attempt: 1,
      holder: "w1",
      priority: 4,
      bytes: 7,
      sent_at: expect.any(Number),
      died_at: expect.any(Number),
    });
    expect(stderr).toBe("only the first 1: there are more, see --max\n");
  });

  test("of nothing says so, and of no inbox exits 3", async () => {
    const skep = newSkep();
    await skep(["send", "a1", "x"]);
    const none = { status: 0, stdout: "", stderr: "no dead letters in a1\n" };
    expect(await skep(["dead", "list", "a1"])).toEqual(none);
    expect((await skep(["dead", "list", "a2"])).status).toBe(3);
  });
});

describe("dead show", () => {
  test("tells all of one, for people and for programs", async () => {
    const skep = await buried("a1");
    const { stdout } = await skep(["dead", "show", "1"]);
    expect(stdout).toMatch(/^delivery +1 of message 1\ninbox +a1\nfrom +ada\n/);
    expect(stdout).toMatch(/^ +nacked \S+Z by w1: bad\\u001b\[2J\nbody +poi\\u001bson\n/m);
    const shown = JSON.parse((await skep(["dead", "show", "1", "--json"])).stdout);
    expect(shown).toMatchObject({ id: 1, body: "poi\u001bson", body_b64: null, thread: null });
    const [attempt] = shown.attempts;
    expect(Object.keys(attempt).sort()).toEqual([
      "claimed_at",
      "ended_at",
      "epoch",
      "holder",
      "outcome",
      "reason",
    ]);
  });

  test("of what is not dead exits 3", async () => {
    const { status, stderr } = await newSkep()(["dead", "show", "7"]);
    expect(status).toBe(3);
    expect(stderr).toStartWith("skep: there is no dead letter 7\n");
  });
});

test("dead retry puts letters back where they can be received, by id or all of them", async () => {
  const skep = await buried("a1", "a2", "a1");
  expect((await skep(["dead", "retry", "2"])).stdout).toBe(
    '{"id":2,"message_id":2,"inbox":"a2","state":"ready"}\n',
  );
  expect(JSON.parse((await skep(["recv", "a2"])).stdout)).toMatchObject({ id: 2, attempt: 1 });
  expect((await skep(["dead", "retry", "--all", "--inbox", "a2"])).stdout).toBe('{"retried":0}\n');
  expect((await skep(["dead", "retry", "--all"])).stdout).toBe('{"retried":2}\n');
  expect((await skep(["dead", "list"])).stdout).toBe("");
});

test("dead drop ends letters for good, and remembers who did it", async () => {
  const skep = await buried("a1", "a1");
  expect((await skep(["dead", "drop", "1", "--as", "mum"])).stdout).toBe(
    '{"id":1,"message_id":1,"inbox":"a1","state":"purged"}\n',
  );
  expect((await skep(["trace", "1"])).stdout).toMatch(/^ +\+\S+ +purged by mum$/m);
  expect((await skep(["dead", "drop", "--all"])).stdout).toBe('{"dropped":1}\n');
});

test("what does not fit together exits 2 and says why", async () => {
  const skep = newSkep();
  for (const verb of ["retry", "drop"]) {
    expect(await usage(skep, verb)).toBe(`which ones shall dead ${verb} take?`);
    expect(await usage(skep, verb, "1", "--all")).toContain("not both");
    expect(await usage(skep, verb, "1", "--inbox", "a1")).toBe("--inbox goes with --all");
    expect(await usage(skep, verb, "--all", "--max", "1")).toBe(
      `--max does not go with dead ${verb}`,
    );
    expect(await usage(skep, verb, "one")).toBe('"one" is not the id of a delivery');
  }
  expect(await usage(skep, "show")).toBe("dead show takes one id");
  expect(await usage(skep, "show", "1", "2")).toBe("dead show takes one id");
  expect(await usage(skep, "list", "a1", "a2")).toContain("one inbox");
  expect(await usage(skep, "list", "--all")).toContain("anyway");
  expect(await usage(skep, "list", "no name")).toContain("not a valid inbox name");
  expect(await usage(skep, "retry", "--all", "--inbox", "no name")).toContain("inbox name");
});
