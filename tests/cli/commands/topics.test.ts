import { expect, setDefaultTimeout, test } from "bun:test";
import { newSkep } from "../../helpers/skep.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

test("topics lists who is subscribed to what, in columns or as JSON lines with every key", async () => {
  const skep = newSkep();
  await skep(["subscribe", "build.>", "log"]);
  await skep(["subscribe", "a", "bob"]);
  expect((await skep(["topics"])).stdout).toBe(
    "TOPIC    INBOX  SKIPPED\na        bob    0\nbuild.>  log    0\n",
  );
  const { stdout } = await skep(["topics", "--json"]);
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { topic: "a", inbox: "bob", created_at: expect.any(Number), skipped: 0 },
    { topic: "build.>", inbox: "log", created_at: expect.any(Number), skipped: 0 },
  ]);
});

test("with nobody subscribed topics prints nothing, and tells a person how to", async () => {
  const skep = newSkep();
  expect(await skep(["topics"])).toEqual({
    status: 0,
    stdout: "",
    stderr: "nobody is subscribed to anything: skep subscribe TOPIC INBOX\n",
  });
  expect(await skep(["topics", "--json"])).toEqual({ status: 0, stdout: "", stderr: "" });
});
