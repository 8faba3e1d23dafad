import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { confirmed } from "../../src/cli/confirm.ts";
import type { Context } from "../../src/cli/context.ts";
import { lacks } from "../helpers/programs.ts";
import { newSkep } from "../helpers/skep.ts";
import { tempDir } from "../helpers/temp-dir.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

test("where nobody can be asked nothing is asked, and the refusal says what to write", async () => {
  const context = { quiet: false, say: () => expect.unreachable() } as unknown as Context;
  await expect(confirmed({ ...context, quiet: true }, "go on?")).rejects.toMatchObject({
    code: "E_USAGE",
    message: "nobody is there to ask: go on?",
    hint: "Write --yes if you are sure.",
  });
});

describe.skipIf(lacks("script"))("on a terminal (wants script)", () => {
  const program = join(import.meta.dir, "..", "..", "bin", "skep.ts");

  /** What `skep purge a1` shows to somebody who types `answer`, and what is left in a1 then. */
  async function purgeAnswered(answer: string, end?: NodeJS.Signals) {
    const env = { SKEP_HOME: join(tempDir(), "home") };
    const skep = newSkep();
    await skep(["send", "a1", "x"], "", env);
    const { PATH = "", HOME = "" } = process.env;
    const child = Bun.spawn(
      ["script", "-qec", `${process.execPath} ${program} purge a1`, "/dev/null"],
      { stdin: "pipe", stdout: "pipe", env: { PATH, HOME, ...env } },
    );
    let shown = "";
    // The line and its end come one after the other, and what is typed in between would be seen there.
    const isAsked = () => shown.includes("[y/N]\r\n");
    for await (const chunk of child.stdout) {
      const asked = isAsked();
      shown += Buffer.from(chunk).toString();
      // Not before it is asked, as a person would.
      if (asked || !isAsked()) continue;
      if (end !== undefined) await child.stdin.write("\u0003");
      else await child.stdin.write(answer);
      await child.stdin.flush();
    }
    const status = await child.exited;
    const left = (await skep(["peek", "a1"], "", env)).stdout.split("\n").length - 1;
    return { status, shown: shown.replaceAll("\r", ""), left };
  }

  test("yes is yes, in one letter or three", async () => {
    for (const answer of ["y\n", "YES\n"]) {
      const { status, shown, left } = await purgeAnswered(answer);
      expect([answer, status, left]).toEqual([answer, 0, 0]);
      expect(shown).toStartWith("end 1 delivery of a1 for good? [y/N]\n");
      expect(shown).toContain('{"inbox":"a1","purged":1,');
    }
  });

  test("anything else is no, and so is the end of what is typed", async () => {
    for (const answer of ["\n", "n\n", "yes please\n", "\u0004"]) {
      const { status, shown, left } = await purgeAnswered(answer);
      expect([answer, status, left]).toEqual([answer, 0, 1]);
      expect(shown).toContain("nothing was purged");
    }
  });

  test("Ctrl-C ends it", async () => {
    expect(await purgeAnswered("", "SIGINT")).toMatchObject({ status: 130, left: 1 });
  });
});
