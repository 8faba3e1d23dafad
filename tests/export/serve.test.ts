import { afterEach, expect, test } from "bun:test";
import { SkepError } from "../../src/core/errors.ts";
import type { Family } from "../../src/export/exposition.ts";
import { type Serving, formatFor, serveMetrics } from "../../src/export/serve.ts";

const family: Family = {
  name: "x_sent",
  type: "counter",
  help: "x",
  samples: [{ labels: {}, value: 1 }],
};

const open: Serving[] = [];
afterEach(() => {
  for (const serving of open.splice(0)) serving.close();
});

/** A server at some free port, in a time that stands still until the test moves it. */
async function serve(read: () => Promise<readonly Family[]>, now = () => 0): Promise<string> {
  const serving = await serveMetrics(0, read, now);
  open.push(serving);
  return `http://127.0.0.1:${serving.port}`;
}

test("GET /metrics answers in the format that is asked for", async () => {
  const url = `${await serve(async () => [family])}/metrics`;
  const plain = await fetch(url);
  expect(plain.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
  expect(await plain.text()).toEndWith("x_sent_total 1\n");
  const accept =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  const openMetrics = await fetch(url, { headers: { accept } });
  expect(openMetrics.headers.get("content-type")).toStartWith("application/openmetrics-text");
  expect(await openMetrics.text()).toEndWith("x_sent_total 1\n# EOF\n");
  expect(formatFor("application/openmetrics-text;q=0, text/plain")).toBe("text");
  expect(formatFor("")).toBe("text");
});
test("other paths, methods and hosts are refused", async () => {
  const url = await serve(async () => [family]);
  expect((await fetch(`${url}/`)).status).toBe(404);
  expect((await fetch(`${url}/metrics/../x`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: "POST", body: "x" })).status).toBe(405);
  expect((await fetch(`${url}/metrics`, { headers: { host: "evil.example" } })).status).toBe(403);
  const dotted = await fetch(`${url}/metrics`, { headers: { host: "127.0.0.1.evil.example" } });
  expect(dotted.status).toBe(403);
});
test("however many ask, it is read once at a time, and not again for a second or 20 times as long", async () => {
  let [readings, tick, takesMs] = [0, 0, 0];
  const read = async () => {
    readings++;
    await Bun.sleep(100);
    tick += takesMs;
    return [family];
  };
  const url = await serve(read, () => tick);
  const ask = async (count: number) => {
    const asked = Array.from({ length: count }, () => fetch(`${url}/metrics`));
    for (const answer of await Promise.all(asked)) expect(answer.status).toBe(200);
    return readings;
  };
  expect(await ask(10)).toBe(1);
  tick = 999;
  expect(await ask(1)).toBe(1);
  tick = 1_000;
  takesMs = 100;
  expect(await ask(10)).toBe(2);
  tick += 1_999;
  expect(await ask(1)).toBe(2);
  tick++;
  expect(await ask(1)).toBe(3);
});
test("what was read is written down once for each format, however often it is asked for", async () => {
  let written = 0;
  const counted: Family = {
    ...family,
    get samples() {
      written++;
      return family.samples;
    },
  };
  const url = `${await serve(async () => [counted])}/metrics`;
  const first = await (await fetch(url)).text();
  const once = written;
  expect(once).toBeGreaterThan(0);
  expect(await (await fetch(url)).text()).toBe(first);
  expect(written).toBe(once);
});
test("what cannot be read is said, and nothing is said of a bug", async () => {
  const refusing = await serve(() => Promise.reject(new SkepError("E_CORRUPT", "it is damaged")));
  const refused = await fetch(`${refusing}/metrics`);
  expect([refused.status, await refused.text()]).toEqual([503, "it is damaged\n"]);
  const buggy = await serve(() => Promise.reject(new Error("secret")));
  const failed = await fetch(`${buggy}/metrics`);
  expect([failed.status, await failed.text()]).toEqual([503, "an unexpected fault\n"]);
});
test("a port that is taken is an error that names it", async () => {
  const url = await serve(async () => []);
  const port = Number(new URL(url).port);
  const error = await serveMetrics(port, async () => []).catch((fault: unknown) => fault);
  expect(error).toMatchObject({
    code: "E_BUSY",
    message: `port ${port} of 127.0.0.1, for metrics, is taken`,
  });
});
