import { expect, setDefaultTimeout, test } from "bun:test";
import { newSkep } from "../../helpers/skep.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

test("unsubscribe says what is no longer subscribed, and exits 3 when it was not", async () => {
  const skep = newSkep();
  await skep(["subscribe", "a.*", "bob"]);
  expect(await skep(["unsubscribe", "a.*", "--as", "bob"])).toEqual({
    status: 0,
    stdout: '{"topic":"a.*","inbox":"bob"}\n',
    stderr: "",
  });
  expect(await skep(["unsubscribe", "a.*", "bob"])).toMatchObject({
    status: 3,
    stdout: "",
    stderr: expect.stringContaining("inbox bob is not subscribed to a.*"),
  });
});

test("unsubscribe without an inbox is a usage error", async () => {
  expect((await newSkep()(["unsubscribe", "a"])).status).toBe(2);
});
