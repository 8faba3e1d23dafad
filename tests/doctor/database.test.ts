import { expect, test } from "bun:test";
import { isSkep, judgeLockers, judgeRun, judgeWhole } from "../../src/doctor/database.ts";

const ours = { pid: 7, command: "skep up swarm.toml", stopped: false };
const foreign = { pid: 8, command: "sqlite3 .skep/bus.db", stopped: false };
const isOurs = ({ command }: { command: string }) => command.startsWith("skep");

test("a database that is whole passes, and the first problem of another is told", () => {
  expect(judgeWhole([]).verdict).toBe("pass");
  expect(judgeWhole(["row 3 missing from index x", "and more"])).toMatchObject({
    verdict: "fail",
    says: "it is damaged: row 3 missing from index x, and 1 more",
  });
});
test("who has it open is told: skep is welcome, unless it is stopped, and others are named", () => {
  const of = (...lockers: (typeof ours)[]) =>
    judgeLockers(lockers, isOurs).map(({ verdict, says }) => `${verdict}: ${says}`);
  expect(of()).toEqual(["pass: nobody has it open"]);
  expect(of(ours, { ...ours, pid: 9 })).toEqual(["pass: 2 processes of skep have it open"]);
  expect(of(ours, foreign)).toEqual([
    "warn: process 8 (sqlite3 .skep/bus.db) has the database open, and is not skep",
  ]);
  expect(of({ ...ours, stopped: true }, foreign)).toHaveLength(2);
  expect(judgeLockers([{ ...foreign, stopped: true }], isOurs)[0]).toMatchObject({
    says: "process 8 (sqlite3 .skep/bus.db) has the database open, is stopped, and is not skep",
    fix: "Let it go on, kill -CONT 8, and close it.",
  });
});
test.each([
  ["/usr/local/bin/skep up swarm.toml", true],
  ["/opt/skep-linux-x64 recv a --wait 10m", true],
  ["node dist/skep.mjs up swarm.toml", true],
  ["/usr/bin/deno run --allow-all /opt/skep.mjs ps", true],
  ["sqlite3 .skep/bus.db", false],
  ["python3 -c import sqlite3 /home/x/.skep/bus.db", false],
  ["?", false],
])("%s is taken for skep: %p", (command, is) => {
  expect(isSkep({ command })).toBe(is);
});
test("a run whose supervisor is dead is warned of", () => {
  const run = {
    id: 3,
    swarm: "census",
    state: "running",
    alive: true,
    returns: false,
    startedAt: 0,
  };
  expect(judgeRun(undefined, 0).verdict).toBe("pass");
  expect(judgeRun(run, 60_000)).toMatchObject({
    verdict: "pass",
    says: "run 3 of census, started 1m ago, is up",
  });
  expect(judgeRun({ ...run, alive: false, state: "stopped" }, 60_000).verdict).toBe("pass");
  expect(judgeRun({ ...run, alive: false }, 60_000).verdict).toBe("warn");
  expect(judgeRun({ ...run, alive: false, returns: true }, 60_000).verdict).toBe("pass");
});
