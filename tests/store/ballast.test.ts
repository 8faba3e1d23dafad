import { existsSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { SkepError } from "../../src/core/errors.ts";
import { setAside, withBallast } from "../../src/store/ballast.ts";
import { lacks } from "../helpers/programs.ts";
import { tempDir as newDir } from "../helpers/temp-dir.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { programs } from "./start-program.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const newHome = tempHomes();
const start = programs();

const full = () => Object.assign(new Error("no room"), { code: "SQLITE_FULL" });
const place = (home: string) => ({ home, path: join(home, "bus.db") });

test("space is set aside once, takes real space, and nobody else may read it", () => {
  const home = newDir();
  expect(setAside(home)).toBe(true);
  const { size, blocks, mode, ino } = statSync(join(home, "ballast"));
  expect(size).toBe(4 * 1024 * 1024);
  expect(blocks * 512).toBeGreaterThanOrEqual(size);
  expect(mode & 0o777).toBe(0o600);
  expect(setAside(home)).toBe(true);
  expect(statSync(join(home, "ballast")).ino).toBe(ino);
});

test("where there is no such directory nothing is set aside, and nothing fails", () => {
  expect(setAside(join(newDir(), "gone"))).toBe(false);
});

test("what fails because the disk is full is done once more with that space", async () => {
  const home = newDir();
  setAside(home);
  let times = 0;
  const work = async () => {
    if (++times === 1) throw full();
    return "done";
  };
  expect(await withBallast(place(home), work)).toBe("done");
  expect([times, existsSync(join(home, "ballast"))]).toEqual([2, false]);
});

test("what fails again has failed, also where another process has just given the space back", async () => {
  const home = newDir();
  setAside(home);
  let times = 0;
  const work = async () => {
    times++;
    throw full();
  };
  await expect(withBallast(place(home), work)).rejects.toThrow("no room");
  expect(times).toBe(2);
  await expect(withBallast(place(home), work)).rejects.toThrow("no room");
  expect(times).toBe(4);
});

test("it is not spent on anything else, nor when all goes well", async () => {
  const home = newDir();
  setAside(home);
  expect(await withBallast(place(home), async () => 5)).toBe(5);
  for (const error of [
    new SkepError("E_STALE", "late"),
    new Error("a bug"),
    Object.assign(new Error("locked"), { code: "SQLITE_BUSY" }),
  ])
    await expect(withBallast(place(home), () => Promise.reject(error))).rejects.toBe(error);
  expect(existsSync(join(home, "ballast"))).toBe(true);
  rmSync(join(home, "ballast"));
});

const namespace = process.getuid?.() === 0 ? ["unshare", "-m"] : ["unshare", "-rm"];
const cannotMount =
  lacks("unshare", "mount") || Bun.spawnSync([...namespace, "true"]).exitCode !== 0;

interface Step {
  name: string;
  /** How many were free. */
  pages: number;
  code: string;
  /** Whether that took what was set aside. */
  spent: boolean;
  /** Whether the database says what it said before. */
  same: boolean;
}

describe.skipIf(cannotMount)("a disk that is full at every step (wants unshare and mount)", () => {
  async function tryAll(mode: "ballast" | "none"): Promise<Step[]> {
    const home = newHome();
    const small = `mount -t tmpfs -o size=6m tmpfs ${dirname(home)} && exec "$@"`;
    const program = start(
      "full-at-each-step.ts",
      [home, mode],
      [...namespace, "sh", "-c", small, "sh"],
    );
    expect([await program.ended, program.said()]).toEqual([0, expect.any(String)]);
    const said = program.values<Step & { integrity?: string }>();
    expect(said.pop()).toEqual({ integrity: "ok" } as never);
    return said;
  }

  const of = (steps: Step[], name: string) => steps.filter((step) => step.name === name);

  test("fails sends, acks, drains and copies of the log as a whole, and does them once there is room", async () => {
    const steps = await tryAll("none");
    for (const name of ["send", "ack", "drain", "checkpoint"]) {
      const [last, ...others] = of(steps, name).toReversed();
      expect(last).toMatchObject({ code: "done" });
      expect(others.length).toBeGreaterThan(0);
      for (const step of others) expect(step).toMatchObject({ code: "E_DISK", same: true });
    }
  });

  test("does not keep what ends work from being done, with what was set aside for it, and does not spend that on a send", async () => {
    const steps = await tryAll("ballast");
    for (const name of ["ack", "drain"]) {
      const [last, ...others] = of(steps, name).toReversed();
      expect(last).toMatchObject({ code: "done", spent: false });
      expect(others.length).toBeGreaterThan(0);
      for (const step of others)
        expect(step).toMatchObject({ code: "done", spent: true, same: false });
    }
    const [sent, ...refused] = of(steps, "send").toReversed();
    expect(sent).toMatchObject({ code: "done", spent: false });
    for (const step of refused)
      expect(step).toMatchObject({ code: "E_DISK", spent: false, same: true });
  });
});
