import { describe, expect, test } from "bun:test";
import {
  type Room,
  bytesText,
  needsOf,
  plainAgents,
  shortages,
} from "../../src/config/capacity.ts";
import { defaults } from "../../src/config/settings.ts";
import type { AgentSpec } from "../../src/config/swarm.ts";

const mebibyte = 1024 * 1024;
const roomy: Room = {
  cores: 2,
  memoryBytes: 1e12,
  filesMax: 1e6,
  tasksLeft: Infinity,
  diskBytes: 1e15,
};
const plain = (count: number, pool = 0) => plainAgents(count, pool);
const like = (agents: AgentSpec[], change: Partial<AgentSpec>) =>
  agents.map((agent) => ({ ...agent, ...change }));

describe("what a swarm takes", () => {
  test("grows with its hosts, and hardly with its agents where they share them", () => {
    const [one, ten, pooled] = [plain(1), plain(10), plain(10, 2)].map((agents) =>
      needsOf(agents, defaults),
    );
    expect([one!.hosts, ten!.hosts, pooled!.hosts]).toEqual([1, 10, 2]);
    expect(ten!.memoryBytes - one!.memoryBytes).toBe(9 * 6.5e6);
    expect(pooled!.memoryBytes - one!.memoryBytes).toBe(6.5e6);
    expect(ten!.tasks - one!.tasks).toBe(9 * (4 + 1));
  });
  test("counts programs as the runner starts them", () => {
    const programs = (agents: AgentSpec[]) => needsOf(agents, defaults).programs;
    expect(programs(like(plain(10), { runner: "self" }))).toBe(10);
    expect(programs(like(plain(10), { runner: "exec" }))).toBe(10);
    expect(programs(like(plain(10, 2), { runner: "exec", atOnce: 3 }))).toBe(6);
    expect(programs(like(plain(10, 2), { runner: "exec", atOnce: 30 }))).toBe(10);
    expect(programs(like(plain(10, 2), { runner: "stream", spare: 2 }))).toBe(14);
    expect(programs(like(plain(10), { runner: "module" }))).toBe(0);
  });
  test("is no more hosts than agents", () => {
    expect(needsOf(plain(3, 8), defaults).hosts).toBe(3);
  });
  test("counts each inbox once on the disk, by its own limits, and two logs for each agent", () => {
    const logs = 2 * defaults.agents.logBytesMax;
    const disk = (agents: AgentSpec[]) => needsOf(agents, defaults).diskBytes;
    expect(disk(plain(3))).toBe(3 * (64 * mebibyte + logs));
    expect(disk(like(plain(3), { inbox: "shared" }))).toBe(64 * mebibyte + 3 * logs);
    expect(disk(like(plain(1), { limits: { cap: 2 } }))).toBe(2 * mebibyte + logs);
    expect(disk(like(plain(1), { limits: { bytes: 5 }, logBytesMax: 7 }))).toBe(5 + 14);
  });
});

describe("what is not enough", () => {
  const needs = needsOf(plain(100), defaults);
  const short = (room: Partial<Room>) =>
    shortages(needs, { ...roomy, ...room }).map(({ what }) => what);

  test("is nothing where there is as much as is needed", () => {
    expect(short({})).toEqual([]);
    const exact = { memoryBytes: needs.memoryBytes, tasksLeft: needs.tasks, filesMax: needs.files };
    expect(short({ ...exact, diskBytes: needs.diskBytes })).toEqual([]);
  });
  test("is memory, processes, files and disk, all of them at once", () => {
    expect(
      short({ memoryBytes: 100 * mebibyte, tasksLeft: 9, filesMax: 256, diskBytes: 0 }),
    ).toEqual([
      "needs 716 MiB of memory besides its programs, and 100 MiB are free",
      "needs 532 processes and threads, and there may be 9 more",
      "needs 464 open files in one process, and 256 are allowed",
      "takes 8.2 GiB of disk when its inboxes and logs are full, and 0 MiB are free",
    ]);
  });
});

test("bytes read as people have them", () => {
  expect([1, 5 * mebibyte, 1536 * mebibyte, Infinity].map(bytesText)).toEqual([
    "1 MiB",
    "5 MiB",
    "1.5 GiB",
    "any number of bytes",
  ]);
});
