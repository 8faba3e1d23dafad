import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Place, exists, fixtures, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();

/** A module that answers with `word` and what it sees of its process. */
const saying = (word: string) =>
  `export const handle = () => \`${word} \${process.env.MODE} \${process.cwd()}\`;`;

/** What the agent `name` answers, which may have to start first. */
async function asks(place: Place, name: string): Promise<string> {
  const words = ["request", name, "which?", "--timeout", "2m"];
  return JSON.parse((await place.skep(words)).stdout).body;
}

/** The hosts that agents are in, once all of them are ready in others than `before`. */
async function hostsOf(place: Place, names: readonly string[], before = 0): Promise<Set<number>> {
  const hosts = names.map((name) =>
    waitUntil(`${name} has a host`, async () => {
      const agent = await place.agent(name);
      return agent?.state === "ready" && agent.hostPid !== before ? agent.hostPid! : undefined;
    }),
  );
  return new Set(await Promise.all(hosts));
}

test("an agent that is restarted gets another host, which reads the settings anew, also while it rests", async () => {
  const place = await newPlace();
  const backoff = { restart: "on-failure", backoff_min: "1h", backoff_max: "1h" };
  const up = place.up({
    well: { command: ["sleep", "1000"] },
    flaky: { ...backoff, command: ["sh", "-c", "test -e well && exec sleep 1000; exit 3"] },
  });
  const before = await place.becomes("well", "ready");
  await place.skep(["restart", "well"]);
  const [after] = await hostsOf(place, ["well"], before.hostPid!);
  expect(after).not.toBe(before.hostPid!);
  const { hostPid } = await waitUntil("it rests", async () => {
    const agent = await place.agent("flaky");
    return agent?.reason?.startsWith("starts again in") ? agent : undefined;
  });
  await Bun.write(join(place.directory, "well"), "");
  await place.skep(["restart", "flaky"]);
  await hostsOf(place, ["flaky"], hostPid!);
  await waitUntil("their first hosts have ended", () => ![before.hostPid!, hostPid!].some(exists));
  up.kill("SIGTERM");
  await up.ended;
});

describe("a module that starts again", () => {
  test("is loaded anew, with the environment and the directory of now", async () => {
    const place = await newPlace();
    const path = join(place.directory, "m.ts");
    await Bun.write(path, saying("one"));
    const one = { runner: "module", module: path, env: ["PATH", { MODE: "slow" }] };
    const up = place.up({ m: one });
    const { hostPid } = await place.becomes("m", "ready");
    expect(await asks(place, "m")).toBe(`one slow ${place.directory}`);
    await Bun.write(path, saying("two"));
    await place.skep(["restart", "m"]);
    expect(await asks(place, "m")).toBe(`two slow ${place.directory}`);
    await waitUntil("its first host has ended", () => !exists(hostPid!));
    const other = { ...one, env: ["PATH", { MODE: "fast" }], cwd: fixtures };
    expect((await place.up({ m: other }).ended).stdout).toBe("started anew: m\nunchanged: 0\n");
    expect(await asks(place, "m")).toBe(`two fast ${fixtures}`);
    up.kill("SIGTERM");
    await up.ended;
  });
  test("is loaded anew after a failure, too", async () => {
    const place = await newPlace();
    const path = join(place.directory, "m.ts");
    await Bun.write(path, "throw new Error('not yet');");
    // Not so often that the swarm would give up before it is mended.
    const rest = { backoff_min: "4s", backoff_max: "4s" };
    const often = { restart: "on-failure", restart_max: 1_000, ...rest };
    const up = place.up({ m: { ...often, runner: "module", module: path } });
    await waitUntil("it has failed", async () => ((await place.agent("m"))?.restarts ?? 0) > 0);
    await Bun.write(path, saying("one"));
    await place.becomes("m", "ready");
    up.kill("SIGTERM");
    await up.ended;
  });
  test("does so in the process that it shares with others, unless these do so too or it is to see something else", async () => {
    const place = await newPlace();
    const path = join(place.directory, "m.ts");
    await Bun.write(path, saying("one"));
    const env = ["PATH", { MODE: "slow" }];
    const shared = { runner: "module", module: path, count: 2, pool: 1, env };
    const up = place.up({ m: shared });
    const names = ["m-1", "m-2", "m-3"];
    const [first] = await hostsOf(place, names.slice(0, 2));
    await Bun.write(path, saying("two"));
    await place.skep(["restart", "m-1"]);
    expect(await asks(place, "m-1")).toBe(`one slow ${place.directory}`);
    await place.skep(["restart", "m"]);
    const [second, ...more] = await hostsOf(place, names.slice(0, 2), first);
    expect(more).toEqual([]);
    expect(await asks(place, "m-1")).toBe(`two slow ${place.directory}`);
    await waitUntil("their first host has ended", () => !exists(first!));
    await place.up({ m: { ...shared, count: 3, env: ["PATH", { MODE: "fast" }] } }).ended;
    for (const name of names) expect(await asks(place, name)).toBe(`two fast ${place.directory}`);
    expect((await hostsOf(place, names, second)).size).toBe(1);
    await waitUntil("their second host has ended", () => !exists(second!));
    up.kill("SIGTERM");
    await up.ended;
  });
});
