import { expect, setDefaultTimeout, test } from "bun:test";
import { newSkep } from "../../helpers/skep.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

test("subscribe says what is subscribed, that the inbox is new, and that it was so before", async () => {
  const skep = newSkep();
  expect(await skep(["subscribe", "a.>", "bob"])).toEqual({
    status: 0,
    stdout: '{"topic":"a.>","inbox":"bob","created":true}\n',
    stderr: "",
  });
  expect((await skep(["subscribe", "a.>", "bob"])).stdout).toBe(
    '{"topic":"a.>","inbox":"bob","already":true}\n',
  );
  expect((await skep(["subscribe", "b", "bob"])).stdout).toBe('{"topic":"b","inbox":"bob"}\n');
});

test("without INBOX it is one's own that is subscribed, and without either it is a usage error", async () => {
  const skep = newSkep();
  const { stdout } = await skep(["subscribe", "a", "--as", "bob"]);
  expect(JSON.parse(stdout)).toMatchObject({ inbox: "bob" });
  expect(await skep(["subscribe", "a"])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("which inbox?"),
  });
});

test("subscribe to what is no pattern exits 2, and says what would be", async () => {
  const { status, stderr } = await newSkep()(["subscribe", "a.>.b", "bob"]);
  expect(status).toBe(2);
  expect(stderr).toContain('"a.>.b" is not a valid topic\n  > stands for all the words');
});
