import { createServer } from "node:net";
import { expect, test } from "bun:test";
import type { OtlpBody } from "../../src/export/otlp.ts";
import { type Patience, push } from "../../src/export/push.ts";
import { type OtlpReceiver, otlpReceivers } from "../helpers/otlp-receiver.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newReceiver = otlpReceivers();

/** Bodies with so many points each. */
const bodiesOf = (...counts: number[]): OtlpBody[] =>
  counts.map((points, n) => {
    const dataPoints = Array.from({ length: points }, (_, value) => ({
      attributes: [],
      timeUnixNano: "1",
      asDouble: value,
    }));
    const metrics = [{ name: `x${n}`, gauge: { dataPoints } }];
    const resourceMetrics = [{ resource: { attributes: [] }, scopeMetrics: [{ metrics }] }];
    return { text: JSON.stringify({ resourceMetrics }), points };
  });

const patient: Patience = {
  triesMax: 3,
  lastsMs: 200_000,
  signal: new AbortController().signal,
};

function pushTo(
  { url }: Pick<OtlpReceiver, "url">,
  { bodies = bodiesOf(2), timeoutMs = 200_000, headers = {}, ...patience }: PushOptions = {},
) {
  const receiver = { url: new URL(url), headers, timeoutMs };
  return push(bodies, receiver, { ...patient, ...patience });
}

interface PushOptions extends Partial<Patience> {
  bodies?: OtlpBody[];
  timeoutMs?: number;
  headers?: Record<string, string>;
}

const none = { requests: 0, points: 0, rejected: 0, said: undefined };

test("bodies are posted one after the other, with the headers that are wanted", async () => {
  const receiver = newReceiver();
  const pushed = await pushTo(receiver, { bodies: bodiesOf(2, 3), headers: { "x-api-key": "47" } });
  expect(pushed).toEqual({ ...none, requests: 2, points: 5, fault: undefined });
  expect(receiver.wrong).toEqual([]);
  expect(receiver.received.map(({ path, metrics }) => [path, metrics[0]!.name])).toEqual([
    ["/v1/metrics", "x0"],
    ["/v1/metrics", "x1"],
  ]);
  const { headers } = receiver.received[0]!;
  expect(headers).toMatchObject({ "content-type": "application/json", "x-api-key": "47" });
});

test("what is not wanted of a request that was taken is counted, and not sent again", async () => {
  const receiver = newReceiver();
  const partialSuccess = { rejectedDataPoints: "1", errorMessage: "too old\u001b[2J" };
  receiver.answer = () => Response.json({ partialSuccess });
  const pushed = await pushTo(receiver, { bodies: bodiesOf(2, 2) });
  const said = "too old\\u001b[2J";
  expect(pushed).toEqual({ requests: 2, points: 4, rejected: 2, said, fault: undefined });
  expect(receiver.received.length).toBe(2);
});

test("an answer that says nothing, or nothing sensible, is that all was taken", async () => {
  const receiver = newReceiver();
  for (const body of [
    "",
    "ok",
    "[]",
    "null",
    '{"partialSuccess":null}',
    '{"partialSuccess":{"rejectedDataPoints":"many"}}',
    '{"partialSuccess":{"rejectedDataPoints":-1}}',
  ]) {
    receiver.answer = () => new Response(body);
    expect([body, await pushTo(receiver)]).toEqual([
      body,
      { ...none, requests: 1, points: 2, fault: undefined },
    ]);
  }
  receiver.answer = () => Response.json({ partialSuccess: { rejectedDataPoints: 1e9 } });
  expect(await pushTo(receiver)).toMatchObject({ points: 2, rejected: 2 });
});

test("a receiver that cannot take it now gets it again, when it says and no more often than is meant", async () => {
  for (const status of [429, 502, 503, 504]) {
    const receiver = newReceiver();
    const busy = () => new Response("", { status, headers: { "retry-after": "0" } });
    let left = 2;
    receiver.answer = () => (left-- > 0 ? busy() : Response.json({}));
    expect(await pushTo(receiver)).toMatchObject({ points: 2, fault: undefined });
    expect(receiver.received.length).toBe(3);
    receiver.answer = busy;
    const fault = { kind: "busy", what: `answered with ${status}`, restMs: 0 } as const;
    expect(await pushTo(receiver)).toEqual({ ...none, fault });
    expect(receiver.received.length).toBe(6);
  }
});

test("a receiver that says nothing of when is left alone for a while before it gets it again", async () => {
  const receiver = newReceiver();
  const at: number[] = [];
  receiver.answer = () => {
    at.push(performance.now());
    return at.length === 1 ? new Response("", { status: 503 }) : Response.json({});
  };
  expect(await pushTo(receiver)).toMatchObject({ points: 2, fault: undefined });
  // Half a second at least; a timer may be a little early.
  expect(at[1]! - at[0]!).toBeGreaterThan(450);
});

