// What skep refuses although the words are right: no room, no such thing, somebody else's by now, wrong settings.
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "bun:test";
import { failureIn, jsonLines } from "./json.ts";
import { untilWaiting } from "./look.ts";
import { places } from "./place.ts";

const place = places();

describe("full inboxes", () => {
  const env = { SKEP_BUS_INBOX_CAP: "1" };

  test("--on-full fail refuses at once with E_FULL, exit 4 and a time to try again", async () => {
    const { skep } = place();
    await skep(["send", "a1", "1"], { env });
    const refused = await skep(["send", "a1", "2", "--on-full", "fail", "--json"], { env });
    expect([refused.status, refused.stdout]).toEqual([4, ""]);
    const error = failureIn(refused.stderr);
    expect(error).toMatchObject({ code: "E_FULL", message: "inbox a1 is full" });
    expect(error.retry_after_ms).toBeGreaterThan(0);
    const waited = await skep(["send", "a1", "2", "--timeout", "100ms"], { env });
    expect([waited.status, waited.stdout]).toEqual([4, ""]);
  });

  test("a sender that waits goes on as soon as there is room", async () => {
    const { skep, start, home } = place();
    await skep(["send", "a1", "1"], { env });
    const sender = start(["send", "a1", "2", "--timeout", "10m"], { env });
    await untilWaiting(home, "a1", "room");
    await skep(["recv", "a1", "--ack"]);
    expect(await sender.ended).toMatchObject({ status: 0, stdout: '{"id":2,"to":"a1"}\n' });
  });
});

describe("receipts", () => {
  test("a stale receipt exits 5, says who has it now, and changes nothing", async () => {
    const { skep } = place();
    await skep(["send", "a1", "1"]);
    const [old] = jsonLines((await skep(["recv", "a1", "--lease", "1ms"])).stdout);
    const claim = ["recv", "a1", "--wait", "1m", "--as", "b1", "--lease", "1h"];
    const [current] = jsonLines((await skep(claim)).stdout);
    for (const words of [["ack"], ["ack", "--reply", "x"], ["nack"], ["extend"]]) {
      const { status, stdout, stderr } = await skep([...words, old!.receipt, "--json"]);
      expect([words, status, stdout]).toEqual([words, 5, ""]);
      expect(failureIn(stderr).message).toEndWith("is stale: its delivery is claimed again by b1");
    }
    expect((await skep(["reply", old!.receipt, "x"])).status).toBe(5);
    expect((await skep(["ack", current!.receipt])).status).toBe(0);
    expect((await skep(["ack", old!.receipt])).status).toBe(5);
    expect((await skep(["nack", current!.receipt])).status).toBe(5);
  });

  test("a receipt of another bus is told from a stale one, and settles nothing here", async () => {
    const [here, there] = [place(), place()];
    await here.skep(["send", "a1", "1"]);
    await there.skep(["send", "a1", "1"]);
    await here.skep(["recv", "a1"]);
    const [line] = jsonLines((await there.skep(["recv", "a1"])).stdout);
    const { status, stderr } = await here.skep(["ack", line!.receipt]);
    expect(status).toBe(5);
    expect(stderr).toContain("was not given out by this bus\n");
    expect(stderr).toContain("(--home)");
    expect((await here.skep(["inboxes"])).stdout).toMatch(/^a1 +0 +0 +1 /m);
    expect((await there.skep(["ack", line!.receipt])).status).toBe(0);
  });

  test("a message without a sender has nobody to reply to, and stays claimed", async () => {
    const { skep } = place();
    await skep(["send", "a1", "1"]);
    const [line] = jsonLines((await skep(["recv", "a1"])).stdout);
    const { status, stderr } = await skep(["ack", line!.receipt, "--reply", "x"]);
    expect(status).toBe(3);
    expect(stderr).toContain("nobody to reply to");
    expect((await skep(["ack", line!.receipt])).stdout).not.toContain("already");
  });
});

