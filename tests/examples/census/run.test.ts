import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { programs } from "./programs.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

test("bad usage ends with 2, says how it is meant, and starts nothing", async () => {
  const bad = [
    ["--colour"],
    ["one", "two"],
    ["--limit", "soon"],
    ["/no/such/directory", "--home", "/no/such/home", "--skep", process.execPath],
    ["--skep", "/no/such/skep"],
  ];
  for (const words of bad) {
    const child = Bun.spawn([process.execPath, join(programs, "run.ts"), ...words], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const said = await child.stderr.text();
    expect({ words, code: await child.exited }).toEqual({ words, code: 2 });
    expect(said).toContain("usage: run.ts [DIR]");
    expect(said).not.toContain("    at ");
    expect(await child.stdout.text()).toBe("");
  }
});
