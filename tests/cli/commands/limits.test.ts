import { expect, setDefaultTimeout, test } from "bun:test";
import { newSkep } from "../../helpers/skep.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const errorOf = (stderr: string) => JSON.parse(stderr).error;

test("limits that are set show as a table, and as JSON with every key", async () => {
  const skep = newSkep();
  const set = await skep(["limits", "set", "a1", "--cap", "50", "--rate", "30/m"]);
  expect(set).toMatchObject({ status: 0, stderr: "" });
  await skep(["limits", "set", "ada", "--sends", "--rate", "10/s", "--burst", "2"]);
  const { stdout } = await skep(["limits"]);
  expect(stdout).toMatch(
    /^NAME +OF +CAP +BYTES +RATE +BURST +TOKENS +HELD +WAITING +OLDEST +REFUSED$/m,
  );
  expect(stdout).toMatch(/^a1 +inbox +50 +\d+ +30\/m +1 +1 +0 +0 +- +0$/m);
  expect(stdout).toMatch(/^ada +sends +- +- +10\/s +2 +2 +- +- +- +0$/m);
  const shown = await skep(["limits", "show", "ada", "--json"]);
  expect(shown.stdout).toBe(
    '{"name":"ada","of":"sends","cap":null,"bytes":null,"rate_per_s":10,"burst":2,"own":["rate"],"tokens":2,"held":null,"waiting":null,"oldest_ms":null,"refused":0}\n',
  );
});

test("with --all each inbox shows, and that is for showing alone", async () => {
  const skep = newSkep();
  await skep(["send", "a1", "x"]);
  expect((await skep(["limits"])).stdout).toBe("");
  expect((await skep(["limits", "--all"])).stdout).toMatch(
    /^a1 +inbox +\d+ +\d+ +- +- +- +1 +0 +\S.* +0$/m,
  );
  for (const words of [["show", "a1"], ["set", "a1", "--cap", "5"], ["clear"]])
    expect((await skep(["limits", ...words, "--all"])).status).toBe(2);
});

test("where no limits are set it says so, and nothing is data", async () => {
  const skep = newSkep();
  expect(await skep(["limits"])).toEqual({
    status: 0,
    stdout: "",
    stderr: "no limits are set: the general ones hold\n",
  });
});

test("what comes too fast exits 4 with when to try again, and inboxes counts it", async () => {
  const skep = newSkep();
  await skep(["limits", "set", "a1", "--rate", "1/h"]);
  await skep(["send", "a1", "x"]);
  const refused = await skep(["send", "a1", "x", "--on-full", "fail", "--json"]);
  expect(refused).toMatchObject({ status: 4, stdout: "" });
  expect(errorOf(refused.stderr)).toMatchObject({
    code: "E_RATE",
    message: "too fast: inbox a1 takes 1/h",
  });
  const { retry_after_ms: retryAfterMs } = errorOf(refused.stderr);
  expect(retryAfterMs).toBeWithin(3_500_000, 3_600_001);
  // Its turn is beyond the time that it would wait.
  expect((await skep(["send", "a1", "x"])).status).toBe(4);
  expect((await skep(["limits"])).stdout).toMatch(/^a1 .* 2$/m);
  const [inbox] = (await skep(["inboxes", "--json"])).stdout.split("\n");
  expect(JSON.parse(inbox!)).toMatchObject({ inbox: "a1", refused: 2, waiting_senders: 0 });
  expect((await skep(["inboxes"])).stdout).toMatch(/REFUSED +WAITING +OLDEST/);
});

test("what somebody sends is limited by its name", async () => {
  const skep = newSkep();
  await skep(["limits", "set", "ada", "--sends", "--rate", "1/h"]);
  for (const to of ["a1", "a2"]) await skep(["send", to, "x", "--as", "ada", "--on-full", "fail"]);
  expect((await skep(["limits", "show", "ada", "--sends"])).stdout).toMatch(/^ada .* 1$/m);
  expect((await skep(["send", "a2", "x"])).status).toBe(0);
});

test("cleared limits are gone", async () => {
  const skep = newSkep();
  await skep(["limits", "set", "a1", "--cap", "1"]);
  await skep(["send", "a1", "x"]);
  expect((await skep(["send", "a1", "x", "--on-full", "fail"])).status).toBe(4);
  expect((await skep(["limits", "clear", "a1"])).stdout).toBe("the limits of inbox a1 are gone\n");
  expect((await skep(["send", "a1", "x"])).status).toBe(0);
  expect((await skep(["limits", "clear", "a1", "--json"])).stdout).toBe(
    '{"name":"a1","of":"inbox","cleared":false}\n',
  );
});

test.each([
  [["set"], "set whose limits?"],
  [["clear"], "clear whose limits?"],
  [["set", "a1"], "which limit?"],
  [["st", "a1", "--cap", "1"], 'VERB is "st"'],
  [["show", "a1", "--cap", "1"], "show takes no limits"],
  [["set", "a1", "--cap", "0"], "a limit of 0 for cap cannot be kept"],
  [["set", "a1", "--cap=-3"], "a limit of -3 for cap cannot be kept"],
  [["set", "a1", "--cap", "1000000000000"], "a limit of 1000000000000 for cap cannot be kept"],
  [["set", "a1", "--cap", "many"], '--cap is "many"'],
  [["set", "a1", "--rate", "0/s"], "a rate of 0 messages a second cannot be kept"],
  [["set", "a1", "--rate", "10"], '--rate is "10"'],
  [["set", "a1", "--rate", "10/d"], '--rate is "10/d"'],
  [["set", "a1", "--burst", "3"], "a burst is a part of a rate, and there is no rate"],
  [
    ["set", "a1", "--sends", "--cap", "3"],
    "what somebody sends has a rate, but no cap and no bytes",
  ],
])("limits %p is a usage error with a hint", async (words, message) => {
  const { status, stdout, stderr } = await newSkep()(["limits", ...words, "--json"]);
  expect([status, stdout]).toEqual([2, ""]);
  expect(errorOf(stderr)).toMatchObject({ message, hint: expect.any(String) });
});

test("limits of a name that is not there exit 3 with the one that was meant", async () => {
  const skep = newSkep();
  await skep(["send", "planner", "x"]);
  const { status, stderr } = await skep(["limits", "show", "planer", "--json"]);
  expect(status).toBe(3);
  expect(errorOf(stderr)).toMatchObject({ code: "E_NOT_FOUND", hint: "Did you mean planner?" });
});