describe("nothing there exits 3", () => {
  test("an empty inbox, an unknown inbox, an unknown message", async () => {
    const { skep } = place();
    await skep(["send", "inbox", "x"]);
    const recv = await skep(["recv", "a1"]);
    expect([recv.status, recv.stdout]).toEqual([3, ""]);
    expect(recv.stderr).toBe("skep: nothing in a1\n  Wait for a message with --wait 30s.\n");
    expect(failureIn((await skep(["recv", "a1", "--json"])).stderr).code).toBe("E_EMPTY");
    const peek = await skep(["peek", "inbxo", "--json"]);
    expect(failureIn(peek.stderr)).toMatchObject({
      code: "E_NOT_FOUND",
      hint: "Did you mean inbox?",
    });
    const trace = await skep(["trace", "99"]);
    expect([peek.status, trace.status]).toEqual([3, 3]);
    expect(trace.stderr).toContain("there is no message 99");
  });

  const mistyped = [
    ["dead", "list", "inbxo"],
    ["dead", "list", "--inbox", "inbxo"],
    ["dead", "retry", "--all", "--inbox", "inbxo"],
    ["dead", "drop", "--all", "--inbox", "inbxo"],
    ["purge", "inbxo", "--yes"],
    ["limits", "show", "inbxo"],
    ["limits", "clear", "inbxo"],
  ];
  test("an inbox whose name is mistyped, with the one that was meant, whatever the verb", async () => {
    const { skep } = place();
    await skep(["send", "inbox", "x"]);
    for (const words of mistyped) {
      const { status, stdout, stderr } = await skep([...words, "--json"]);
      expect([words, status, stdout]).toEqual([words, 3, ""]);
      expect(failureIn(stderr)).toMatchObject({
        code: "E_NOT_FOUND",
        hint: "Did you mean inbox?",
      });
    }
  });

  test("the temporary inbox of a request, to whoever is not asked for the answer", async () => {
    const { skep, start } = place();
    const asking = start(["request", "oracle", "?", "--timeout", "10m"]);
    const claim = ["recv", "oracle", "--wait", "3m", "--lease", "10m"];
    const [question] = jsonLines((await skep(claim)).stdout);
    const to = question!.reply_to!;
    for (const words of [
      ["send", to, "spam"],
      ["send", "a1", "?", "--reply-to", to],
      ["subscribe", "news", to],
      ["request", to, "?"],
    ]) {
      const { status, stdout, stderr } = await skep([...words, "--json"]);
      expect([words, status, stdout]).toEqual([words, 3, ""]);
      expect(failureIn(stderr)).toMatchObject({ code: "E_NOT_FOUND" });
    }
    expect((await skep(["ack", question!.receipt, "--reply", "42"])).status).toBe(0);
    expect(jsonLines((await asking.ended).stdout)).toMatchObject([{ body: "42" }]);
  });

  test("--quiet leaves errors and drops the rest", async () => {
    const { skep } = place();
    expect(await skep(["init", "--quiet"], { env: { SKEP_HOME: undefined } })).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect((await skep(["recv", "a1", "-q"])).stderr).toStartWith("skep: nothing in a1\n");
  });
});

describe("settings", () => {
  test("a wrong skep.toml or SKEP_ variable exits 2 and names the place", async () => {
    const { skep, home } = place();
    await skep(["send", "a1", "x"]);
    const variable = await skep(["inboxes", "--json"], { env: { SKEP_BUS_LEESE: "5s" } });
    expect([variable.status, failureIn(variable.stderr).code]).toEqual([2, "E_CONFIG"]);
    expect(variable.stderr).toContain("SKEP_BUS_LEESE");
    expect(variable.stderr).toContain("SKEP_BUS_LEASE");
    writeFileSync(`${home}/skep.toml`, '[bus]\nlease = "soon"\n');
    const file = await skep(["send", "a1", "x"]);
    expect([file.status, file.stdout]).toEqual([2, ""]);
    expect(file.stderr).toMatch(/skep\.toml.*lease must be a duration.*not "soon"/);
  });
});