test("whoever wants to be left alone for longer than there is time is, and that is said", async () => {
  const receiver = newReceiver();
  receiver.answer = () => new Response("", { status: 429, headers: { "retry-after": "3600" } });
  const pushed = await pushTo(receiver, { bodies: bodiesOf(1, 1) });
  expect(pushed.fault).toEqual({ kind: "busy", what: "answered with 429", restMs: 3_600_000 });
  expect(receiver.received.length).toBe(1);
});

test("no try is begun for which there is hardly any time left", async () => {
  const receiver = newReceiver();
  receiver.answer = () => new Response("", { status: 503, headers: { "retry-after": "100" } });
  const pushed = await pushTo(receiver, { lastsMs: 100_400 });
  expect(pushed.fault).toMatchObject({ kind: "busy", what: "answered with 503" });
  expect(receiver.received.length).toBe(1);
});

test("what is refused is not sent again, nor is what stands behind it", async () => {
  const receiver = newReceiver();
  for (const [answer, what] of [
    [
      Response.json({ message: "no such\nfield" }, { status: 400 }),
      "answered with 400: no such\\u000afield",
    ],
    [new Response("<html>", { status: 404 }), "answered with 404"],
    [new Response("", { status: 413 }), "answered with 413"],
    [new Response("", { status: 401 }), "answered with 401"],
    [new Response("", { status: 500 }), "answered with 500"],
  ] as const) {
    receiver.received.length = 0;
    receiver.answer = () => answer;
    const pushed = await pushTo(receiver, { bodies: bodiesOf(1, 1) });
    expect(pushed).toEqual({ ...none, fault: { kind: "refused", what } });
    expect(receiver.received.length).toBe(1);
  }
});

test("a redirect is not followed, wherever it leads", async () => {
  const [receiver, other] = [newReceiver(), newReceiver()];
  for (const status of [301, 302, 303, 307, 308]) {
    receiver.answer = () => new Response("", { status, headers: { location: other.url } });
    const what = `answered with ${status}: redirects are not followed`;
    expect(await pushTo(receiver)).toEqual({ ...none, fault: { kind: "refused", what } });
  }
  expect(other.received).toEqual([]);
});

test("a receiver that is not there cannot be reached", async () => {
  // Somebody else could get a port that was just given up; this one nobody does.
  const pushed = await pushTo({ url: "http://127.0.0.1:1/" }, { triesMax: 1 });
  expect(pushed.fault).toMatchObject({ kind: "unreachable" });
  expect(pushed.fault!.what).toMatch(/^cannot be reached \(.*\)$/);
});

test("a receiver that takes and does not answer, or answers without an end, is late", async () => {
  const receiver = newReceiver();
  receiver.answer = () => new Promise<never>(() => {});
  const late = { kind: "late", what: "did not answer within 100ms" } as const;
  expect(await pushTo(receiver, { timeoutMs: 100, triesMax: 1 })).toEqual({ ...none, fault: late });
  receiver.answer = () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));
  expect(await pushTo(receiver, { timeoutMs: 100, triesMax: 1 })).toEqual({ ...none, fault: late });
  // One that does not even speak HTTP.
  const mute = createServer(() => {});
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  const { port } = mute.address() as { port: number };
  const pushed = await pushTo(
    { url: `http://127.0.0.1:${port}/` },
    { timeoutMs: 100, triesMax: 1 },
  );
  mute.close();
  expect(pushed).toEqual({ ...none, fault: late });
});

test("tries end with the time there is, not with their number", async () => {
  const receiver = newReceiver();
  receiver.answer = () => new Promise<never>(() => {});
  const pushed = await pushTo(receiver, { timeoutMs: 60_000, lastsMs: 200, triesMax: 1_000 });
  expect(pushed.fault).toMatchObject({ kind: "late" });
});

test("whoever is told to end ends while it waits for an answer, and while it rests", async () => {
  const receiver = newReceiver();
  for (const answer of [
    () => new Promise<never>(() => {}),
    () => new Response("", { status: 503, headers: { "retry-after": "25" } }),
  ]) {
    receiver.received.length = 0;
    receiver.answer = answer;
    const end = new AbortController();
    const pushing = pushTo(receiver, { signal: end.signal });
    await waitUntil("it was sent", () => receiver.received.length > 0);
    end.abort();
    expect(await pushing).toMatchObject({ points: 0 });
    expect(receiver.received.length).toBe(1);
  }
});
