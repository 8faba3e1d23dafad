import { expect, test } from "bun:test";
import { join } from "node:path";
import { lacks } from "../helpers/programs.ts";
import { fixtures } from "./swarm-place.ts";

test.skipIf(lacks("setsid") || process.platform !== "linux")(
  "strays are killed by their mark, or all of them with what they have started; a child of one's own never is",
  async () => {
    const child = Bun.spawn([process.execPath, join(fixtures, "take-in.ts")], { stdout: "pipe" });
    expect(JSON.parse(await child.stdout.text())).toEqual({ killed: [1, 2], left: [1, 1, 1, 0] });
    expect(await child.exited).toBe(0);
  },
  20_000,
);
