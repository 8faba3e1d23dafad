// A user whom the system does not know by name, with no environment: whoever a container runs as.
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { run } from "../agents/swarm-place.ts";
import { skepExecutable } from "../helpers/executable.ts";
import { lacks } from "../helpers/programs.ts";
import { tempDir } from "../helpers/temp-dir.ts";

setDefaultTimeout(240_000);
const stranger = 54_321;

test.skipIf(process.getuid?.() !== 0 || lacks("setpriv"))(
  "one that has no name and no HOME can work, and is told what goes wrong (wants root and setpriv)",
  async () => {
    const directory = tempDir();
    chmodSync(directory, 0o755);
    const own = join(directory, "own");
    mkdirSync(own);
    chownSync(own, stranger, stranger);
    const user = [`--reuid=${stranger}`, `--regid=${stranger}`, "--clear-groups"];
    const before = ["setpriv", ...user, "env", "-i", await skepExecutable()];
    const skep = (words: string[], cwd = own) => run([...before, ...words], cwd, {}).ended;
    expect((await skep(["version"])).stdout).toStartWith("skep ");
    expect(await skep(["init"])).toMatchObject({ status: 0 });
    expect((await skep(["send", "a", "x"])).stdout).toBe('{"id":1,"to":"a","created":true}\n');
    expect((await skep(["recv", "b"])).status).toBe(3);
    const closed = await skep(["init"], directory);
    expect([closed.status, closed.stdout]).toEqual([7, ""]);
    expect(closed.stderr).toContain("cannot be created or written (EACCES)");
    // And one that meets a home of somebody else hears of that first.
    const home = join(directory, "theirs");
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, "skep.toml"), '[bus]\nlease = "31s"\n');
    const foreign = await skep(["inboxes", "--home", home]);
    expect([foreign.status, foreign.stdout]).toEqual([7, ""]);
    expect(foreign.stderr).toContain(`belongs to another user (uid 0, and you are ${stranger})`);
  },
);
