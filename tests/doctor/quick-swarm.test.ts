import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { decisionOn, judgeSmoke, judgeStart, runQuickSwarm } from "../../src/doctor/quick-swarm.ts";
import { skepExecutable } from "../helpers/executable.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { waitUntil } from "../helpers/wait-until.ts";

setDefaultTimeout(240_000);

// On a busy machine everything may take long, also the end of a program.
const options = {
  env: { PATH: "/usr/local/bin:/usr/bin:/bin", SKEP_AGENTS_STOP_GRACE: "100s" },
  patience: 20,
  tell() {},
  signal: new AbortController().signal,
};

test("20 agents work for a while, and nothing of them is left", async () => {
  const place = tempDir();
  const told: string[] = [];
  const skep = [await skepExecutable()];
  const finding = await runQuickSwarm({
    ...options,
    place,
    skep,
    tell: (text) => void told.push(text),
  });
  expect(finding.says).toMatch(/^20 agents settled (\d+) of \1 messages in \d+\.\d s, and nothing/);
  expect(finding.verdict).toBe("pass");
  expect(told).toEqual(["starting 20 agents", "working for 5 s"]);
  expect(readdirSync(place)).toEqual([]);
});
test("one that does not get up says so, and leaves nothing either", async () => {
  const place = tempDir();
  const finding = await runQuickSwarm({ ...options, place, skep: ["false"] });
  expect(finding).toMatchObject({ verdict: "fail", says: "skep up ended by itself" });
  expect(existsSync(place)).toBe(true);
  expect(readdirSync(place)).toEqual([]);
});
test("one that is refused says why, and what to do", async () => {
  const env = { ...options.env, SKEP_BUS_LEASE: "never" };
  const skep = [await skepExecutable()];
  expect(await runQuickSwarm({ ...options, env, place: tempDir(), skep })).toMatchObject({
    verdict: "fail",
    says: 'skep up ended by itself: SKEP_BUS_LEASE must be a duration from 10ms to 7d, not "never"',
    fix: "Write a number and a unit: 500ms, 5s, 2m or 1h.",
  });
});
test("the number of agents and the port that its caller has set are for another swarm", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const env = { ...options.env, SKEP_PROFILE: "dev", SKEP_METRICS_PORT: String(port) };
  const finding = await runUntilWork([await skepExecutable()], env);
  taken.close();
  expect(finding.says).toStartWith("20 agents settled ");
});
test("one whose skep down is refused is a finding with the reason", async () => {
  const script = `case $1 in
    up) exec sleep 600;;
    ps) for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
        do echo '{"name":"a","state":"ready","reason":null}'; done;;
    sql) echo '{"open":0}';;
    down) echo '{"error":{"message":"the disk is full","hint":"Make room."}}' >&2; exit 7;;
  esac`;
  expect(await runUntilWork(["sh", "-c", script, "skep"], options.env)).toMatchObject({
    verdict: "fail",
    says: "skep down ended with 7: the disk is full",
    fix: "Make room.",
  });
});
test("of a batch that finds no room for all of it what was sent counts", async () => {
  const script = `case $1 in
    up) echo $$ >pid; exec sleep 600;;
    ps) for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
        do echo '{"name":"a","state":"ready","reason":null}'; done;;
    send) cat >/dev/null; echo x >>sent; sleep 1
        echo '{"id":1,"to":"work","created":true}'; echo '{"error":{"code":"E_FULL"}}'; exit 4;;
    sql) echo '{"open":0}';;
    down) kill $(cat pid); n=$(wc -l <sent)
        echo '{"killed":0,"conservation":{"ended":'$n',"holds":true}}';;
  esac`;
  const skep = ["sh", "-c", script, "skep"];
  const finding = await runQuickSwarm({ ...options, place: tempDir(), skep });
  expect(finding.says).toMatch(/^20 agents settled (\d+) of \1 messages/);
});
test("one that cannot be started at all, or has no place, is a finding like any other", async () => {
  const place = tempDir();
  const lost = await runQuickSwarm({ ...options, place, skep: [join(place, "skep")] });
  expect(lost).toMatchObject({
    verdict: "fail",
    says: expect.stringContaining("cannot be started"),
  });
  const file = join(place, "file");
  writeFileSync(file, "");
  expect(await runQuickSwarm({ ...options, place: file, skep: ["false"] })).toMatchObject({
    verdict: "fail",
    says: `nothing can be written in ${file} (ENOTDIR)`,
  });
  expect(readdirSync(place)).toEqual(["file"]);
});
test("one that is told to end takes its swarm down, however far it was, and leaves nothing", async () => {
  const place = tempDir();
  const over = new AbortController();
  const skep = [await skepExecutable()];
  const running = runQuickSwarm({ ...options, place, skep, signal: over.signal });
  const isThere = (name: string) => existsSync(join(place, name, "home", "bus.db"));
  await waitUntil("it has opened its home", () => readdirSync(place).some(isThere));
  over.abort();
  expect((await running).check).toBe("quick swarm");
  expect(readdirSync(place)).toEqual([]);
  // Whoever was killed may take a while to be gone.
  await waitUntil("nobody is left", () => processesOf(place).length === 0);
});
test("agents that cannot be started are told of with the reason of the first", () => {
  const ready = { name: "a-1", state: "ready", reason: null };
  const starting = { name: "a-2", state: "starting", reason: null };
  expect(judgeStart([ready, starting])).toBeUndefined();
  const out = { name: "a-3", state: "failed", reason: "too many files are open (EMFILE)" };
  expect(judgeStart([ready, out, { ...out, name: "a-4" }])).toMatchObject({
    verdict: "fail",
    says: "2 of 20 agents could not be started; a-3: too many files are open (EMFILE)",
  });
});
test("what was lost, left or killed is a fault", () => {
  const good = { sent: 400, acked: 400, holds: true, killed: 0, seconds: 5.04 };
  expect(judgeSmoke(good)).toMatchObject({
    verdict: "pass",
    says: "20 agents settled 400 of 400 messages in 5.0 s, and nothing was left",
  });
  for (const bad of [{ holds: false }, { acked: 399 }, { sent: 0, acked: 0 }, { killed: 1 }])
    expect(judgeSmoke({ ...good, ...bad }).verdict).toBe("fail");
});
test("all well is GO, a warning CONDITIONAL, and a failure NO-GO", () => {
  expect((["pass", "warn", "fail"] as const).map(decisionOn)).toEqual([
    "GO",
    "CONDITIONAL",
    "NO-GO",
  ]);
});

/** Runs one that is told to end as soon as it is at work. */
async function runUntilWork(skep: string[], env: Record<string, string>) {
  const over = new AbortController();
  const tell = (text: string) => {
    if (text.startsWith("working")) over.abort();
  };
  const place = tempDir();
  return await runQuickSwarm({ ...options, place, skep, env, tell, signal: over.signal });
}

/** The command lines of all processes that name `place`. */
function processesOf(place: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8")];
      } catch {
        // It has just ended.
        return [];
      }
    })
    .filter((command) => command.includes(place));
}
