import { expect, test } from "bun:test";
import { join } from "node:path";
import { lacks } from "../helpers/programs.ts";
import { fixtures } from "./swarm-place.ts";

test.skipIf(lacks("prlimit"))(
  "a program is started when there is room to see to it, and otherwise not even half (wants prlimit)",
  async () => {
    const fixture = [process.execPath, join(fixtures, "fill-files.ts")];
    const child = Bun.spawn(["prlimit", "--nofile=64", ...fixture], { stdout: "pipe" });
    const outcomes = Object.values(JSON.parse(await child.stdout.text()) as string[]);
    const refusal = "true cannot be started: too many files are open here (ulimit -n) (EMFILE)";
    expect(outcomes).toEqual([...Array.from({ length: 16 }, () => refusal), "0"]);
  },
);
