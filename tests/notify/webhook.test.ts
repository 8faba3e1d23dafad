import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "bun:test";
import { writeDuration } from "../../src/core/durations.ts";
import { isSkepError } from "../../src/core/errors.ts";
import { type Post, postNotice } from "../../src/notify/webhook.ts";
import { type Hook, openHook, status } from "./notices.ts";

const never = new AbortController().signal;
const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

function hookOf(...answers: Parameters<typeof openHook>): Hook {
  const hook = openHook(...answers);
  opened.push(hook);
  return hook;
}

/** Why it was not taken; undefined when it was. */
async function post(
  address: string,
  { signal = never, ...more }: Partial<Post> & { signal?: AbortSignal } = {},
): Promise<string | undefined> {
  const plain = { address, body: "{}", timeoutMs: 200_000, retryAfterMs: [1, 1] };
  try {
    await postNotice({ ...plain, ...more }, signal);
    return undefined;
  } catch (error) {
    if (!isSkepError(error, "E_FAILED")) throw error;
    return error.message;
  }
}

const originOf = (hook: Hook) => new URL(hook.address).origin;

test("the notice is posted as JSON, once, with the name and password of the address", async () => {
  const hook = hookOf(status(204));
  const address = hook.address.replace("//", "//me:s3cret@");
  expect(await post(address, { body: '{"rule":"ä"}' })).toBeUndefined();
  expect(hook.came).toEqual(['{"rule":"ä"}']);
  expect(hook.headers[0]!.get("content-type")).toBe("application/json");
  expect(hook.headers[0]!.get("authorization")).toBe(`Basic ${btoa("me:s3cret")}`);
});

test("one that cannot take it now is asked again, twice at most", async () => {
  const soon = hookOf(status(500), status(200));
  expect(await post(soon.address)).toBeUndefined();
  expect(soon.came).toHaveLength(2);
  for (const code of [503, 429]) {
    const hook = hookOf(status(code));
    expect(await post(hook.address)).toBe(`${originOf(hook)} answered with ${code}`);
    expect(hook.came).toHaveLength(3);
  }
});

test("one that will not have it is not asked again, and nothing but its host is told", async () => {
  const hook = hookOf(status(403));
  const address = `${hook.address.replace("//", "//me:s3cret@")}?token=s3cret`;
  expect(await post(address)).toBe(`${originOf(hook)} answered with 403`);
  expect(hook.came).toHaveLength(1);
});

test("nobody is followed who sends it elsewhere", async () => {
  const other = hookOf(status(200));
  for (const code of [301, 302, 303, 307, 308]) {
    const hook = hookOf(() => Response.redirect(other.address, code));
    expect(await post(hook.address)).toBe(`${originOf(hook)} answered with ${code}`);
    expect(hook.came).toHaveLength(1);
  }
  expect(other.came).toEqual([]);
});

test("one that hangs is given up after its time, and at once when skep ends", async () => {
  let hook = hookOf(null);
  // On a busy machine it takes a while until it has come.
  for (let timeoutMs = 250; hook.came.length < 3; timeoutMs *= 2) {
    hook = hookOf(null);
    const late = `${originOf(hook)} did not answer within ${writeDuration(timeoutMs)}`;
    expect(await post(hook.address, { timeoutMs })).toBe(late);
  }
  expect(hook.came).toHaveLength(3);
  const over = new AbortController();
  const posting = post(hook.address, { signal: over.signal });
  over.abort();
  expect(await posting).toBe(`${originOf(hook)} was being told when skep ended`);
});

test("one that is not there, or closes, cannot be reached, and is tried again", async () => {
  let connections = 0;
  const server = createServer((connection) => {
    connections++;
    connection.on("error", () => {});
    connection.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  expect(await post(`http://127.0.0.1:${port}/`)).toBe(
    `http://127.0.0.1:${port} cannot be reached`,
  );
  expect(connections).toBe(3);
  await new Promise((resolve) => server.close(resolve));
  // Somebody else may get that port by now; this one nobody does.
  expect(await post("http://127.0.0.1:1/")).toBe("http://127.0.0.1:1 cannot be reached");
});

test("one that answers with something else than HTTP, for ever, or never keeps no connection", async () => {
  const answers = ["what?\r\n\r\n", `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(100_000)}`];
  const server = createServer((connection) => {
    connection.on("error", () => {});
    connection.resume();
    const answer = answers.shift();
    if (answer !== undefined) connection.write(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const plain = { retryAfterMs: [] };
  expect(await post(`http://127.0.0.1:${port}/`, plain)).toBe(
    `http://127.0.0.1:${port} cannot be reached`,
  );
  expect(await post(`http://127.0.0.1:${port}/`, plain)).toBeUndefined();
  expect(await post(`http://127.0.0.1:${port}/`, { ...plain, timeoutMs: 100 })).toBe(
    `http://127.0.0.1:${port} did not answer within 100ms`,
  );
  // It has ended once each connection has.
  await new Promise((resolve) => server.close(resolve));
});

test("no proxy gets it that the environment names, by whatever name this machine is called", async () => {
  const hook = hookOf(status(200));
  const proxy = hookOf(status(200));
  const { origin } = new URL(proxy.address);
  const env = { HTTP_PROXY: origin, http_proxy: origin, ALL_PROXY: origin };
  const program = join(import.meta.dir, "..", "fixtures", "notify", "post.ts");
  const addresses = [hook.address, hook.address.replace("127.0.0.1", "localhost")];
  const child = Bun.spawn([process.execPath, program, ...addresses], { env, stderr: "inherit" });
  expect(await child.exited).toBe(0);
  expect([hook.came.length, proxy.came]).toEqual([2, []]);
});
