import { expect, setDefaultTimeout, test } from "bun:test";
import { newSkep } from "../../helpers/skep.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

test("publish prints the id, the topic and how many got it, and recv what was published", async () => {
  const skep = newSkep();
  await skep(["subscribe", "build.*", "bob"]);
  await skep(["subscribe", "build.>", "eve"]);
  const published = await skep(["publish", "build.failed", "-", "--as", "ada"], "out of memory");
  expect(published).toEqual({
    status: 0,
    stdout: '{"id":1,"topic":"build.failed","deliveries":2}\n',
    stderr: "",
  });
  const { stdout } = await skep(["recv", "eve"]);
  expect(JSON.parse(stdout)).toMatchObject({
    id: 1,
    from: "ada",
    to: "eve",
    type: "build.failed",
    body: "out of memory",
    priority: 4,
    thread: null,
  });
});

test("the flags of publish say what the message is", async () => {
  const skep = newSkep();
  await skep(["subscribe", "a", "bob"]);
  await skep(["publish", "a", "x", "--type", "task", "--priority", "9", "--thread", "t7"]);
  const { stdout } = await skep(["recv", "bob"]);
  expect(JSON.parse(stdout)).toMatchObject({ type: "task", priority: 9, thread: "t7" });
});

test("with nobody subscribed publish succeeds and says that nobody got it", async () => {
  const skep = newSkep();
  expect(await skep(["publish", "a.b", "hello"])).toEqual({
    status: 0,
    stdout: '{"id":null,"topic":"a.b","deliveries":0}\n',
    stderr: "",
  });
});

test("publish into a full inbox exits 4 and names it, at once or when its time is over", async () => {
  const skep = newSkep();
  await skep(["subscribe", "a", "bob"]);
  const lines = '{"to":"bob","body":"x"}\n'.repeat(1_000);
  expect((await skep(["send", "--batch", "--quiet"], lines)).status).toBe(0);
  for (const flags of [
    ["--on-full", "fail"],
    ["--timeout", "50ms"],
  ]) {
    const { status, stdout, stderr } = await skep(["publish", "a", "hello", "--json", ...flags]);
    expect([status, stdout]).toEqual([4, ""]);
    expect(JSON.parse(stderr).error).toMatchObject({
      code: "E_FULL",
      message: expect.stringContaining("inbox bob is full"),
    });
  }
});

test.each(["a.*", ">", "a..b", "a b", ""])("publish on %p exits 2 with a hint", async (topic) => {
  const { status, stderr } = await newSkep()(["publish", topic, "hello", "--json"]);
  expect(status).toBe(2);
  expect(JSON.parse(stderr).error).toMatchObject({ code: "E_NAME", hint: expect.any(String) });
});

test("the help says that the topic arrives as the type", async () => {
  const { stdout } = await newSkep()(["help", "publish"]);
  expect(stdout).toContain("topic as the message's type, unless --type gives it another");
});
