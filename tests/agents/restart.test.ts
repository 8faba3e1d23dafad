import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { decideRestart, treeRestartsMax, usualRestart } from "../../src/agents/restart.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();

// Held back, whoever starts again rests for longer.
const unheld = '[governor]\nmode = "off"\n[agents]\nstop_grace = "200ms"\n';

describe("the decision", () => {
  const decide = (restarts: number[], random = 0, tick = 100_000) =>
    decideRestart(usualRestart, true, restarts, tick, random);
  test("never, on failure and always mean what they say", () => {
    const after = (when: "never" | "on-failure" | "always", failure: boolean) =>
      "restartInMs" in decideRestart({ ...usualRestart, when }, failure, [], 0, 0);
    expect(["never", "on-failure", "always"].map((when) => after(when as never, true))).toEqual([
      false,
      true,
      true,
    ]);
    expect(["never", "on-failure", "always"].map((when) => after(when as never, false))).toEqual([
      false,
      false,
      true,
    ]);
  });
  test("three restarts within a minute are allowed, and older ones are forgotten", () => {
    expect(decide([50_000, 60_000])).toEqual({ restartInMs: 1_000 });
    expect(decide([50_000, 60_000, 70_000])).toEqual({
      stays: true,
      why: "restarted 3 times in 1m",
    });
    expect(decide([40_000, 60_000, 70_000])).toEqual({ restartInMs: 1_000 });
  });
  test("the rest is drawn between a second and twice as much each time, up to the most", () => {
    expect([decide([], 1), decide([90_000], 1), decide([90_000, 95_000], 1)]).toEqual([
      { restartInMs: 1_000 },
      { restartInMs: 2_000 },
      { restartInMs: 4_000 },
    ]);
    const patient = { ...usualRestart, max: 100, backoffMaxMs: 5_000 };
    const many = Array.from({ length: 50 }, (_, index) => 99_000 + index);
    expect(decideRestart(patient, true, many, 100_000, 1)).toEqual({ restartInMs: 5_000 });
  });
  test("whatever the policy, an agent rests for a second at least, and its restarts are bounded", () => {
    const whole = fc.nat({ max: 100_000 });
    fc.assert(
      fc.property(
        whole,
        whole,
        fc.nat({ max: 10 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (backoffMinMs, backoffMaxMs, max, random) => {
          const policy = { ...usualRestart, max, backoffMinMs, backoffMaxMs };
          const restarts: number[] = [];
          for (let tick = 0; ;) {
            const decision = decideRestart(policy, true, restarts, tick, random);
            if ("stays" in decision) break;
            expect(decision.restartInMs).toBeGreaterThanOrEqual(1_000);
            tick += decision.restartInMs;
            restarts.push(tick);
            if (tick > 600_000) break;
          }
          for (const one of restarts) {
            const within = restarts.filter(
              (other) => other >= one && other - one < policy.periodMs,
            );
            expect(within.length).toBeLessThanOrEqual(Math.max(max, 0));
          }
        },
      ),
    );
  });
  test("a swarm may have 20 restarts in a minute, a large one a tenth of its agents", () => {
    expect([1, 100, 200, 201, 708].map(treeRestartsMax)).toEqual([20, 20, 20, 21, 71]);
  });
});

describe("an agent that crashes", () => {
  test("starts again after a rest, in the same host, and its message is tried again", async () => {
    const place = await newPlace(unheld);
    // The first time it dies of what it reads.
    const script = `read line; test -e ${place.directory}/again || { touch ${place.directory}/again; kill -9 $$; }
      r=\${line#*receipt\\":\\"}; echo "{\\"ack\\":\\"\${r%%\\"*}\\"}"; read end`;
    const up = place.up({
      a: { runner: "stream", command: ["sh", "-c", script], restart: "on-failure" },
    });
    const before = await place.becomes("a", "ready");
    await place.send("a", "work");
    // Whoever looks seldom does not see it rest; the next test does.
    const after = await waitUntil("another program is at it", async () => {
      const now = await place.becomes("a", "ready", "busy");
      return now.programPid !== before.programPid && now;
    });
    expect(after).toMatchObject({ restarts: 1, reason: null, hostPid: before.hostPid });
    await place.counts("a", { acked: 1, dead: 0 });
    up.kill("SIGTERM");
    expect((await up.ended).stderr).toMatch(/^a starts again in 1\.0s: sh was ended by SIGKILL$/m);
  });
  test("in a loop has failed after three restarts, with the end of its log as evidence, and can be started anew", async () => {
    const place = await newPlace(unheld);
    // Its starts may be slow, and none of them is to be forgotten.
    const often = { backoff_max: "1s", restart_period: "1h" };
    const bad = { command: ["sh", "-c", "seq 30; exit 3"], ...often };
    const up = place.up({
      bad: { ...bad, restart: "on-failure" },
      other: { command: ["sleep", "1000"] },
    });
    const failed = await place.becomes("bad", "failed");
    expect(failed.reason).toBe("sh exited with 3; restarted 3 times in 1h");
    expect(failed.restarts).toBe(3);
    const lines = Array.from({ length: 20 }, (_, index) => String(index + 11));
    expect(failed.evidence).toBe(lines.join("\n"));
    expect((await place.skep(["restart", "bad"])).stdout).toBe("bad\n");
    // It fails again, and starts again for that.
    await waitUntil("it was started", async () => (await place.agent("bad"))!.restarts > 3);
    up.kill("SIGTERM");
    expect((await up.ended).status).toBe(143);
  }, 240_000);
  test("and rests starts again all the same when its host is killed meanwhile, and is not waited for by down", async () => {
    const place = await newPlace(`${unheld}drain_timeout = "5m"\n`);
    const bad = { command: ["sh", "-c", "test -e well && exec sleep 1000; exit 3"] };
    const onFailure = { restart: "on-failure", restart_max: 100 };
    const up = place.up({
      // Long enough for both to be seen at rest; whoever looks seldom sees it later, for it rests again and again.
      a: { ...bad, ...onFailure, backoff_min: "20s", backoff_max: "20s" },
      b: { ...bad, restart: "on-failure", backoff_min: "1h", backoff_max: "1h" },
      other: { command: ["sleep", "1000"] },
    });
    await place.becomes("other", "ready");
    const before = await waitUntil("both rest", async () => {
      const all = await place.app.agents();
      const rests = (name: string, rest: string) =>
        all.find(
          (one) =>
            one.name === name &&
            one.state === "starting" &&
            one.reason === `starts again in ${rest}: sh exited with 3`,
        );
      return rests("b", "1h") && rests("a", "20.0s");
    });
    // The host of one that rests waits for it.
    const host = before.hostPid!;
    process.kill(host, "SIGKILL");
    await Bun.write(join(place.directory, "well"), "");
    // Unless its rest was over by then, and it has failed once more.
    const later = Math.floor((Date.now() - before.changedAt) / 20_000);
    const after = await place.becomes("a", "ready");
    expect(after.reason).toBeNull();
    expect(after.restarts).toBeGreaterThanOrEqual(before.restarts);
    expect(after.restarts).toBeLessThanOrEqual(before.restarts + later);
    expect(after.hostPid).not.toBe(host);
    const { stdout } = await place.skep(["down", "--json"]);
    const { agents, drain_ms: drainMs } = JSON.parse(stdout);
    expect(agents).toEqual({ stopped: 3, failed: 0, dead: 0 });
    expect(drainMs).toBeLessThan(150_000);
    expect((await up.ended).status).toBe(0);
  }, 240_000);
  test("but one whose exit is a success by its file has stopped", async () => {
    const place = await newPlace();
    const a = {
      command: ["sh", "-c", "exit 7"],
      restart: "on-failure",
      success_exit_codes: [0, 7],
    };
    expect((await place.up({ a }).ended).status).toBe(0);
    expect(await place.agent("a")).toMatchObject({ state: "stopped", restarts: 0 });
  });
  test("too many of them at once, and the swarm gives up", async () => {
    const place = await newPlace();
    const bad = { command: ["false"], restart: "always", count: 21, restart_max: 100 };
    const { status, stderr } = await place.up({ bad }).ended;
    expect(status).toBe(8);
    expect(stderr).toMatch(/^s gave up: more than 20 restarts in 1m$/m);
    expect(place.left()).toEqual([]);
  });
});
