import { afterEach, expect, test } from "bun:test";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { send } from "../../src/core/post.ts";

const open: { stop(force: boolean): unknown }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) void server.stop(true);
});

function serve(answer: (request: Request) => Response | Promise<Response>): URL {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
  open.push(server);
  return new URL(`http://127.0.0.1:${server.port}/here`);
}

const calm = () => new AbortController().signal;

test("a body is posted as it is, and the answer comes with its words", async () => {
  const url = serve(async (request) => {
    const said = [request.method, request.headers.get("x-a"), await request.text()].join();
    return new Response(said, { status: 418, headers: { "retry-after": "7" } });
  });
  expect(await send({ url, headers: { "x-a": "b" }, body: "für dich" }, calm())).toEqual({
    status: 418,
    retryAfter: "7",
    text: "POST,b,für dich",
  });
});

test("of an answer without an end the beginning is read", async () => {
  const url = serve(
    () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(50_000).fill(97)),
        }),
      ),
  );
  const { text } = await send({ url, headers: {}, body: "x" }, calm());
  expect(text).toBe("a".repeat(65_536));
});

test("whoever wants to go on in another protocol has answered, and is left", async () => {
  const words = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n";
  const server = createServer((connection) => {
    connection.on("error", () => {});
    connection.once("data", () => connection.write(words));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${port}/`);
  const answer = await send({ url, headers: {}, body: "x" }, calm());
  expect(answer).toEqual({ status: 101, retryAfter: undefined, text: "" });
  // It has ended once each connection has.
  await new Promise((resolve) => server.close(resolve));
});

test("localhost is found wherever of the two it listens", async () => {
  const url = serve(() => new Response("here"));
  url.hostname = "localhost";
  expect((await send({ url, headers: {}, body: "x" }, calm())).text).toBe("here");
});

test("no proxy is asked that the environment names", async () => {
  let asked = 0;
  const proxy = serve(() => (asked++, new Response("the proxy"))).origin;
  const url = serve(() => new Response("whom it was for"));
  const program = `
    import { send } from ${JSON.stringify(join(import.meta.dir, "../../src/core/post.ts"))};
    const answer = await send(
      { url: new URL(process.argv[1]), headers: {}, body: "x" },
      new AbortController().signal,
    );
    console.log(answer.text);`;
  const names = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
  const child = Bun.spawn([process.execPath, "-e", program, url.href], {
    env: {
      ...process.env,
      ...Object.fromEntries(names.map((name) => [name, proxy])),
      no_proxy: "",
    },
    stdout: "pipe",
    stderr: "inherit",
  });
  expect(await child.stdout.text()).toBe("whom it was for\n");
  expect(asked).toBe(0);
});
