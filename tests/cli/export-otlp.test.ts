import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { expect, setDefaultTimeout, test } from "bun:test";
import { otlpReceivers } from "../helpers/otlp-receiver.ts";
import { newSkep } from "../helpers/skep.ts";
import { tempDir } from "../helpers/temp-dir.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const newReceiver = otlpReceivers();

function newHome() {
  const [run, home] = [newSkep(), tempDir()];
  return { home, skep: (words: string[]) => run(words, "", { SKEP_HOME: home }) };
}

test("one push tells the same as the export for Prometheus, and prints what went through", async () => {
  const { skep } = newHome();
  const receiver = newReceiver();
  await skep(["send", "a1", "x"]);
  await skep(["metrics", "emit", "build.time", "812", "--unit", "ms", "--tag", "phase=link"]);
  const once = ["export", "otlp", "--once", "--endpoint", receiver.url];
  const { status, stdout } = await skep(once);
  const [{ metrics }] = receiver.received as [(typeof receiver.received)[0]];
  const count = metrics.reduce((sum, { points }) => sum + points.length, 0);
  const { host } = new URL(receiver.url);
  expect([status, stdout]).toEqual([0, `${count} points in 1 request to ${host}\n`]);
  const samples = (await skep(["export", "prometheus"])).stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  expect(count).toBe(samples.length);
  for (const { name, kind, points } of metrics)
    for (const { attributes } of points) {
      const labels = Object.entries(attributes).map(([label, value]) => `${label}="${value}"`);
      const text = `${name}${kind === "sum" ? "_total" : ""}${labels.length > 0 ? `{${labels.join()}}` : ""} `;
      expect([text, samples.some((line) => line.startsWith(text))]).toEqual([text, true]);
    }
  const json = await skep([...once, "--json"]);
  const line = { to: host, requests: 1, points: count, rejected: 0, said: null };
  expect(JSON.parse(json.stdout)).toEqual(line);
});

test("what goes wrong is an exit status, and what to do about it", async () => {
  const { home, skep } = newHome();
  const receiver = newReceiver();
  const once = (url: string, ...more: string[]) =>
    skep(["export", "otlp", "--once", "--endpoint", url, ...more]);
  const { host } = new URL(receiver.url);

  receiver.answer = () => Response.json({ message: "no" }, { status: 400 });
  expect(await once(receiver.url)).toMatchObject({ status: 8, stdout: "" });
  receiver.answer = () => new Response("", { status: 429, headers: { "retry-after": "3600" } });
  const busy = await once(receiver.url, "--json");
  expect([busy.status, JSON.parse(busy.stderr).error]).toEqual([
    4,
    expect.objectContaining({ code: "E_BUSY", retry_after_ms: 3_600_000 }),
  ]);
  const partialSuccess = { rejectedDataPoints: "2", errorMessage: "too old" };
  receiver.answer = () => Response.json({ partialSuccess });
  const partial = await once(receiver.url);
  expect(partial.status).toBe(8);
  expect(partial.stdout).toContain("; 2 of them were not wanted: too old\n");
  expect(partial.stderr).toContain(`${host} did not want 2 of `);
  receiver.answer = () => new Promise<never>(() => {});
  const late = await once(receiver.url, "--set", "export.otlp_timeout=100ms");
  expect([late.status, late.stderr]).toEqual([
    4,
    expect.stringContaining(`metrics were not taken: ${host} did not answer within`),
  ]);

  expect((await skep(["export", "otlp"])).stderr).toContain("nobody is named to push metrics to");
  const far = await once("http://collector.example.com/hidden");
  expect([far.status, far.stderr]).toEqual([
    2,
    expect.stringContaining("names the host collector.example.com, which is not this machine"),
  ]);
  expect((await once("collector")).status).toBe(2);
  for (const words of [
    ["export", "otlp", "metrics"],
    ["export", "otlp", "--format", "openmetrics"],
    ["export", "prometheus", "--once"],
    ["export", "csv", "--endpoint", receiver.url],
  ])
    expect([words, (await skep(words)).status]).toEqual([words, 2]);

  writeFileSync(
    join(home, "skep.toml"),
    '[export]\n# far away\notlp_endpoint = "https://collector.example.com/v1/metrics"\n',
  );
  const checked = await skep(["config", "check"]);
  expect(checked.status).toBe(2);
  expect(checked.stdout + checked.stderr).toContain(
    "skep.toml:3: export.otlp_endpoint names the host collector.example.com, which is not this machine",
  );
  expect((await skep(["send", "a1", "x"])).status).toBe(2);
});

test("without --once it goes on until a signal comes, and then pushes once more", async () => {
  // The last push has a second, and a machine that stands still for longer only ever loses it: one that comes shows that it is made.
  let came = false;
  for (let tries = 0; tries < 10 && !came; tries++) came = await pushesOnceMore();
  expect(came).toBe(true);
});

/** Whether anything comes after a Ctrl-C to an export that has pushed twice. */
async function pushesOnceMore(): Promise<boolean> {
  const { home } = newHome();
  const receiver = newReceiver();
  const program = join(import.meta.dir, "..", "..", "bin", "skep.ts");
  const words = ["export", "otlp", "--endpoint", receiver.url, "--set", "export.otlp_every=5s"];
  const child = Bun.spawn([process.execPath, program, ...words], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], SKEP_HOME: home },
    stdout: "pipe",
    stderr: "pipe",
  });
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let said = "";
  const lines = () => said.split("\n").length - 1;
  const hear = async () => {
    const { value, done } = await reader.read();
    said += decoder.decode(value);
    return !done;
  };
  let goesOn = true;
  while (goesOn && lines() < 2) goesOn = await hear();
  const before = lines();
  child.kill("SIGINT");
  while (goesOn) goesOn = await hear();
  expect(await child.exited).toBe(130);
  // Of what came late it says nothing.
  expect(receiver.received.length).toBeGreaterThanOrEqual(lines());
  return receiver.received.length > before;
}
